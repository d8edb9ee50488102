import time
from pathlib import Path

import pytest

from scripts.path_ids import path_given, path_of
from stats_core.clock import instant_ms, utc_now
from stats_core.history.present import FRESH_SECONDS
from stats_core.history.reader import HistoryReader
from stats_core.insights import STATISTICS, answered
from tests.api.server import ApiServer, problem

QUESTIONS: list[dict[str, str]] = [
    {},
    {"start": "2025-01-01", "end": "2025-07-01"},
    {"tz": "Pacific/Chatham", "min_ms": "0", "kinds": "track,episode,chapter,unknown", "private": "include"},
    {"start": "2025-03-01T00:00:00+01:00", "private": "only"},
]
OWN: dict[str, dict[str, str]] = {
    "timeline": {"bucket": "week", "measure": "skip_rate", "window": "4"},
    "sessions": {"gap": "60", "limit": "3", "offset": "2"},
    "streaks": {"of": "artists", "limit": "3", "offset": "2"},
    "days-without-music": {"limit": "3", "period": "2025"},
    "plays": {"limit": "7"},
    "explanation": {"of": "artists", "limit": "7"},
    "coverage": {"period": "2025", "limit": "3"},
    "discoveries": {"of": "artists", "sort": "ms", "period": "2025"},
    "movers": {"of": "recordings", "by": "ms", "period": "2025-03"},
    "adoptions": {"n": "3", "offset": "1"},
    "eddington": {"by": "ms"},
    **{name: {"by": "ms", "limit": "3", "offset": "2"} for name in STATISTICS if name.startswith("top/")},
}


@pytest.mark.parametrize("name", STATISTICS)
def test_an_answer_is_the_very_bytes_of_the_core(server: ApiServer, name: str) -> None:
    heard = HistoryReader(server.store, 10**9).read("ada")
    in_path = path_given(name, heard, now=instant_ms(utc_now()))
    for question in [*QUESTIONS, OWN.get(name, {})]:
        answer = server.client("ada").get(f"/v1/listeners/ada/{path_of(name, in_path)}", params=question)
        assert answer.status_code == 200, answer.text
        assert answer.content == answered(name, heard, {**question, **in_path}, now=instant_ms(utc_now())).json
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_entry_that_was_never_played_is_not_explained(server: ApiServer) -> None:
    given = {"of": "albums", "id": "0" * 22}
    problem(server.client("ada").get("/v1/listeners/ada/explanation", params=given), 404, "unknown-entry")
    problem(
        server.client("ada").get("/v1/listeners/ada/explanation", params={"id": "0" * 22}), 400, "invalid-parameter"
    )


@pytest.mark.parametrize("name", STATISTICS)
def test_a_listener_without_plays_has_answers_too(server: ApiServer, name: str) -> None:
    answer = server.client("bob").get(f"/v1/listeners/bob/{path_of(name, {'id': '0' * 22})}")
    if STATISTICS[name].path_parameters:
        problem(answer, 404, "unknown-entry")
    else:
        assert answer.status_code == 200


@pytest.mark.parametrize("measure", ["", "items"])
def test_points_with_and_without_a_value_are_lines_of_csv(server: ApiServer, measure: str) -> None:
    given = {"format": "csv", **({"measure": measure} if measure else {})}
    header, *lines = server.client("ada").get("/v1/listeners/ada/timeline", params=given).text.splitlines()
    assert header == "start,plays,ms,partial,value"
    assert lines
    assert all(bool(line.rpartition(",")[2]) == bool(measure) for line in lines)


@pytest.mark.parametrize("name", STATISTICS)
def test_head_is_get_without_its_body(server: ApiServer, name: str) -> None:
    client = server.client("ada")
    heard = HistoryReader(server.store, 10**9).read("ada")
    path = f"/v1/listeners/ada/{path_of(name, path_given(name, heard, now=instant_ms(utc_now())))}"
    whole, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]


@pytest.mark.parametrize(
    ("path", "query", "parameter", "value"),
    [
        ("summary", "limt=3", "limt", "3"),
        ("summary", "limit=3", "limit", "3"),
        ("top/tracks", "limit=1000", "limit", "1000"),
        ("top/tracks", "limit=", "limit", ""),
        ("top/tracks", "limit=3&limit=4", "limit", "4"),
        ("top/artists", "by=fame", "by", "fame"),
        ("clock", "tz=Mars/Olympus", "tz", "Mars/Olympus"),
        ("clock", "private=maybe", "private", "maybe"),
        ("timeline", "bucket=minute", "bucket", "minute"),
        ("timeline", "kinds=track,film", "kinds", "track,film"),
        ("plays", "cursor=nonsense", "cursor", "nonsense"),
        ("plays", "min_ms=%FF%00", "min_ms", "\ufffd\x00"),
        ("plays", "start=yesterday", "start", "yesterday"),
        ("search", "q=" + "x" * 201, "q", "x" * 200 + "…"),
        ("tracks/nonsense", "", "id", "nonsense"),
        ("tracks/" + "0" * 22, "id=" + "0" * 22, "id", "0" * 22),
    ],
)
def test_a_wrong_parameter_is_named_with_what_is_allowed(
    server: ApiServer, path: str, query: str, parameter: str, value: str
) -> None:
    body = problem(server.client("ada").get(f"/v1/listeners/ada/{path}?{query}"), 400, "invalid-parameter")
    assert (body["parameter"], body["value"]) == (parameter, value)
    assert body["allowed"]
    assert body["allowed"] in body["detail"]


def test_a_long_value_is_quoted_in_part(server: ApiServer) -> None:
    answer = server.client("ada").get("/v1/listeners/ada/summary", params={"tz": "x" * 5_000})
    assert len(problem(answer, 400, "invalid-parameter")["value"]) < 250


def test_too_many_points_are_refused(server: ApiServer) -> None:
    query = {"bucket": "hour", "start": "2000-01-01", "end": "2020-01-01"}
    problem(server.client("ada").get("/v1/listeners/ada/timeline", params=query), 400, "invalid-parameter")


def test_plays_can_be_paged_to_the_last(server: ApiServer) -> None:
    client, query = server.client("ada"), {"limit": "500", "min_ms": "0"}
    total = client.get("/v1/listeners/ada/summary", params={"min_ms": "0"}).json()["plays"]
    seen: list[str] = []
    while True:
        page = client.get("/v1/listeners/ada/plays", params=query).json()
        seen += [play["id"] for play in page["plays"]]
        if page["cursor"] is None:
            break
        query["cursor"] = page["cursor"]
    assert len(seen) == len(set(seen)) == total


def test_what_another_process_imports_is_seen_within_50_ms(server: ApiServer, fresh: str, later_export: Path) -> None:
    client = server.client(fresh)
    assert client.get(f"/v1/listeners/{fresh}/summary").json()["plays"] == 0
    server.bring(fresh, later_export)
    time.sleep(FRESH_SECONDS)
    assert client.get(f"/v1/listeners/{fresh}/summary").json()["plays"] > 0


def test_changed_settings_hold_in_the_very_next_answer(server: ApiServer, fresh: str, later_export: Path) -> None:
    server.bring(fresh, later_export)
    client, path = server.client(fresh), f"/v1/listeners/{fresh}/summary"
    before = client.get(path).json()
    client.patch(f"/v1/listeners/{fresh}", json={"timezone": "Asia/Tokyo", "rule": {"min_ms": 0}})
    after = client.get(path).json()
    assert after["period"]["timezone"] == "Asia/Tokyo"
    assert after["rule"]["min_ms"] == 0
    assert after["plays"] > before["plays"]
