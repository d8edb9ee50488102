"""Telling readers: the touched months' columns under a new revision, then the listener that names them, in one step."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
import pyarrow as pa

from stats_core.documents import Columns, Listener
from stats_core.errors import UnknownListener
from stats_core.history.columns import ipc_bytes, table_of
from stats_core.history.months import month_end, month_start
from stats_core.store import collections
from stats_core.store.leases import Held
from stats_core.store.port import Query, Range, Store

_PLAYS_OF_A_PART: Final = 40_000
"""At most 4 MiB: a play takes 40 bytes and an item of its own 300, before compression."""


def month_tables(store: Store, user: str, month: str) -> Iterator[pa.Table]:
    """The plays that start in a UTC month as tables, made from the plays themselves."""
    rows = []
    span = Range("start", month_start(month), month_end(month))
    for play in store.find(collections.plays, Query(equal={"user": user}, range=span, order="start")):
        rows.append(play)
        if len(rows) == _PLAYS_OF_A_PART:
            yield table_of(rows)
            rows = []
    if rows:
        yield table_of(rows)


def publish(store: Store, held: Held, user: str, months: Iterable[str], *, saved: bool = False) -> Listener:
    """Write the columns of these UTC months of start and raise the listener's revision: readers see all or nothing.

    `saved`: library or playlists changed too. Raises UnknownListener if the listener was erased meanwhile.
    """
    months = sorted(set(months))
    revision = _listener(store, user).revision + 1
    filled: dict[str, int] = {}
    for month in months:
        tables = list(month_tables(store, user, month))
        held.renew()
        _drop(store, user, month, Range("revision", revision))  # what a stopped run left
        store.put(collections.columns, _documents(user, month, revision, tables))
        if tables:
            filled[month] = revision
    while True:
        listener = _listener(store, user)
        kept = {month: number for month, number in listener.months.items() if month not in months}
        changed = msgspec.structs.replace(
            listener,
            revision=max(revision, listener.revision + 1),
            months=dict(sorted({**kept, **filled}.items())),
            saved=revision if saved else listener.saved,
        )
        held.renew()
        if store.replace(collections.listeners, changed, listener.revision):
            break
    for month in months:
        # A reader that still holds the older list finds nothing, and reads the list again.
        _drop(store, user, month, Range("revision", None, revision))
    return changed


def _listener(store: Store, user: str) -> Listener:
    listener = store.get(collections.listeners, user)
    if listener is None:
        raise UnknownListener(user)
    return listener


def _documents(user: str, month: str, revision: int, tables: list[pa.Table]) -> list[Columns]:
    return [
        Columns(
            id=f"{user}|{month}|{revision}|{part:03}",
            user=user,
            month=month,
            revision=revision,
            part=part,
            parts=len(tables),
            plays=table.num_rows,
            table=ipc_bytes(table),
        )
        for part, table in enumerate(tables)
    ]


def _drop(store: Store, user: str, month: str, revisions: Range) -> None:
    store.delete(collections.columns, Query(equal={"user": user, "month": month}, range=revisions))
