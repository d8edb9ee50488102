"""Admission: how many answers are computed at once, how many wait for that, and for how long."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from stats_api.metrics import COMPUTING_REFUSED, COMPUTING_WAITING
from stats_api.problems import BUSY, Failure

T = TypeVar("T")

MOST_WAITING: Final = 64
WAIT_SECONDS: Final = 2.0
RETRY_SECONDS: Final = 1
"""What `Retry-After` says."""


class Admission:
    """Threads that compute answers: one for each core that falls to this process, for more would only take turns.

    Used by the event loop alone.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, "computing")
        self._free = asyncio.Semaphore(threads)
        self._waiting = 0

    async def computed(self, function: Callable[[], T]) -> T:
        """What the function returns, called in a thread once it is its turn. Raises Failure if that takes too long."""
        await self._admitted()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, function)
        finally:
            self._free.release()

    def close(self) -> None:
        """Compute nothing more; what is under way ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _admitted(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        if self._waiting >= MOST_WAITING:
            raise _busy()
        self._waiting += 1
        COMPUTING_WAITING.inc()
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise _busy() from None
        finally:
            self._waiting -= 1
            COMPUTING_WAITING.dec()


def _busy() -> Failure:
    COMPUTING_REFUSED.inc()
    return Failure(
        BUSY,
        "Too many questions that need counting came at once. Ask again in a moment.",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )
