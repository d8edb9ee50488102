"""The service: what every route works with, and the threads in which it may wait and count."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State

from stats_api.freshness import Freshness
from stats_core.history.reader import HistoryReader
from stats_core.settings import Settings
from stats_core.store.port import Store

P = ParamSpec("P")
T = TypeVar("T")

AnyRequest = Request[Any, Any, State]
AnyConnection = ASGIConnection[Any, Any, Any, State]

_READERS: Final = 4
"""Threads that read the store: more than this would only wait in line."""
_WRITERS: Final = 4
"""Threads that write: apart from the readers, for a deletion may wait long for an import to end."""


class Service:
    """One process's store, histories and threads. The event loop itself never waits for a disk, a store or a count."""

    def __init__(self, settings: Settings, store: Store, process: int) -> None:
        self.settings = settings
        self.store = store
        self.process = process
        """Its number among the service's processes, from 1."""
        self.reader = HistoryReader(store, settings.memory_budget_mb * 1_000_000)
        self.freshness = Freshness(self.reader.lookout)
        self.admin_key = settings.admin_key_text()
        self._readers = ThreadPoolExecutor(_READERS, "reading")
        self._writers = ThreadPoolExecutor(_WRITERS, "writing")

    async def reading(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a function that only reads returns, called in a thread."""
        return await _in(self._readers, function, *args, **kwargs)

    async def writing(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a function that writes or waits returns, called in a thread."""
        return await _in(self._writers, function, *args, **kwargs)

    def close(self) -> None:
        """Start nothing more; what is under way ends by itself."""
        for pool in (self._readers, self._writers):
            pool.shutdown(wait=False, cancel_futures=True)
        self.freshness.close()


async def _in(pool: ThreadPoolExecutor, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    return await asyncio.get_running_loop().run_in_executor(pool, partial(function, *args, **kwargs))


def service_of(connection: AnyConnection) -> Service:
    """The service that a request came to."""
    service: Service = connection.app.state.service
    return service
