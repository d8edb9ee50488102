"""What every request passes: its id, which pages may ask, what is logged."""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from stats_core.store.port import Store
from tests.api.inside import Inside
from tests.api.server import ApiServer, problem

HOME = "https://home.example"
PATHS = ["/v1/listeners/ada/summary", "/v1/listeners", "/nope", "/schema"]
FIELDS = [
    "at", "level", "event", "process", "method", "route", "listener", "status", "ms", "cache", "request_id",
]  # fmt: skip


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A service that pages of one origin may ask."""
    folder = tmp_path_factory.mktemp("open")
    with ApiServer(folder, f"sqlite:///{folder}/stats.db", cors_origins=f"{HOME}, http://localhost:3000") as running:
        running.make("ada")
        yield running


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("given", ["a", "A-1_b.2", "x" * 64])
def test_a_request_keeps_its_id(server: ApiServer, path: str, given: str) -> None:
    for _ in range(2):
        assert server.client("ada").get(path, headers={"X-Request-ID": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("given", [None, "", "x" * 65, "a b", "ä", "a\tb", "<script>"])
def test_a_request_without_a_fit_id_is_given_one(server: ApiServer, path: str, given: str | None) -> None:
    headers = {} if given is None else {"X-Request-ID": given.encode()}
    ids = [server.client("ada").get(path, headers=headers).headers["x-request-id"] for _ in range(2)]  # type: ignore[arg-type]
    assert all(re.fullmatch("[0-9a-f]{16}", each) for each in ids)
    assert ids[0] != ids[1]


@pytest.mark.parametrize("path", PATHS)
def test_no_page_may_ask_unless_it_is_named(server: ApiServer, open_server: ApiServer, path: str) -> None:
    for running, origin in ((server, HOME), (open_server, "https://elsewhere.example"), (open_server, f"{HOME}:81")):
        for _ in range(2):
            answer = running.client("ada").get(path, headers={"Origin": origin})
            assert not [name for name in answer.headers if name.startswith("access-control-")]
            assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", [HOME, "http://localhost:3000"])
def test_a_named_page_may_ask(open_server: ApiServer, path: str, origin: str) -> None:
    for key in ("ada", None):
        for _ in range(2):
            answer = open_server.client(key).get(path, headers={"Origin": origin})
            assert answer.headers["access-control-allow-origin"] == origin
            assert {"ETag", "X-Request-ID", "Retry-After"} <= set(
                answer.headers["access-control-expose-headers"].split(", ")
            )
            assert "access-control-allow-credentials" not in answer.headers


def test_a_browser_is_told_what_a_named_page_may_ask(open_server: ApiServer) -> None:
    asked = {
        "Origin": HOME,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = open_server.client().options("/v1/listeners/ada", headers=asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == HOME
    assert "PATCH" in answer.headers["access-control-allow-methods"].split(", ")
    assert {"Authorization", "If-None-Match"} <= set(answer.headers["access-control-allow-headers"].split(", "))
    refused = open_server.client().options(
        "/v1/listeners/ada", headers={**asked, "Origin": "https://elsewhere.example"}
    )
    assert not [name for name in refused.headers if name.startswith("access-control-")]


def test_any_page_may_ask_where_all_are_allowed(sqlite_store: Store, tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        running = Inside(runner, sqlite_store, tmp_path, cors_origins="*")
        answer = running.ask("/health/live", headers={"Origin": HOME})
    assert answer.headers["access-control-allow-origin"] == "*"


def test_every_request_is_a_line_of_the_same_shape(server: ApiServer) -> None:
    path, ids = "/v1/listeners/ada/summary", [uuid4().hex for _ in range(6)]
    headers = [{"X-Request-ID": each} for each in ids]
    server.client("admin").delete("/v1/cache")
    server.client("ada").get(path, headers=headers[0])
    server.client("ada").head(path, headers=headers[1])
    server.client("ada").get(path, headers={**headers[2], "If-None-Match": "*"})
    server.client("bob").get(path, headers=headers[3])
    server.client().get("/nope/S3CRET?S3CRET=S3CRET", headers=headers[4])
    server.client("admin").post("/v1/listeners", json={"user": "ada"}, headers=headers[5])
    lines = server.logged(*ids)
    assert [list(line) for line in lines] == [FIELDS] * 6
    route = "/v1/listeners/{user}/summary"
    assert [tuple(line[name] for name in ("method", "route", "listener", "status", "cache")) for line in lines] == [
        ("GET", route, "ada", 200, "miss"),
        ("HEAD", route, "ada", 200, "hit"),
        ("GET", route, "ada", 304, "hit"),
        ("GET", route, None, 403, "none"),
        ("GET", "(no route)", None, 404, "none"),
        ("POST", "/v1/listeners", None, 409, "none"),
    ]
    assert all(0 < line["ms"] < 60_000 for line in lines)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["at"]) for line in lines)
    assert "S3CRET" not in server.log.read_text() + "".join(map(json.dumps, lines))


def test_only_what_is_kept_is_left_to_the_file(server: ApiServer) -> None:
    ids = [uuid4().hex for _ in range(2)]
    server.client("admin").delete("/v1/cache")
    for each in ids:
        server.client("ada").get("/v1/listeners/ada/clock", headers={"X-Request-ID": each})
    server.logged(*ids)
    console = server.log.read_text()
    assert ids[0] in console
    assert ids[1] not in console


def test_a_full_log_makes_room_and_loses_no_line(sqlite_uri: str, tmp_path: Path) -> None:
    with ApiServer(tmp_path, sqlite_uri, log_file_mb=1, log_files=3, rate_limit=0) as running:
        running.make("ada")
        client, ids = running.client("ada"), []
        for number in range(6_000):
            ids.append(f"{number:064}")
            client.get("/v1/listeners/ada/summary", headers={"X-Request-ID": ids[-1]})
        assert len(running.logged(*ids)) == 6_000
        files = sorted(running.settings.log_dir.iterdir())
    assert [file.name for file in files] == ["api-1.log", "api-1.log.1"]
    assert all(file.stat().st_size <= 1_000_000 for file in files)


def test_only_what_went_wrong_is_logged_where_that_is_wanted(sqlite_uri: str, tmp_path: Path) -> None:
    with ApiServer(tmp_path, sqlite_uri, log_level="error") as running:
        running.make("ada")
        for _ in range(3):
            running.client("ada").get("/v1/listeners/ada/summary")
        time.sleep(0.5)
        assert all(file.stat().st_size == 0 for file in running.settings.log_dir.iterdir())
        assert "request" not in running.log.read_text()


def test_what_is_logged_at_the_end_is_written(sqlite_uri: str, tmp_path: Path) -> None:
    with ApiServer(tmp_path, sqlite_uri) as running:
        running.make("ada")
        each = uuid4().hex
        running.client("ada").get("/v1/listeners/ada/summary", headers={"X-Request-ID": each})
        running.client("ada").get("/v1/listeners/ada/summary", headers={"X-Request-ID": each})
        assert running.stop() == 0
        assert (running.settings.log_dir / "api-1.log").read_text().count(each) == 2


def test_a_key_with_more_than_one_header_is_none(server: ApiServer) -> None:
    key = server.keys["ada"]
    headers = [("Authorization", f"Bearer {key}"), ("Authorization", f"Bearer {key}")]
    problem(server.client().get("/v1/listeners/ada/summary", headers=headers), 401, "no-access")
