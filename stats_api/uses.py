"""Uses: which keys were shown lately, written down in batches while nobody waits for it."""

import asyncio
from typing import Final

from stats_api.logs import logger_of
from stats_api.service import Service
from stats_core.security.keys import note_uses

_log: Final = logger_of("stats_api.access")


class Uses:
    """The uses that are not written yet. Used by the event loop alone."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._digests: set[str] = set()
        self._writing: asyncio.Task[None] | None = None

    def note(self, digest: str) -> None:
        """Have it written that a key was used just now."""
        self._digests.add(digest)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._digests:
                digests, self._digests = self._digests, set()
                await self._service.writing(note_uses, self._service.store, digests)
        except Exception:
            # Nothing hangs on it: the next look at the key notes it again.
            _log.exception("when keys were used last could not be written")
        finally:
            self._writing = None
