import asyncio
import logging
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from stats_api.app import made_app
from stats_core.errors import LeaseLost, StoreError, StoreFull, StoreTooNew, StoreUnavailable
from stats_core.settings import Settings
from stats_core.store.port import Store
from tests.api.server import ApiServer, problem

SECRET = "mongodb://host.internal:27017"


@pytest.mark.parametrize("path", ["/", "/nope", "/v1", "/v1/listeners/ada/nope", "/v1/listeners/ada/top/%00"])
def test_an_unknown_path_is_a_problem(server: ApiServer, path: str) -> None:
    answer = server.client("ada").get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/schema#not-found"


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/v1/listeners"), ("POST", "/v1/listeners/ada/summary"), ("DELETE", "/health/live")]
)
def test_a_wrong_method_is_told_the_right_ones(server: ApiServer, method: str, path: str) -> None:
    answer = server.client("admin").request(method, path)
    assert problem(answer, 405, "wrong-method")["allowed"] == answer.headers["allow"]
    assert {"GET", "HEAD"} <= set(answer.headers["allow"].split(", "))


def test_a_host_that_is_none_is_a_problem(server: ApiServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: <script>\r\nConnection: close\r\n\r\n")
        answer = connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 400")


def test_a_path_is_quoted_as_text(server: ApiServer) -> None:
    answer = server.client().get("/%22%3E%3Cscript%3E%0d%0aX: y")
    assert answer.status_code == 404
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "x" not in answer.headers


class _Failing:
    """A store that fails in one way, whatever it is asked."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def failing(*_: object, **__: object) -> None:
            raise self._error

        return failing


def _answer(store: Any, folder: Path, method: str, path: str) -> httpx.Response:
    settings = Settings(_env_file=None, data_dir=folder)
    app = made_app(settings, store)

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            headers = {"Authorization": f"Bearer {settings.admin_key_text()}"}
            return await client.request(method, path, headers=headers)

    return asyncio.run(asked())


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (StoreUnavailable(f"Cannot reach {SECRET}"), 503, "unavailable"),
        (StoreTooNew(f"{SECRET} is newer"), 503, "unavailable"),
        (StoreError(SECRET), 503, "unavailable"),
        (LeaseLost(SECRET), 503, "unavailable"),
        (StoreFull(SECRET), 507, "full"),
        (OSError(28, SECRET), 507, "full"),
        (OSError(5, SECRET), 500, "internal"),
        (RuntimeError(SECRET), 500, "internal"),
        (KeyError(SECRET), 500, "internal"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/listeners"),
        ("GET", "/v1/listeners/ada/summary"),
        ("DELETE", "/v1/listeners/ada"),
        ("GET", "/health/ready"),
    ],
)
def test_what_is_our_fault_is_logged_and_not_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: Exception, status: int, name: str, method: str, path: str
) -> None:
    with caplog.at_level(logging.ERROR, "stats_api"):
        answer = _answer(_Failing(error), tmp_path, method, path)
    problem(answer, status, name)
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    assert SECRET in caplog.text
    if name == "unavailable" and not isinstance(error, StoreTooNew):
        assert int(answer.headers["retry-after"]) > 0


def test_ready_says_yes_where_the_store_answers(store: Store, tmp_path: Path) -> None:
    answer = _answer(store, tmp_path, "GET", "/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
    assert _answer(_Failing(StoreUnavailable("gone")), tmp_path, "GET", "/health/live").status_code == 200
