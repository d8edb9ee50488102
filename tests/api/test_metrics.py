"""What Prometheus reads: every request of every process, by route, method, status and cache, and how long it took."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

import stats_api
from tests.api.server import ApiServer

ROUTE = "/v1/listeners/{user}/summary"


def _samples(server: ApiServer) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = server.client("admin").get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def _counted(server: ApiServer, name: str, **labels: str) -> float:
    wanted = set(labels.items())
    return sum(value for (found, own), value in _samples(server).items() if found == name and wanted <= own)


def test_every_request_is_counted(server: ApiServer) -> None:
    asked = [
        ("GET", 200, "miss"), ("GET", 200, "hit"), ("HEAD", 200, "hit"), ("GET", 304, "hit"), ("GET", 400, "none"),
        ("OPTIONS", 204, "none"),
    ]  # fmt: skip
    own, path = server.client("ada"), "/v1/listeners/ada/summary"
    server.client("admin").delete("/v1/cache")
    before = _samples(server)
    own.get(path)
    own.get(path)
    own.head(path)
    own.get(path, headers={"If-None-Match": "*"})
    own.get(f"{path}?colour=red")
    own.options(path)
    after = _samples(server)
    for method, status, cache in asked:
        labels = {"route": ROUTE, "method": method, "status": str(status), "cache": cache}
        key = ("stats_requests_total", frozenset(labels.items()))
        assert after[key] - before.get(key, 0) == 1, labels
    key = ("stats_request_seconds_count", frozenset({("route", ROUTE)}))
    assert after[key] - before.get(key, 0) == len(asked)


def test_seconds_fall_into_buckets(server: ApiServer) -> None:
    for _ in range(3):
        server.client("ada").get("/v1/listeners/ada/summary")
    samples = _samples(server)
    buckets = {
        float(dict(labels)["le"]): value
        for (name, labels), value in samples.items()
        if name == "stats_request_seconds_bucket" and ("route", ROUTE) in labels
    }
    counts = [buckets[bound] for bound in sorted(buckets)]
    assert counts == sorted(counts)
    assert counts[-1] == _counted(server, "stats_request_seconds_count", route=ROUTE)
    assert 0 < _counted(server, "stats_request_seconds_sum", route=ROUTE) < 600


def test_the_cache_and_histories_are_told(server: ApiServer) -> None:
    server.client("ada").get("/v1/listeners/ada/summary")
    kept = server.client("admin").get("/v1/cache").json()
    assert _counted(server, "stats_cache_entries") == kept["entries"] > 0
    assert _counted(server, "stats_cache_bytes") == kept["bytes"] > 0
    assert _counted(server, "stats_cache_lookups_total", result="hit") == kept["hits"]
    assert _counted(server, "stats_cache_lookups_total", result="miss") == kept["misses"] > 0
    assert _counted(server, "stats_history_bytes") > 1_000
    assert _counted(server, "stats_computing_waiting") == 0
    assert _counted(server, "stats_computing_refused_total") == 0


def test_every_metric_is_in_the_documentation(server: ApiServer) -> None:
    families = text_string_to_metric_families(server.client("admin").get("/metrics").text)
    told = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    table = (Path(stats_api.__file__).parents[1] / "docs/operating.md").read_text()
    assert told == set(re.findall(r"`(stats_\w+)`", table))


def test_no_label_holds_what_somebody_wrote(server: ApiServer) -> None:
    server.client("ada").get("/v1/listeners/S3CRET/summary?S3CRET=S3CRET")
    server.client("ada").get("/S3CRET")
    server.client("ada").request("S3CRET", "/v1/listeners/ada/summary")
    text = server.client("admin").get("/metrics").text
    assert "S3CRET" not in text
    assert 'method="other"' in text
    assert not re.search(r'route="[^"]*ada', text)


def test_only_an_admin_reads_them(server: ApiServer) -> None:
    assert server.client("ada").get("/metrics").status_code == 403
    assert server.client().get("/metrics").status_code == 401
