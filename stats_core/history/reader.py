"""Readers: listeners' histories in memory, exactly as last published, reloading only the months that changed."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from stats_core.documents import Listener, SavedItem
from stats_core.history.columns import History, history_of, table_from
from stats_core.history.publishing import month_tables
from stats_core.listeners import known_listener
from stats_core.store import collections
from stats_core.store.port import Query, Range, Store

FRESH_SECONDS = 0.05
"""How old a process's copy of a listener's revision may be before it is read again."""


@dataclass
class _Loaded:
    listener: Listener
    history: History
    tables: dict[str, tuple[int, list[pa.Table]]]
    saved: list[SavedItem]
    checked: float

    @property
    def nbytes(self) -> int:
        tables = (table for _, parts in self.tables.values() for table in parts)
        return self.history.nbytes + sum(int(table.nbytes) for table in tables)


class HistoryReader:
    """Answers listeners' histories; keeps those used last in memory, up to a budget of bytes. Safe between threads."""

    def __init__(self, store: Store, budget_bytes: int) -> None:
        self._store = store
        self._budget = budget_bytes
        self._loaded: OrderedDict[str, _Loaded] = OrderedDict()
        self._lock = threading.RLock()

    def read(self, user: str) -> tuple[Listener, History]:
        """The listener and their history, never older than FRESH_SECONDS; raises UnknownListener."""
        with self._lock:
            loaded = self._loaded.get(user)
            if loaded is None or time.monotonic() - loaded.checked > FRESH_SECONDS:
                loaded = self._refreshed(user, loaded)
                self._loaded[user] = loaded
            self._loaded.move_to_end(user)
            self._keep_to_budget()
            return loaded.listener, loaded.history

    def forget(self, user: str) -> None:
        """Read the listener's revision anew at the next question: this process has just changed it."""
        with self._lock:
            if user in self._loaded:
                self._loaded[user].checked = 0.0

    def _refreshed(self, user: str, loaded: _Loaded | None) -> _Loaded:
        checked = time.monotonic()
        try:
            listener = known_listener(self._store, user)
        except Exception:
            self._loaded.pop(user, None)
            raise
        if loaded is not None and loaded.listener.created_at != listener.created_at:
            loaded = None  # erased, and made anew under the same name
        if loaded is not None and (loaded.listener.months, loaded.listener.saved) == (listener.months, listener.saved):
            return _Loaded(listener, loaded.history, loaded.tables, loaded.saved, checked)
        return self._load(listener, loaded, checked)

    def _load(self, listener: Listener, loaded: _Loaded | None, checked: float) -> _Loaded:
        while True:
            known = loaded.tables if loaded else {}
            wanted = {
                month: revision
                for month, revision in listener.months.items()
                if month not in known or known[month][0] != revision
            }
            tables = {month: held for month, held in known.items() if month in listener.months and month not in wanted}
            tables |= {month: (wanted[month], found) for month, found in self._columns(listener.id, wanted)}
            again = known_listener(self._store, listener.id)
            if again.months == listener.months:
                break
            # A month was published while it was read: what was not found may be that month's older columns.
            listener = again
        for month in wanted.keys() - tables.keys():
            tables[month] = (wanted[month], list(month_tables(self._store, listener.id, month)))
        if loaded is not None and loaded.listener.saved == listener.saved:
            saved = loaded.saved
        else:
            found_saved = self._store.find(collections.saved_items, Query(equal={"user": listener.id}))
            saved = [item for document in found_saved for item in document.items]
        history = history_of([table for _, parts in tables.values() for table in parts], saved)
        return _Loaded(listener, history, tables, saved, checked)

    def _columns(self, user: str, wanted: dict[str, int]) -> Iterator[tuple[str, list[pa.Table]]]:
        """The tables of these months at these revisions; a month whose columns are not there is left out."""
        if not wanted:
            return
        parts: dict[str, list[tuple[int, int, pa.Table]]] = {}
        span = Range("month", min(wanted), max(wanted) + "~")
        for document in self._store.find(collections.columns, Query(equal={"user": user}, range=span)):
            if wanted.get(document.month) == document.revision:
                part = (document.part, document.parts, table_from(document.table))
                parts.setdefault(document.month, []).append(part)
        for month, found in parts.items():
            if len(found) == found[0][1]:
                yield month, [table for _, _, table in sorted(found, key=lambda part: part[0])]

    def _keep_to_budget(self) -> None:
        while len(self._loaded) > 1 and sum(loaded.nbytes for loaded in self._loaded.values()) > self._budget:
            self._loaded.popitem(last=False)
