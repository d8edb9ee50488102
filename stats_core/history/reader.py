"""Readers: listeners' histories in memory, exactly as last published, reading only the months that changed."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from stats_core.documents.imports import SavedItem
from stats_core.documents.listeners import Listener
from stats_core.errors import UnknownListener
from stats_core.history.catalogue_reading import CatalogueReader
from stats_core.history.columns import History, history_of, renewed
from stats_core.history.exchanging import exchanged
from stats_core.history.present import Lookout
from stats_core.history.publishing import month_tables
from stats_core.history.tables import FORMAT, Table, unpacked
from stats_core.listeners import known_listener
from stats_core.memory import give_back
from stats_core.store import collections
from stats_core.store.port import Query, Range, Store


class Heard(NamedTuple):
    """A listener, and what they heard."""

    listener: Listener
    history: History


class _Month(NamedTuple):
    """A month's columns as they are stored."""

    revision: int
    tables: list[bytes]


@dataclass
class _Place:
    """Where one listener's history is kept; whoever loads it holds the lock, and others of this listener wait."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    loaded: Heard | None = None


class HistoryReader:
    """Answers listeners' histories; keeps those used last in memory, up to a budget of bytes. Safe between threads."""

    def __init__(self, store: Store, budget_bytes: int) -> None:
        self.lookout = Lookout(store)
        """Whoever else remembers something of this store asks the same one."""
        self._store = store
        self._catalogue = CatalogueReader(store, self.lookout)
        self._budget = budget_bytes
        self._places: OrderedDict[str, _Place] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, user: str) -> Heard:
        """The listener and their history, never older than FRESH_SECONDS; raises UnknownListener."""
        with self._lock:
            place = self._places.setdefault(user, _Place())
            self._places.move_to_end(user)
        with place.lock:
            try:
                place.loaded = loaded = self._refreshed(user, place.loaded)
            except UnknownListener:
                self._let_go(user)
                raise
        self._keep_to_budget()
        return loaded

    @property
    def nbytes(self) -> int:
        """Bytes of the histories in memory."""
        with self._lock:
            return sum(self._sizes().values())

    def _let_go(self, user: str) -> None:
        with self._lock:
            self._places.pop(user, None)

    def _refreshed(self, user: str, loaded: Heard | None) -> Heard:
        listener, catalogue = self.lookout.look(user).listener(user), self._catalogue.read()
        if loaded is not None and loaded.listener.created_at != listener.created_at:
            loaded = None  # erased, and made anew under the same name
        if loaded is not None and (loaded.listener.months, loaded.listener.saved) == (listener.months, listener.saved):
            return Heard(listener, renewed(loaded.history, catalogue, listener.coverage))
        before = loaded.listener.months if loaded else {}
        listener, tables = self._tables(listener, before)
        saved: Sequence[SavedItem]
        if loaded is not None and loaded.listener.saved == listener.saved:
            saved = loaded.history.saved
        else:
            named = list(self._store.find(collections.saved_items, Query(one_of={"_id": listener.saved})))
            if len(named) < len(listener.saved) and known_listener(self._store, user).saved != listener.saved:
                self.lookout.forget()  # an import was undone while its items were read
                return self._refreshed(user, loaded)
            saved = [item for document in named for item in document.items]
        if loaded is None:
            history = history_of(tables, saved, catalogue, listener.coverage)
        else:
            gone = {month for month, revision in before.items() if listener.months.get(month) != revision}
            history = exchanged(loaded.history, gone, tables)
            history = replace(history, saved=saved, catalogue=catalogue, coverage=listener.coverage)
        del tables
        give_back()
        return Heard(listener, history)

    def _tables(self, listener: Listener, known: Mapping[str, int]) -> tuple[Listener, Iterator[Table]]:
        """The tables of the months that a listener names and that are not known; and the listener they are true of."""
        found: dict[str, _Month] = {}
        while True:
            wanted = {month: revision for month, revision in listener.months.items() if known.get(month) != revision}
            found = {month: read for month, read in found.items() if wanted.get(month) == read.revision}
            found.update(self._columns(listener.id, {month: wanted[month] for month in wanted.keys() - found.keys()}))
            again = known_listener(self._store, listener.id)
            if (again.months, again.saved) == (listener.months, listener.saved):
                break
            # A month was published while it was read: what was not found may be that month's older columns.
            listener = again
        return again, self._unpacked(listener.id, sorted(wanted), found)

    def _unpacked(self, user: str, months: Sequence[str], found: dict[str, _Month]) -> Iterator[Table]:
        for month in months:
            read = found.pop(month, None)
            yield from map(unpacked, read.tables) if read else month_tables(self._store, user, month)

    def _columns(self, user: str, wanted: Mapping[str, int]) -> Iterator[tuple[str, _Month]]:
        """These months at these revisions; a month whose columns are not all there, or are written otherwise, is left
        out."""
        if not wanted:
            return
        parts: dict[str, dict[int, bytes]] = {}
        whole: dict[str, int] = {}
        span = Range("month", min(wanted), max(wanted) + "~")
        for document in self._store.find(collections.columns, Query(equal={"user": user}, range=span)):
            if wanted.get(document.month) == document.revision and document.format == FORMAT:
                parts.setdefault(document.month, {})[document.part] = document.table
                whole[document.month] = document.parts
        for month, tables in parts.items():
            if len(tables) == whole[month]:
                yield month, _Month(wanted[month], [table for _, table in sorted(tables.items())])

    def _keep_to_budget(self) -> None:
        """Let go of the histories that were asked for least lately; the latest stays, however large."""
        with self._lock:
            sizes = self._sizes()
            latest = next(reversed(self._places), None)
            excess = sum(sizes.values()) - self._budget
            for user, size in sizes.items():
                if excess <= 0 or user == latest:
                    break
                del self._places[user]
                excess -= size

    def _sizes(self) -> dict[str, int]:
        return {user: place.loaded.history.nbytes for user, place in self._places.items() if place.loaded is not None}
