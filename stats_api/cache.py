"""The cache: answers that were given, ready to go out again, the least lately used leaving when it is full.

What a key is made of makes an answer old: the listeners' revisions, the catalogue's, what a link limits. So nothing
here is ever wrong, only never asked for again; what a listener's change left behind is let go of with `drop`.
The version of the code is no part of it: a process runs one, and a tag is made of the answer's own bytes.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from math import inf
from time import time
from typing import Final

from stats_api.metrics import CACHE_BYTES, CACHE_ENTRIES
from stats_api.replies import Ready

_LARGEST_SHARE: Final = 8
"""An answer that would take more than this part of the cache is not kept: it would turn out hundreds of others."""
_OF_AN_ENTRY: Final = 1_500
"""Bytes of memory that an entry, its key and its headers take besides the body: 1,400 by tracemalloc."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer, and when it must go."""

    ready: Ready
    users: frozenset[str]
    """Whose plays it tells of."""
    until: float = inf
    """Seconds since 1970 from when on it may be another."""


class AnswerCache:
    """Bounded by bytes. Used by the event loop alone."""

    def __init__(self, budget_bytes: int, process: int) -> None:
        self._budget = budget_bytes
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self.nbytes = 0
        self._told = (CACHE_ENTRIES.labels(str(process)), CACHE_BYTES.labels(str(process)))
        self._tell()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> Entry | None:
        """The answer kept under that key, if it still holds."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.until <= time():
            self._remove(key)
            self._tell()
            return None
        self._entries.move_to_end(key)
        return entry

    def put(self, key: Hashable, entry: Entry) -> None:
        """Keep an answer, and let go of those used least lately to make room."""
        if (size := _size(entry)) * _LARGEST_SHARE > self._budget:
            return
        self._remove(key)
        self._entries[key] = entry
        self.nbytes += size
        while self.nbytes > self._budget:
            self._remove(next(iter(self._entries)))
        self._tell()

    def drop(self, users: frozenset[str]) -> None:
        """Let go of everything that tells of these listeners: it will not be asked for again."""
        for key in [key for key, entry in self._entries.items() if entry.users & users]:
            self._remove(key)
        self._tell()

    def clear(self) -> None:
        """Let go of everything."""
        self._entries.clear()
        self.nbytes = 0
        self._tell()

    def _remove(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.nbytes -= _size(entry)

    def _tell(self) -> None:
        entries, size = self._told
        entries.set(len(self._entries))
        size.set(self.nbytes)


def _size(entry: Entry) -> int:
    return entry.ready.size + _OF_AN_ENTRY
