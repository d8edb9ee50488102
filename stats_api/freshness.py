"""Freshness: what this process remembers of the store is at most 50 ms old, and the event loop never waits to know."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from stats_core.history.present import Lookout, Present


class Freshness:
    """The lookout of the histories, as the event loop asks it: one look at a time, in a thread of its own."""

    def __init__(self, lookout: Lookout) -> None:
        self._lookout = lookout
        self._thread = ThreadPoolExecutor(1, "looking")
        self._looking: asyncio.Future[Present] | None = None

    def known(self, *users: str) -> Present | None:
        """The present of these listeners, if what is known is fresh; no I/O."""
        return self._lookout.known(*users, at=monotonic())

    async def look(self, *users: str) -> Present:
        """The present of these listeners, never older than 50 ms when asked for. Raises StoreError."""
        asked = monotonic()
        while (present := self._lookout.known(*users, at=asked)) is None:
            # Waiting for one that has ended lets nobody else run, and so it would never be forgotten.
            if self._looking is None or self._looking.done():
                loop = asyncio.get_running_loop()
                self._looking = loop.run_in_executor(self._thread, self._lookout.look, *users)
                self._looking.add_done_callback(self._looked)
            # Whoever goes away leaves the look to those who wait with it.
            await asyncio.shield(self._looking)
        return present

    def forget(self) -> None:
        """Look anew at the next question: this process has just changed something."""
        self._lookout.forget()

    def close(self) -> None:
        """Look no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _looked(self, looked: asyncio.Future[Present]) -> None:
        if self._looking is looked:
            self._looking = None
        if not looked.cancelled():
            looked.exception()  # whoever waits is told; if nobody does any more, nobody need be
