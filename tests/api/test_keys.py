"""Keys made, listed and revoked over HTTP, and what their scopes open."""

from datetime import UTC, datetime
from typing import Any

import pytest

from stats_api.operations import Operation
from stats_core.documents.words import SCOPES, Scope
from stats_core.security.keys import key_digest, made_key, short_id
from tests.api.operations import OPERATIONS
from tests.api.server import ApiServer, path_of, problem

NOTEBOOK = {"name": "Notebook", "scopes": ["read"], "listeners": ["ada"]}


def made(server: ApiServer, key: str = "admin", **wanted: Any) -> dict[str, Any]:
    answer = server.client(key).post("/v1/keys", json={**NOTEBOOK, **wanted})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def identity(server: ApiServer, user: str) -> str:
    return short_id(key_digest(server.keys[user].encode()))


def test_a_key_is_shown_once(server: ApiServer) -> None:
    answer = server.client("admin").post("/v1/keys", json={**NOTEBOOK, "expires_at": "2100-01-01T02:00:00+02:00"})
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    key = body.pop("key")
    assert answer.headers["location"] == f"/v1/keys/{body['id']}"
    assert body == {
        "id": short_id(key_digest(key.encode())), "name": "Notebook", "scopes": ["read"], "listeners": ["ada"],
        "link": None, "created_at": body["created_at"], "expires_at": "2100-01-01T00:00:00Z", "last_used_at": None,
        "made_by": None,
    }  # fmt: skip
    assert server.client("admin").get(answer.headers["location"]).json() == body
    assert server.client(key).get("/v1/listeners/ada/summary").status_code == 200
    assert key not in server.client("admin").get("/v1/keys").text
    assert key not in server.log.read_text()


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation[2].id)
def test_a_scope_opens_what_it_says(server: ApiServer, operation: tuple[str, str, Operation], scope: Scope) -> None:
    listeners = {"admin": None, "metrics": []}.get(scope, ["bob"])
    key, _ = made_key(server.store, name="scope", scopes=[scope], listeners=listeners)
    method, path, said = operation
    answer = server.client(key).request(method, path_of(path, "bob" if scope != "admin" else "nobody"))
    if said.opens in {"anyone", "any key", scope} or scope == "admin":
        assert answer.status_code not in {401, 403}
    else:
        assert "`" + said.opens + "`" in problem(answer, 403, "outside-key")["detail"] or said.opens == "admin"


def test_a_key_for_everybody_opens_everybody_and_no_more(server: ApiServer, fresh: str) -> None:
    client = server.client(made(server, listeners=None)["key"])
    assert client.get(f"/v1/listeners/{fresh}").status_code == 200
    assert {"ada", "bob", fresh} <= {each["user"] for each in client.get("/v1/listeners").json()["listeners"]}
    problem(client.patch(f"/v1/listeners/{fresh}", json={}), 403, "outside-key")
    problem(client.get("/v1/listeners/nobody"), 404, "unknown-listener")


def test_a_list_of_listeners_holds_whom_the_key_opens(server: ApiServer, fresh: str) -> None:
    client = server.client(made(server, listeners=[fresh, "ada"])["key"])
    assert [each["user"] for each in client.get("/v1/listeners").json()["listeners"]] == sorted(["ada", fresh])


@pytest.mark.parametrize(
    "wanted",
    [
        {"scopes": ["admin"], "listeners": None},
        {"scopes": ["metrics"], "listeners": []},
        {"scopes": ["read", "metrics"]},
        {"listeners": None},
        {"listeners": ["ada", "bob"]},
        {"listeners": ["ada", "nobody"]},
        {"listeners": ["NO-NAME"]},
    ],
)
def test_a_key_makes_none_with_more_rights(server: ApiServer, wanted: dict[str, Any]) -> None:
    problem(server.client("ada").post("/v1/keys", json={**NOTEBOOK, **wanted}), 403, "outside-key")


def test_a_key_makes_none_that_outlives_it(server: ApiServer) -> None:
    short = made(server, expires_at="2100-01-01T00:00:00Z")
    assert made(server, short["key"])["expires_at"] == "2100-01-01T00:00:00Z"
    assert made(server, short["key"], expires_at="2099-01-01T00:00:00Z")["expires_at"] == "2099-01-01T00:00:00Z"
    later = {**NOTEBOOK, "expires_at": "2100-01-01T00:00:00.001Z"}
    problem(server.client(short["key"]).post("/v1/keys", json=later), 403, "outside-key")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"scopes": []}, "invalid-body"),
        ({"scopes": ["everything"]}, "invalid-body"),
        ({"name": ""}, "invalid-body"),
        ({"name": "a\u0007b"}, "invalid-parameter"),
        ({"colour": "red"}, "invalid-body"),
        ({"expires_at": "2100-01-01"}, "invalid-body"),
        ({"expires_at": "2100-01-01T00:00:00"}, "invalid-body"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "invalid-parameter"),
        ({"expires_at": "9999-12-31T23:59:59-10:00"}, "invalid-parameter"),
        ({"expires_at": "0001-01-01T00:00:00+10:00"}, "invalid-parameter"),
        ({"listeners": []}, "invalid-parameter"),
        ({"scopes": ["admin"]}, "invalid-parameter"),
        ({"scopes": ["metrics"]}, "invalid-parameter"),
    ],
)
def test_what_no_key_can_be_is_told(server: ApiServer, change: dict[str, Any], name: str) -> None:
    problem(server.client("admin").post("/v1/keys", json={**NOTEBOOK, **change}), 400, name)


def test_an_unknown_listener_is_told_to_an_admin(server: ApiServer) -> None:
    answer = server.client("admin").post("/v1/keys", json={**NOTEBOOK, "listeners": ["nobody"]})
    problem(answer, 404, "unknown-listener")


def test_whom_a_key_is_of_must_be_said(server: ApiServer) -> None:
    body = {name: value for name, value in NOTEBOOK.items() if name != "listeners"}
    problem(server.client("admin").post("/v1/keys", json=body), 400, "invalid-body")


def test_a_key_sees_itself_and_what_it_made(server: ApiServer, fresh: str) -> None:
    child = made(server, fresh, listeners=[fresh])
    grandchild = made(server, child["key"], listeners=[fresh])
    own = server.client(fresh).get("/v1/keys").json()["keys"]
    assert [each["id"] for each in own] == [identity(server, fresh), child["id"]]
    assert own[1]["made_by"] == identity(server, fresh)
    for hidden in (grandchild["id"], identity(server, "ada"), "0" * 16, "nonsense"):
        problem(server.client(fresh).get(f"/v1/keys/{hidden}"), 404, "unknown-key")
        problem(server.client(fresh).delete(f"/v1/keys/{hidden}"), 404, "unknown-key")
    every = [each["id"] for each in server.client("admin").get("/v1/keys").json()["keys"]]
    assert {identity(server, user) for user in ("ada", "bob", fresh)} | {child["id"], grandchild["id"]} <= set(every)


def test_a_revoked_key_is_closed_at_once_and_what_it_made_is_not(server: ApiServer, fresh: str) -> None:
    child = made(server, fresh, listeners=[fresh])
    address = f"/v1/keys/{identity(server, fresh)}"
    answer = server.client(fresh).delete(address)
    assert (answer.status_code, answer.content) == (204, b"")
    problem(server.client(fresh).get(address), 401, "no-access")
    problem(server.client("admin").delete(address), 404, "unknown-key")
    assert server.client(child["key"]).get(f"/v1/listeners/{fresh}").status_code == 200
    assert server.client("admin").delete(f"/v1/keys/{child['id']}").status_code == 204
    problem(server.client(child["key"]).get(f"/v1/listeners/{fresh}"), 401, "no-access")


def test_a_made_admin_key_opens_everything_until_it_is_revoked(server: ApiServer) -> None:
    admin = made(server, scopes=["admin"], listeners=None)
    client = server.client(admin["key"])
    problem(client.get("/v1/listeners/nobody"), 404, "unknown-listener")
    assert client.get("/v1/keys").status_code == 200
    assert made(server, admin["key"])["made_by"] == admin["id"]
    assert client.delete(f"/v1/keys/{admin['id']}").status_code == 204
    problem(client.get("/v1/listeners"), 401, "no-access")


def test_deleting_a_listener_takes_them_out_of_keys_for_several(server: ApiServer, fresh: str) -> None:
    key = made(server, listeners=["ada", fresh])
    assert server.client("admin").delete(f"/v1/listeners/{fresh}").status_code == 204
    client = server.client(key["key"])
    problem(client.get(f"/v1/listeners/{fresh}"), 403, "outside-key")
    assert client.get("/v1/listeners/ada").status_code == 200
    assert client.get(f"/v1/keys/{key['id']}").json()["listeners"] == ["ada"]


def test_the_last_use_is_told(server: ApiServer) -> None:
    key = made(server)
    began = datetime.now(UTC)
    address = f"/v1/keys/{key['id']}"
    server.client(key["key"]).get("/v1/listeners/ada")
    for _ in range(200):
        told = server.client("admin").get(address).json()["last_used_at"]
        if told is not None:
            break
    assert abs((datetime.fromisoformat(told) - began).total_seconds()) < 30
