from pathlib import Path
from typing import Any

import pytest

from stats_core.history.marks import clear_mark, marked_months
from stats_core.store import collections
from stats_core.store.port import Query
from tests.api.server import ApiServer, problem


def test_making_a_listener_makes_their_folder_and_shows_a_key_once(server: ApiServer) -> None:
    answer = server.client("admin").post(
        "/v1/listeners", json={"user": "carol", "timezone": "Asia/Kathmandu", "rule": {"kinds": ["episode", "track"]}}
    )
    assert answer.status_code == 201
    assert answer.headers["location"] == "/v1/listeners/carol"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    key = body.pop("key")
    assert len(key) == 43
    assert (server.settings.inbox_dir / "carol").is_dir()
    assert body == server.client(key).get("/v1/listeners/carol").json()
    assert body["timezone"] == "Asia/Kathmandu"
    assert body["rule"] == {"min_ms": 30_000, "private": "exclude", "kinds": ["track", "episode"]}
    stored = [each for each in server.store.find(collections.access_keys) if each.listeners == ["carol"]]
    assert [each.scopes for each in stored] == [["read", "write"]]
    assert key not in repr(stored)


def test_a_listener_starts_in_the_default_zone(server: ApiServer, fresh: str) -> None:
    assert server.client(fresh).get(f"/v1/listeners/{fresh}").json()["timezone"] == "Europe/Berlin"


def test_a_name_is_given_once(server: ApiServer) -> None:
    before = server.client("ada").get("/v1/listeners/ada").json()
    problem(
        server.client("admin").post("/v1/listeners", json={"user": "ada", "timezone": "UTC"}), 409, "listener-exists"
    )
    assert server.client("ada").get("/v1/listeners/ada").json() == before


@pytest.mark.parametrize(
    ("body", "name", "parameter"),
    [
        (b"", "invalid-body", None),
        (b"{", "invalid-body", None),
        (b"\xff", "invalid-body", None),
        (b"[]", "invalid-body", "body"),
        (b"{}", "invalid-body", "body"),
        (b'{"user": 5}', "invalid-body", "user"),
        (b'{"user": "dave", "colour": "red"}', "invalid-body", "body"),
        (b'{"user": "dave", "rule": {"min_ms": "30000"}}', "invalid-body", "rule.min_ms"),
        (b'{"user": "dave", "rule": {"min_ms": -1}}', "invalid-body", "rule.min_ms"),
        (b'{"user": "dave", "rule": {"min_ms": 86400001}}', "invalid-body", "rule.min_ms"),
        (b'{"user": "dave", "rule": {"kinds": []}}', "invalid-body", "rule.kinds"),
        (b'{"user": "dave", "rule": {"kinds": ["film"]}}', "invalid-body", "rule.kinds[0]"),
        (b'{"user": "dave", "rule": {"private": "never"}}', "invalid-body", "rule.private"),
        (b'{"user": "dave", "timezone": "Mars/Olympus"}', "invalid-parameter", "timezone"),
        (b'{"user": "Dave"}', "invalid-parameter", "user"),
        (b'{"user": "../dave"}', "invalid-parameter", "user"),
        (b'{"user": ""}', "invalid-parameter", "user"),
    ],
)
def test_a_wrong_body_is_told_and_makes_nobody(
    server: ApiServer, body: bytes, name: str, parameter: str | None
) -> None:
    answer = server.client("admin").post("/v1/listeners", content=body)
    assert problem(answer, 400, name).get("parameter") == parameter
    problem(server.client("admin").get("/v1/listeners/dave"), 404, "unknown-listener")


def test_a_body_is_not_read_for_ever(server: ApiServer) -> None:
    for _ in range(3):
        answer = server.client("admin").post("/v1/listeners", content=b" " * 100_000)
        problem(answer, 413, "too-large")
        assert answer.headers["connection"] == "close"


def test_the_list_holds_whom_a_key_opens(server: ApiServer) -> None:
    every = [each["user"] for each in server.client("admin").get("/v1/listeners").json()["listeners"]]
    assert {"ada", "bob"} <= set(every)
    assert every == sorted(every)
    assert [each["user"] for each in server.client("bob").get("/v1/listeners").json()["listeners"]] == ["bob"]


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"timezone": "UTC"}, {"timezone": "UTC"}),
        ({"rule": {"min_ms": 5}}, {"rule": {"min_ms": 5, "private": "exclude", "kinds": None}}),
        ({"rule": {"private": "only"}}, {"rule": {"min_ms": 30_000, "private": "only", "kinds": None}}),
        ({"rule": {"kinds": ["chapter"]}}, {"rule": {"min_ms": 30_000, "private": "exclude", "kinds": ["chapter"]}}),
    ],
)
def test_a_change_sets_what_it_names_and_leaves_the_rest(
    server: ApiServer, fresh: str, change: dict[str, Any], changed: dict[str, Any]
) -> None:
    client, path = server.client(fresh), f"/v1/listeners/{fresh}"
    before = client.get(path).json()
    answer = client.patch(path, json=change)
    assert answer.status_code == 200
    assert answer.json() == {**before, **changed, "revision": before["revision"] + 1} == client.get(path).json()


def test_kinds_can_be_taken_back(server: ApiServer, fresh: str) -> None:
    client, path = server.client(fresh), f"/v1/listeners/{fresh}"
    client.patch(path, json={"rule": {"kinds": ["episode"]}})
    assert client.patch(path, json={"rule": {"kinds": None}}).json()["rule"]["kinds"] is None


def test_a_change_marks_every_month_and_none_marks_nothing(server: ApiServer, fresh: str, later_export: Path) -> None:
    server.bring(fresh, later_export)
    months = set(marked_months(server.store, fresh))
    for mark in marked_months(server.store, fresh).values():
        clear_mark(server.store, mark)
    client, path = server.client(fresh), f"/v1/listeners/{fresh}"
    revision = client.patch(path, json={}).json()["revision"]
    assert client.patch(path, json={"timezone": "Europe/Berlin"}).json()["revision"] == revision
    assert not marked_months(server.store, fresh)
    assert client.patch(path, json={"timezone": "UTC"}).json()["revision"] == revision + 1
    assert set(marked_months(server.store, fresh)) == months


@pytest.mark.parametrize("body", [b'{"user": "x"}', b'{"timezone": "Nowhere"}', b'{"timezone": null}', b"null"])
def test_a_wrong_change_changes_nothing(server: ApiServer, fresh: str, body: bytes) -> None:
    client, path = server.client(fresh), f"/v1/listeners/{fresh}"
    before = client.get(path).json()
    assert client.patch(path, content=body).status_code == 400
    assert client.get(path).json() == before


def test_deleting_removes_everything_and_the_key_with_it(server: ApiServer, fresh: str, later_export: Path) -> None:
    server.bring(fresh, later_export)
    admin, own, path = server.client("admin"), server.client(fresh), f"/v1/listeners/{fresh}"
    assert own.get(f"{path}/summary").json()["plays"] > 0
    answer = admin.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    problem(own.get(f"{path}/summary"), 401, "no-access")
    for rest in ("", "/summary", "/plays", "/imports"):
        problem(admin.get(path + rest), 404, "unknown-listener")
    problem(admin.delete(path), 404, "unknown-listener")
    assert not server.store.count(collections.plays, Query(equal={"user": fresh}))
    assert not (server.settings.archive_dir / fresh).exists()
    server.make(fresh)
    assert server.client(fresh).get(f"{path}/summary").json()["plays"] == 0
