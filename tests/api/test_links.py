"""Sharing links: what one names is open to whoever has it, and nothing else ever."""

import time
from typing import Any

import httpx
import pytest

from stats_api.operations import Operation
from stats_core.insights import STATISTICS
from tests.api.operations import OPERATIONS
from tests.api.server import ApiServer, path_of, problem

LINK = {"name": "For Bob", "statistics": ["summary", "plays"]}
ADA = "/v1/listeners/ada"


def made(server: ApiServer, user: str = "ada", key: str | None = None, **wanted: Any) -> dict[str, Any]:
    answer = server.client(key or user).post(f"/v1/listeners/{user}/links", json={**LINK, **wanted})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def shared(server: ApiServer, path: str, key: str, method: str = "GET", **query: str) -> httpx.Response:
    return server.client().request(method, path, params={"share": key, **query})


@pytest.fixture(scope="module")
def link(server: ApiServer) -> str:
    """A link's key to ada's summary and plays."""
    return str(made(server)["key"])


def test_a_link_is_shown_once_and_listed_as_a_key(server: ApiServer) -> None:
    period = {"start": "2024-01-01T00:00:00Z", "end": "2025-01-01T01:00:00+01:00"}
    answer = server.client("ada").post(f"{ADA}/links", json={**LINK, **period, "expires_at": "2100-01-01T00:00:00Z"})
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    key = body.pop("key")
    assert key.startswith("link_")
    assert body["link"] == {
        "statistics": ["plays", "summary"], "start": "2024-01-01T00:00:00Z", "end": "2025-01-01T00:00:00Z",
    }  # fmt: skip
    assert (body["listeners"], body["scopes"], body["expires_at"]) == (["ada"], ["read"], "2100-01-01T00:00:00Z")
    assert body in server.client("ada").get("/v1/keys").json()["keys"]
    assert server.client("ada").get(answer.headers["location"]).json() == body


@pytest.mark.parametrize(
    ("method", "path", "operation"), [each for each in OPERATIONS if each[2].opens != "anyone"],
    ids=lambda part: part.id if isinstance(part, Operation) else "",
)  # fmt: skip
def test_a_link_opens_what_it_names_and_nothing_else(
    server: ApiServer, link: str, method: str, path: str, operation: Operation
) -> None:
    path = path_of(path, "ada")
    named = operation.statistic in LINK["statistics"]
    for answer in (shared(server, path, link, method), server.client(link).request(method, path)):
        if named:
            assert answer.status_code == 200
        else:
            problem(answer, 403, "outside-key")


def test_a_link_opens_no_other_listener(server: ApiServer, link: str) -> None:
    details = {
        problem(shared(server, f"/v1/listeners/{user}/summary", link), 403, "outside-key")["detail"]
        for user in ("bob", "nobody", "NO-NAME")
    }
    assert len(details) == 1


def test_a_link_answers_what_its_maker_is_answered(server: ApiServer, link: str) -> None:
    query = {"min_ms": "0", "period": "all"}
    whole = server.client("ada").get(f"{ADA}/summary", params={**query, "private": "exclude"})
    answer = shared(server, f"{ADA}/summary", link, **query)
    assert answer.json() == whole.json()
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert shared(server, f"{ADA}/summary", link, "HEAD").status_code == 200


def test_its_key_is_no_parameter_of_a_statistic(server: ApiServer, link: str) -> None:
    for query in (f"share={link}&limit=1", f"limit=1&share={link}", f"limit=1&share={link}&min_ms=0"):
        assert len(server.client().get(f"{ADA}/plays?{query}").json()["plays"]) == 1
    assert server.client().get(f"{ADA}/plays?share={link.replace('_', '%5F')}&limit=1").status_code == 200
    answer = problem(shared(server, f"{ADA}/summary", link, colour="red"), 400, "invalid-parameter")
    assert (answer["parameter"], answer["instance"]) == ("colour", f"{ADA}/summary")
    assert link not in str(answer)


def test_private_plays_never_come_through_a_link(server: ApiServer, link: str) -> None:
    for private in ("include", "only"):
        assert server.client("ada").get(f"{ADA}/plays", params={"private": private}).json()["plays"]
        plays = shared(server, f"{ADA}/plays", link, private=private, limit="500", min_ms="0").json()["plays"]
        assert not any(play["private"] for play in plays)
    hidden = server.client("ada").get(f"{ADA}/summary", params={"private": "exclude", "min_ms": "0"}).json()["plays"]
    assert shared(server, f"{ADA}/summary", link, private="include", min_ms="0").json()["plays"] == hidden


def test_nothing_outside_the_period_is_there_for_a_link(server: ApiServer) -> None:
    plays = server.client("ada").get(f"{ADA}/plays", params={"limit": "500", "min_ms": "0"}).json()["plays"]
    start, end = plays[400]["start"], plays[100]["start"]
    within = [play["id"] for play in plays if start <= play["start"] < end]
    key = made(server, start=start, end=end)["key"]
    told = shared(server, f"{ADA}/plays", key, limit="500", min_ms="0").json()["plays"]
    assert [play["id"] for play in told] == within
    wider = shared(server, f"{ADA}/plays", key, limit="500", min_ms="0", start="2000-01-01", end="2100-01-01").json()
    assert [play["id"] for play in wider["plays"]] == within


def test_who_has_a_link_can_neither_see_nor_revoke_it(server: ApiServer) -> None:
    body = made(server)
    for method in ("GET", "DELETE"):
        problem(shared(server, f"/v1/keys/{body['id']}", body["key"], method), 403, "outside-key")
    assert server.client("ada").delete(f"/v1/keys/{body['id']}").status_code == 204
    problem(shared(server, f"{ADA}/summary", body["key"]), 401, "no-access")


def test_only_links_may_stand_in_an_address_and_one_key_at_a_time(server: ApiServer, link: str) -> None:
    for key in (server.keys["ada"], server.settings.admin_key_text(), "", "link_" + "A" * 43, link + "x", "link_ä"):
        answer = shared(server, f"{ADA}/summary", key)
        assert key == "" or key not in str(problem(answer, 401, "no-access"))
    problem(server.client("ada").get(f"{ADA}/summary", params={"share": link}), 401, "no-access")
    problem(server.client().get(f"{ADA}/summary?share={link}&share={link}"), 401, "no-access")


def test_only_who_reads_a_listener_makes_links_to_them(server: ApiServer) -> None:
    problem(server.client("bob").post(f"{ADA}/links", json=LINK), 403, "outside-key")
    writes = server.client("admin").post("/v1/keys", json={"name": "w", "scopes": ["write"], "listeners": ["ada"]})
    problem(server.client(writes.json()["key"]).post(f"{ADA}/links", json=LINK), 403, "outside-key")
    assert made(server, key="admin")["listeners"] == ["ada"]


def test_a_link_ends_no_later_than_the_key_that_makes_it(server: ApiServer) -> None:
    body = {"name": "r", "scopes": ["read"], "listeners": ["ada"], "expires_at": "2100-01-01T00:00:00Z"}
    reads = server.client("admin").post("/v1/keys", json=body).json()["key"]
    assert made(server, key=reads)["expires_at"] == "2100-01-01T00:00:00Z"
    later = {**LINK, "expires_at": "2100-01-02T00:00:00Z"}
    problem(server.client(reads).post(f"{ADA}/links", json=later), 403, "outside-key")


@pytest.mark.parametrize(
    ("change", "name", "parameter"),
    [
        ({"statistics": []}, "invalid-body", "statistics"),
        ({"statistics": ["imports"]}, "invalid-parameter", "statistics"),
        ({"statistics": ["summary", "*"]}, "invalid-parameter", "statistics"),
        ({"start": "2024-01-01"}, "invalid-body", "start"),
        ({"start": "2025-01-01T00:00:00Z", "end": "2025-01-01T00:00:00Z"}, "invalid-parameter", "end"),
        ({"end": "0001-01-01T00:00:00+05:00"}, "invalid-parameter", "end"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "invalid-parameter", "expires_at"),
    ],
)
def test_what_no_link_can_be_is_told(server: ApiServer, change: dict[str, Any], name: str, parameter: str) -> None:
    answer = server.client("ada").post(f"{ADA}/links", json={**LINK, **change})
    assert problem(answer, 400, name)["parameter"] == parameter


def test_every_statistic_can_be_named(server: ApiServer) -> None:
    assert made(server, statistics=list(STATISTICS))["link"]["statistics"] == sorted(STATISTICS)


def test_no_link_is_logged(server: ApiServer, link: str) -> None:
    for path in ("summary", "summary", "clock"):
        shared(server, f"{ADA}/{path}", link)
    time.sleep(0.5)
    log = "".join(path.read_text() for path in [server.log, *server.settings.log_dir.iterdir()])
    assert '"route":"/v1/listeners/{user}/summary","listener":"ada","status":200' in log
    assert link not in log
    assert "share=" not in log
