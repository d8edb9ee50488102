"""The service in the tests' own process, one of several over a store, with any settings and asked from anywhere."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import httpx

from stats_api.access import Gate
from stats_api.app import made_app
from stats_core.settings import Settings
from stats_core.store.port import Store

T = TypeVar("T")

Ask = Callable[[str], Awaitable[httpx.Response]]


class Inside:
    """A service that answers while a test asks it."""

    def __init__(self, runner: asyncio.Runner, store: Store, folder: Path, **chosen: Any) -> None:
        self.settings = Settings(_env_file=None, data_dir=folder, **chosen)
        self.admin = self.settings.admin_key_text()
        self._app = made_app(self.settings, store)
        self.answers = self._app.answers
        self.gate: Gate = self._app.app.state.gate
        self._runner = runner

    def ask(
        self, path: str, key: str | None = None, *, method: str = "GET", peer: str = "192.0.2.1", **more: Any
    ) -> httpx.Response:
        """The answer to one request, shown with a key, from an address."""
        return self._runner.run(self._asked(path, key, method, peer, more))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What some work of the service returns."""
        return self._runner.run(work)

    async def _asked(self, path: str, key: str | None, method: str, peer: str, more: dict[str, Any]) -> httpx.Response:
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **more.pop("headers", {})}
        transport = httpx.ASGITransport(app=self._app, client=(peer, 4_000))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, headers=headers, **more)


def inside(store: Store, folder: Path, work: Callable[[Ask], Awaitable[T]], **chosen: Any) -> T:
    """What some work returns that asks a service over a store, several questions at once, with the admin key."""
    settings = Settings(_env_file=None, data_dir=folder, **chosen)
    app = made_app(settings, store)

    async def working() -> T:
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        headers = {"Authorization": f"Bearer {settings.admin_key_text()}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
            return await work(client.get)

    return asyncio.run(working())
