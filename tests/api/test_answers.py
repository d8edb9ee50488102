"""An answer that was given before goes out again as it was, through the same door, for as long as it is true."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from stats_core.documents.listeners import Listener
from stats_core.history.present import FRESH_SECONDS
from stats_core.insights import STATISTICS
from stats_core.store import collections
from stats_core.store.revisions import raise_revision
from tests.api.questions import asked_of
from tests.api.server import ApiServer, problem

SPELLINGS: list[tuple[str, dict[str, str]]] = [
    ("GET", {}),
    ("HEAD", {}),
    ("GET", {"If-None-Match": "*"}),
    ("HEAD", {"If-None-Match": "*"}),
    ("GET", {"If-None-Match": '"another"'}),
    *(("GET", {"Accept-Encoding": coding}) for coding in ("br", "zstd", "gzip", "identity", "gzip;q=0.5, br;q=0.1")),
    ("GET", {"Origin": "https://home.example"}),
    ("GET", {"Origin": "https://elsewhere.example"}),
    ("GET", {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}),
]
LISTED: list[tuple[str, dict[str, str]]] = [
    ("GET", {"Accept": "text/csv"}),
    ("GET", {"Accept": "application/x-ndjson", "Accept-Encoding": "gzip"}),
    ("HEAD", {"Accept": "text/csv;q=0.9, application/json;q=0.1", "Accept-Encoding": "br"}),
]


def _told(answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    """Everything that an answer says but when, and to which request."""
    headers = {name: value for name, value in answer.headers.items() if name not in {"date", "x-request-id"}}
    return answer.status_code, headers, answer.content


@pytest.mark.parametrize("name", STATISTICS)
def test_a_hit_says_what_its_miss_said(server: ApiServer, name: str) -> None:
    client, path = server.client("ada"), asked_of(server, name)
    logged: list[str] = []
    spellings = SPELLINGS + (LISTED if STATISTICS[name].listed else [])
    for method, headers in spellings:
        server.client("admin").delete("/v1/cache")
        ids = [uuid4().hex for _ in range(3)]
        answers = [client.request(method, path, headers={**headers, "X-Request-ID": each}) for each in ids]
        assert [answer.headers["x-request-id"] for answer in answers] == ids
        assert answers[0].status_code == (304 if headers.get("If-None-Match") == "*" else 200)
        assert _told(answers[0]) == _told(answers[1]) == _told(answers[2])
        logged += ids
    assert [line["cache"] for line in server.logged(*logged)] == ["miss", "hit", "hit"] * len(spellings)


@pytest.mark.parametrize(
    ("who", "query", "headers", "status"),
    [
        ("ada", "?colour=red", {}, 400),
        ("ada", "?period=never", {}, 400),
        ("ada", "?start=2025-01-02&end=2025-01-01", {}, 400),
        ("ada", "", {"Accept": "image/png"}, 406),
        ("bob", "", {}, 403),
        (None, "", {}, 401),
        ("x" * 43, "", {}, 401),
    ],
)
def test_an_error_is_never_kept(
    server: ApiServer, who: str | None, query: str, headers: dict[str, str], status: int
) -> None:
    path = f"/v1/listeners/ada/summary{query}"
    server.client("admin").delete("/v1/cache")
    server.client("ada").get("/v1/listeners/ada/summary")
    first, second = (server.client(who).get(path, headers=headers) for _ in range(2))
    assert first.status_code == status
    assert _told(first) == _told(second)
    assert first.headers["cache-control"] == "no-store"
    assert "etag" not in first.headers
    assert server.client("admin").get("/v1/cache").json()["entries"] == 1


def test_a_key_that_may_not_never_gets_what_another_was_given(server: ApiServer, fresh: str) -> None:
    path = f"/v1/listeners/{fresh}/summary"
    for _ in range(2):
        assert server.client(fresh).get(path).status_code == 200
    problem(server.client("bob").get(path), 403, "outside-key")
    problem(server.client().get(path), 401, "no-access")
    problem(server.client(fresh).post(path), 405, "wrong-method")


def test_equal_questions_have_one_answer_however_they_are_spelt(server: ApiServer) -> None:
    client = server.client("ada")
    server.client("admin").delete("/v1/cache")
    spellings = [
        "",
        "?limit=20&by=plays",
        "?by=plays&limit=20",
        "?offset=0",
        "?by=%70lays",
        "?completed=false&format=json",
    ]
    answers = [client.get(f"/v1/listeners/ada/top/tracks{spelling}") for spelling in spellings]
    assert len({(answer.headers["etag"], answer.content) for answer in answers}) == 1
    assert server.client("admin").get("/v1/cache").json()["entries"] == 1


def test_what_has_not_changed_is_not_sent_again(server: ApiServer) -> None:
    client, path = server.client("ada"), "/v1/listeners/ada/top/artists"
    tag = client.get(path).headers["etag"]
    assert tag.startswith('"')
    for given in (tag, f"W/{tag}", f'"x,y", {tag}', "*"):
        answer = client.get(path, headers={"If-None-Match": given})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
        assert answer.headers["vary"] == "Authorization, Accept, Accept-Encoding, Origin"
        assert answer.headers["cache-control"] == "private, no-cache"
        assert "content-type" not in answer.headers
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_each_coding_and_format_has_a_tag_of_its_own(server: ApiServer) -> None:
    client, path = server.client("ada"), "/v1/listeners/ada/timeline?bucket=day"
    ways = [{"Accept-Encoding": coding} for coding in ("identity", "br", "zstd", "gzip")]
    ways += [{"Accept": media, "Accept-Encoding": "identity"} for media in ("text/csv", "application/x-ndjson")]
    answers = [client.get(path, headers=way) for way in ways]
    assert len({answer.headers["etag"] for answer in answers}) == len(ways)
    assert len({answer.text for answer in answers}) == 3


def test_the_very_next_answer_after_a_change_is_another(server: ApiServer, fresh: str, later_export: Path) -> None:
    client, path = server.client(fresh), f"/v1/listeners/{fresh}"
    before = [client.get(f"{path}/summary") for _ in range(2)][1]
    client.patch(path, json={"timezone": "Asia/Tokyo"})
    after = client.get(f"{path}/summary")
    assert after.json()["period"]["timezone"] == "Asia/Tokyo"
    assert after.headers["etag"] != before.headers["etag"]
    assert client.get(f"{path}/summary", headers={"If-None-Match": before.headers["etag"]}).status_code == 200


def test_what_another_process_changed_is_seen_within_50_ms(server: ApiServer, fresh: str) -> None:
    client, path = server.client(fresh), f"/v1/listeners/{fresh}/summary"
    for zone in ("Asia/Tokyo", "Asia/Kathmandu", "Europe/Paris"):
        for _ in range(3):
            client.get(path)
        listener = server.store.get(collections.listeners, fresh)
        assert listener is not None
        changed = Listener(id=fresh, created_at=listener.created_at, timezone=zone, revision=listener.revision + 1)
        assert server.store.replace(collections.listeners, changed, listener.revision)
        time.sleep(FRESH_SECONDS)
        assert client.get(path).json()["period"]["timezone"] == zone


def test_a_listener_made_anew_is_never_answered_with_the_old_ones_plays(
    server: ApiServer, fresh: str, later_export: Path
) -> None:
    server.bring(fresh, later_export)
    path = f"/v1/listeners/{fresh}/summary"
    for _ in range(2):
        assert server.client("admin").get(path).json()["plays"] > 0
    server.client("admin").delete(f"/v1/listeners/{fresh}")
    problem(server.client("admin").get(path), 404, "unknown-listener")
    server.make(fresh)
    assert server.client(fresh).get(path).json()["plays"] == 0


def test_what_the_catalogue_changed_is_answered_anew(server: ApiServer) -> None:
    client, path, ids = server.client("ada"), "/v1/listeners/ada/top/tracks", [uuid4().hex for _ in range(3)]
    client.get(path)
    for each in ids:
        client.get(path, headers={"X-Request-ID": each})
        if each == ids[0]:
            raise_revision(server.store, "catalogue")
            time.sleep(FRESH_SECONDS)
    assert [line["cache"] for line in server.logged(*ids)] == ["hit", "miss", "hit"]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, export: Path) -> Iterator[ApiServer]:
    """Two processes over SQLite, with `ada`."""
    folder = tmp_path_factory.mktemp("pair")
    with ApiServer(folder, f"sqlite:///{folder}/stats.db", api_processes=2) as running:
        running.make("ada", timezone="Europe/Berlin")
        running.bring("ada", export)
        yield running


def asked_of_both(pair: ApiServer, path: str, **headers: str) -> dict[int, httpx.Response]:
    """The answer of each process: which one takes a connection is for the system to say."""
    answers: dict[int, httpx.Response] = {}
    while len(answers) < 2:
        each = uuid4().hex
        answer = httpx.get(
            pair.address + path,
            headers={"Authorization": f"Bearer {pair.keys['ada']}", "X-Request-ID": each, **headers},
        )
        answers[pair.logged(each)[0]["process"]] = answer
    return answers


def _kept(pair: ApiServer) -> dict[str, Any]:
    kept: dict[str, Any] = pair.client("admin").get("/v1/cache").json()
    return kept


def test_each_process_tells_of_all_and_clears_all(pair: ApiServer) -> None:
    answers = asked_of_both(pair, "/v1/listeners/ada/clock")
    assert answers[1].content == answers[2].content
    assert answers[1].headers["etag"] == answers[2].headers["etag"]
    kept = _kept(pair)
    assert [each["process"] for each in kept["processes"]] == [1, 2]
    assert all(each["entries"] > 0 and each["bytes"] > 1_000 for each in kept["processes"])
    for field in ("entries", "bytes", "hits", "misses"):
        assert kept[field] == sum(each[field] for each in kept["processes"])
    assert pair.client("admin").delete("/v1/cache").status_code == 204
    time.sleep(FRESH_SECONDS)
    asked_of_both(pair, "/v1/listeners/ada/summary")
    assert [each["entries"] for each in _kept(pair)["processes"]] == [1, 1]


def test_a_process_that_nobody_asks_clears_its_answers_within_two_seconds(pair: ApiServer) -> None:
    asked_of_both(pair, "/v1/listeners/ada/clock")
    assert pair.client("admin").delete("/v1/cache").status_code == 204
    patient_until = time.monotonic() + 2
    while _kept(pair)["entries"] and time.monotonic() < patient_until:
        time.sleep(0.05)
    assert _kept(pair)["entries"] == _kept(pair)["bytes"] == 0


def test_hits_and_misses_are_counted_in_every_process(pair: ApiServer) -> None:
    asked_of_both(pair, "/v1/listeners/ada/seasons")
    time.sleep(1.2)
    before = _kept(pair)
    asked_of_both(pair, "/v1/listeners/ada/seasons")
    time.sleep(1.2)
    after = _kept(pair)
    assert after["misses"] == before["misses"]
    assert all(now["hits"] > then["hits"] for now, then in zip(after["processes"], before["processes"], strict=True))
