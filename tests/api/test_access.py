import time

import httpx
import pytest

from stats_api.app import made_app
from stats_api.operations import Operation
from stats_api.schema import described
from stats_core.security.keys import key_digest, made_key
from stats_core.settings import Settings
from stats_core.store import collections, open_store
from stats_core.store.port import Query
from tests.api.operations import OPERATIONS
from tests.api.server import ApiServer, path_of, problem

WRONG_HEADERS = [
    "", "Bearer", "Basic YWRtaW46YWRtaW4=", "Bearer " + "A" * 43, "Bearer a b", "Bearer " + "x" * 600,
]  # fmt: skip
KEYED = [each for each in OPERATIONS if each[2].opens != "anyone"]
OF_A_LISTENER = [each for each in KEYED if "{user" in each[1]]


def _asked(server: ApiServer, key: str | None, method: str, path: str, user: str) -> httpx.Response:
    return server.client(key).request(method, path_of(path, user))


def _named(operation: tuple[str, str, Operation]) -> str:
    return operation[2].id


@pytest.mark.parametrize("operation", KEYED, ids=_named)
def test_without_a_valid_key_nothing_opens(server: ApiServer, operation: tuple[str, str, Operation]) -> None:
    path = path_of(operation[1], "ada")
    for header in (None, *WRONG_HEADERS):
        headers = {} if header is None else {"Authorization": header}
        answer = server.client().request(operation[0], path, headers=headers)
        problem(answer, 401, "no-access")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("operation", OF_A_LISTENER, ids=_named)
def test_another_listener_is_closed_whether_there_or_not(
    server: ApiServer, operation: tuple[str, str, Operation]
) -> None:
    answers = [_asked(server, "bob", *operation[:2], user) for user in ("ada", "nobody", "NO-NAME", "a%20b", "%ff")]
    details = {problem(answer, 403, "outside-key")["detail"] for answer in answers}
    assert len(details) == 1


@pytest.mark.parametrize("operation", OF_A_LISTENER, ids=_named)
def test_an_admin_is_told_that_a_listener_is_unknown(server: ApiServer, operation: tuple[str, str, Operation]) -> None:
    for user in ("nobody", "NO-NAME", "a%20b", "%ff", "x" * 300):
        path = path_of(operation[1], user)
        body = b"{}" if operation[2].body else b"x"
        answer = server.client("admin").request(operation[0], path, content=body if operation[0] != "GET" else None)
        problem(answer, 404, "unknown-listener")


@pytest.mark.parametrize(
    "operation", [each for each in OF_A_LISTENER if each[2].opens in {"read", "write"}], ids=_named
)
def test_its_own_listener_is_open_to_a_key(server: ApiServer, operation: tuple[str, str, Operation]) -> None:
    assert _asked(server, "bob", *operation[:2], "bob").status_code not in {401, 403}


@pytest.mark.parametrize("operation", [each for each in KEYED if each[2].opens == "admin"], ids=_named)
def test_what_is_an_admins_is_closed_to_its_own_listener_too(
    server: ApiServer, operation: tuple[str, str, Operation]
) -> None:
    problem(_asked(server, "bob", *operation[:2], "bob"), 403, "outside-key")


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each[2].tag in {"health", "documentation"}], ids=_named
)
def test_health_and_documentation_need_no_key(server: ApiServer, operation: tuple[str, str, Operation]) -> None:
    assert _asked(server, None, *operation[:2], "").status_code == 200


@pytest.mark.parametrize("operation", OPERATIONS, ids=_named)
def test_an_unknown_parameter_is_refused_everywhere(server: ApiServer, operation: tuple[str, str, Operation]) -> None:
    answer = _asked(server, "admin", operation[0], operation[1] + "?colour=red", "ada")
    assert problem(answer, 400, "invalid-parameter")["parameter"] == "colour"


def test_access_comes_before_parameters(server: ApiServer) -> None:
    problem(server.client("bob").get("/v1/listeners/ada/summary?colour=red"), 403, "outside-key")
    problem(server.client().get("/v1/listeners/ada/summary?colour=red"), 401, "no-access")


def test_a_key_of_the_command_line_opens_at_once(server: ApiServer, fresh: str) -> None:
    key, _ = made_key(server.store, name="notebook", scopes=["read"], listeners=[fresh])
    assert server.client(key).get(f"/v1/listeners/{fresh}").status_code == 200


def test_a_revoked_key_is_closed_within_a_second(server: ApiServer, fresh: str) -> None:
    client = server.client(fresh)
    assert client.get(f"/v1/listeners/{fresh}").status_code == 200
    server.store.delete(collections.access_keys, Query(equal={"_id": key_digest(server.keys[fresh].encode())}))
    time.sleep(1.05)
    problem(client.get(f"/v1/listeners/{fresh}"), 401, "no-access")


def test_no_key_is_logged(server: ApiServer) -> None:
    server.client("ada").get("/v1/listeners/ada/summary?tz=Europe/Paris")
    server.client("S3CRET" * 7).get("/v1/listeners/ada/summary?private=S3CRET")
    time.sleep(0.5)
    log = "".join(path.read_text() for path in [server.log, *server.settings.log_dir.iterdir()])
    assert "route=/v1/listeners/{user}/summary listener=ada status=200" in log
    assert '"route":"/v1/listeners/{user}/summary","listener":"ada","status":200' in log
    assert server.keys["ada"] not in log
    assert "S3CRET" not in log
    assert server.settings.admin_key_text() not in log


def test_every_route_says_who_may(sqlite_uri: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    store = open_store(sqlite_uri)
    settings = Settings(_env_file=None, data_dir=tmp_path_factory.mktemp("data"))
    app = made_app(settings, store)
    assert len(described(app.app)) == len(OPERATIONS)
    store.close()
