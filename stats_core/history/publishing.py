"""Telling readers: the touched months' columns under a new revision, then the listener that names them, in one step."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from stats_core.documents.derived import Columns
from stats_core.documents.listeners import Covered, Listener
from stats_core.errors import UnknownListener
from stats_core.history.months import month_end, month_start
from stats_core.history.tables import FORMAT, Table, packed, table_of
from stats_core.store import collections
from stats_core.store.leases import Held
from stats_core.store.port import Query, Range, Store

_BYTES_OF_A_WRITE: Final = 4 << 20
_PLAYS_OF_A_PART: Final = 40_000
"""At most 4 MiB: a play takes 40 bytes and an item of its own 300, before compression."""


def month_tables(store: Store, user: str, month: str) -> Iterator[Table]:
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


def publish(
    store: Store,
    held: Held,
    user: str,
    months: Iterable[str],
    *,
    saved: list[str] | None = None,
    coverage: list[Covered] | None = None,
) -> Listener:
    """Write the columns of these UTC months of start and raise the listener's revision: readers see all or nothing.

    `saved`: which documents of `saved_items` readers load from now on; `coverage`: what of the time is known; none: the
    same as before. Raises UnknownListener if the listener was erased meanwhile.
    """
    months = sorted(set(months))
    before = _listener(store, user)
    revision = before.revision + 1
    _drop(store, user, months, Range("revision", revision))  # what a stopped run left
    filled: dict[str, int] = {}
    batch: list[Columns] = []
    for month in months:
        documents = _documents(user, month, revision, list(month_tables(store, user, month)))
        held.renew()
        if documents:
            filled[month] = revision
            batch += documents
        if sum(len(document.table) for document in batch) > _BYTES_OF_A_WRITE:
            store.put(collections.columns, batch)
            batch = []
    store.put(collections.columns, batch)
    while True:
        listener = _listener(store, user)
        kept = {month: number for month, number in listener.months.items() if month not in months}
        changed = msgspec.structs.replace(
            listener,
            revision=max(revision, listener.revision + 1),
            months=dict(sorted({**kept, **filled}.items())),
            saved=listener.saved if saved is None else saved,
            coverage=listener.coverage if coverage is None else coverage,
        )
        held.renew()
        if store.replace(collections.listeners, changed, listener.revision):
            break
    # A reader that still holds the older list finds nothing, and reads the list again.
    _drop(store, user, [month for month in months if month in before.months], Range("revision", None, revision))
    return changed


def saved_ids(store: Store, user: str, without: str | None = None) -> list[str]:
    """The documents of `saved_items` of all the listener's imports, or of all but one."""
    saved = store.find(collections.saved_items, Query(equal={"user": user}))
    return sorted(document.id for document in saved if document.import_id != without)


def _listener(store: Store, user: str) -> Listener:
    listener = store.get(collections.listeners, user)
    if listener is None:
        raise UnknownListener(user)
    return listener


def _documents(user: str, month: str, revision: int, tables: list[Table]) -> list[Columns]:
    return [
        Columns(
            id=f"{user}|{month}|{revision}|{part:03}",
            user=user,
            month=month,
            revision=revision,
            part=part,
            parts=len(tables),
            plays=table.plays,
            format=FORMAT,
            table=packed(table),
        )
        for part, table in enumerate(tables)
    ]


def _drop(store: Store, user: str, months: Iterable[str], revisions: Range) -> None:
    for month in months:
        query = Query(equal={"user": user, "month": month}, range=revisions)
        if store.count(collections.columns, query):  # a look costs little, a delete is a commit
            store.delete(collections.columns, query)
