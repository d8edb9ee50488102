"""Readers: listeners' histories in memory, exactly as last published, reading only the months that changed."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa

from stats_core.documents import Listener, SavedItem
from stats_core.errors import UnknownListener
from stats_core.history.catalogue_reading import CatalogueReader
from stats_core.history.columns import History, history_of, ipc_bytes, renewed, table_from
from stats_core.history.publishing import month_tables
from stats_core.listeners import known_listener
from stats_core.store import collections
from stats_core.store.port import Query, Range, Store

FRESH_SECONDS = 0.05
"""How old a process's copy of a listener's revision may be before it is read again."""


class Heard(NamedTuple):
    """A listener, and what they heard."""

    listener: Listener
    history: History


@dataclass(frozen=True)
class _Month:
    """A month as it was read: the tables as they are stored, a tenth of their size in memory."""

    revision: int
    tables: list[bytes]


@dataclass(frozen=True)
class _Loaded:
    listener: Listener
    history: History
    months: dict[str, _Month]
    saved: list[SavedItem]

    @property
    def nbytes(self) -> int:
        return self.history.nbytes + sum(len(table) for month in self.months.values() for table in month.tables)


@dataclass
class _Place:
    """Where one listener's history is kept; whoever loads it holds the lock, and others of this listener wait."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    loaded: _Loaded | None = None
    checked: float = -math.inf
    """When the listener's revision was read, by the monotonic clock."""


class HistoryReader:
    """Answers listeners' histories; keeps those used last in memory, up to a budget of bytes. Safe between threads."""

    def __init__(self, store: Store, budget_bytes: int) -> None:
        self._store = store
        self._catalogue = CatalogueReader(store)
        self._budget = budget_bytes
        self._places: OrderedDict[str, _Place] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, user: str) -> Heard:
        """The listener and their history, never older than FRESH_SECONDS; raises UnknownListener."""
        with self._lock:
            place = self._places.setdefault(user, _Place())
            self._places.move_to_end(user)
        with place.lock:
            if place.loaded is None or time.monotonic() - place.checked > FRESH_SECONDS:
                checked = time.monotonic()
                try:
                    place.loaded = self._refreshed(user, place.loaded)
                except UnknownListener:
                    self._let_go(user)
                    raise
                place.checked = checked
            loaded = place.loaded
        self._keep_to_budget()
        return Heard(loaded.listener, loaded.history)

    def forget(self, user: str) -> None:
        """Read the listener's revision anew at the next question: this process has just changed it."""
        with self._lock:
            if user in self._places:
                self._places[user].checked = -math.inf

    def _let_go(self, user: str) -> None:
        with self._lock:
            self._places.pop(user, None)

    def _refreshed(self, user: str, loaded: _Loaded | None) -> _Loaded:
        listener, catalogue = known_listener(self._store, user), self._catalogue.read()
        if loaded is not None and loaded.listener.created_at != listener.created_at:
            loaded = None  # erased, and made anew under the same name
        if loaded is not None and (loaded.listener.months, loaded.listener.saved) == (listener.months, listener.saved):
            history = renewed(loaded.history, catalogue, listener.coverage)
            return _Loaded(listener, history, loaded.months, loaded.saved)
        listener, months = self._months(listener, loaded.months if loaded else {})
        if loaded is not None and loaded.listener.saved == listener.saved:
            saved = loaded.saved
        else:
            named = list(self._store.find(collections.saved_items, Query(one_of={"_id": listener.saved})))
            if len(named) < len(listener.saved) and known_listener(self._store, user).saved != listener.saved:
                return self._refreshed(user, loaded)  # an import was undone while its items were read
            saved = [item for document in named for item in document.items]
        tables = [table_from(table) for _, month in sorted(months.items()) for table in month.tables]
        history = history_of(tables, saved, catalogue, listener.coverage)
        pa.default_memory_pool().release_unused()
        return _Loaded(listener, history, months, saved)

    def _months(self, listener: Listener, known: dict[str, _Month]) -> tuple[Listener, dict[str, _Month]]:
        """The months that a listener names, reading those not known; and the listener they are true of."""
        while True:
            months = {
                month: known[month]
                for month, revision in listener.months.items()
                if month in known and known[month].revision == revision
            }
            wanted = {month: revision for month, revision in listener.months.items() if month not in months}
            months.update(self._columns(listener.id, wanted))
            again = known_listener(self._store, listener.id)
            if (again.months, again.saved) == (listener.months, listener.saved):
                break
            # A month was published while it was read: what was not found may be that month's older columns.
            listener, known = again, months
        for month in wanted.keys() - months.keys():
            tables = [ipc_bytes(table) for table in month_tables(self._store, listener.id, month)]
            months[month] = _Month(wanted[month], tables)
        return again, months

    def _columns(self, user: str, wanted: dict[str, int]) -> Iterator[tuple[str, _Month]]:
        """These months at these revisions; a month whose columns are not all there is left out."""
        if not wanted:
            return
        parts: dict[str, dict[int, bytes]] = {}
        whole: dict[str, int] = {}
        span = Range("month", min(wanted), max(wanted) + "~")
        for document in self._store.find(collections.columns, Query(equal={"user": user}, range=span)):
            if wanted.get(document.month) == document.revision:
                parts.setdefault(document.month, {})[document.part] = document.table
                whole[document.month] = document.parts
        for month, tables in parts.items():
            if len(tables) == whole[month]:
                yield month, _Month(wanted[month], [table for _, table in sorted(tables.items())])

    def _keep_to_budget(self) -> None:
        """Let go of the histories that were asked for least lately; the latest stays, however large."""
        with self._lock:
            sizes = {user: place.loaded.nbytes for user, place in self._places.items() if place.loaded is not None}
            latest = next(reversed(self._places), None)
            excess = sum(sizes.values()) - self._budget
            for user, size in sizes.items():
                if excess <= 0 or user == latest:
                    break
                del self._places[user]
                excess -= size
