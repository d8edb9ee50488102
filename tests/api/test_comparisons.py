"""Two listeners compared: in full for whoever reads both, in shares for two who agreed, not at all for others."""

from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.api.server import ApiServer, problem


@pytest.fixture
def pair(server: ApiServer, later_export: Path) -> tuple[str, str]:
    """Two listeners with the same history, and a key each."""
    users = tuple(f"u{uuid4().hex[:12]}" for _ in range(2))
    for user in users:
        server.make(user)
        server.bring(user, later_export)
    return users[0], users[1]


def compared(server: ApiServer, key: str, user: str, other: str) -> httpx.Response:
    query = {"with": other, "period": "all"}
    return server.client(key).get(f"/v1/listeners/{user}/comparison", params=query)


def agree(server: ApiServer, user: str, other: str, method: str = "PUT") -> httpx.Response:
    return server.client(user).request(method, f"/v1/listeners/{user}/comparisons/{other}")


def test_only_what_both_agreed_to_is_compared_and_only_while_they_do(server: ApiServer, pair: tuple[str, str]) -> None:
    one, two = pair
    problem(compared(server, one, one, two), 403, "outside-key")
    assert agree(server, one, two).json()["agreed"] is False
    problem(compared(server, one, one, two), 403, "outside-key")
    problem(compared(server, two, two, one), 403, "outside-key")
    assert agree(server, two, one).json()["agreed"] is True
    for user, other in (pair, pair[::-1]):
        answer = compared(server, user, user, other)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["agreed"], answer.json()["other_user"]) == (True, other)
        assert answer.json()["totals"] is None
    assert agree(server, two, one, "DELETE").status_code == 204
    problem(compared(server, one, one, two), 403, "outside-key")
    problem(compared(server, two, two, one), 403, "outside-key")


def test_a_key_that_reads_both_is_told_all(server: ApiServer, pair: tuple[str, str]) -> None:
    body = {"name": "both", "scopes": ["read"], "listeners": list(pair)}
    both = server.client("admin").post("/v1/keys", json=body).json()["key"]
    for key in (both, "admin"):
        answer = compared(server, key, *pair).json()
        assert (answer["agreed"], answer["totals"]["plays"] > 0) == (False, True)
    writes = server.client("admin").post("/v1/keys", json={**body, "scopes": ["write"]}).json()["key"]
    problem(compared(server, writes, *pair), 403, "outside-key")


def test_nobody_learns_who_is_there(server: ApiServer, pair: tuple[str, str]) -> None:
    one, two = pair
    before = [problem(compared(server, one, one, other), 403, "outside-key")["detail"] for other in (two, "nobody")]
    named = [agree(server, one, other).json() for other in (two, "nobody")]
    after = [problem(compared(server, one, one, other), 403, "outside-key")["detail"] for other in (two, "nobody")]
    assert len({*before, *after}) == 1
    assert [each["agreed"] for each in named] == [False, False]
    problem(compared(server, "admin", one, "nobody"), 404, "unknown-listener")


def test_an_agreement_is_not_for_whoever_has_a_link(server: ApiServer, pair: tuple[str, str]) -> None:
    one, two = pair
    agree(server, one, two)
    agree(server, two, one)
    body = {"name": "x", "statistics": ["comparison"]}
    link = server.client(one).post(f"/v1/listeners/{one}/links", json=body).json()["key"]
    assert server.client(link).get(f"/v1/listeners/{one}/comparison").status_code == 200
    for other in (two, one, "nobody"):
        problem(compared(server, link, one, other), 403, "outside-key")


def test_whom_one_named_is_listed(server: ApiServer, pair: tuple[str, str]) -> None:
    one, two = pair
    named = [agree(server, one, other) for other in ("nobody", two)]
    agree(server, two, one)
    listed = server.client(one).get(f"/v1/listeners/{one}/comparisons").json()["comparisons"]
    assert [(each["other"], each["agreed"]) for each in listed] == [("nobody", False), (two, True)]
    assert [each["since"] for each in listed] == [answer.json()["since"] for answer in named]
    assert agree(server, one, "nobody", "DELETE").status_code == 204
    left = server.client(one).get(f"/v1/listeners/{one}/comparisons").json()["comparisons"]
    assert [each["other"] for each in left] == [two]


def test_who_agrees_is_the_listener_alone(server: ApiServer, pair: tuple[str, str]) -> None:
    one, two = pair
    path = f"/v1/listeners/{two}/comparisons/{one}"
    for method in ("PUT", "DELETE"):
        problem(server.client(one).request(method, path), 403, "outside-key")
    body = {"name": "reads", "scopes": ["read"], "listeners": [two]}
    reads = server.client(two).post("/v1/keys", json=body).json()["key"]
    problem(server.client(reads).put(path), 403, "outside-key")


@pytest.mark.parametrize("other", ["NO-NAME", "a%20b", "a%7Cb", "%ff", "x" * 65])
def test_what_is_no_name_is_told(server: ApiServer, fresh: str, other: str) -> None:
    for method in ("PUT", "DELETE"):
        assert problem(agree(server, fresh, other, method), 400, "invalid-parameter")["parameter"] == "other"
        assert problem(agree(server, fresh, fresh, method), 400, "invalid-parameter")["parameter"] == "other"


def test_a_deleted_listener_is_compared_with_nobody(server: ApiServer, pair: tuple[str, str]) -> None:
    one, two = pair
    agree(server, one, two)
    agree(server, two, one)
    assert server.client("admin").delete(f"/v1/listeners/{two}").status_code == 204
    problem(compared(server, one, one, two), 403, "outside-key")
    server.make(two)
    agree(server, two, one)
    problem(compared(server, one, one, two), 403, "outside-key")
