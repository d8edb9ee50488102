"""Marks: which months of whom changed, and are still to be told to everything derived."""

from collections.abc import Iterable

import msgspec

from stats_core.clock import utc_now
from stats_core.documents.derived import Mark
from stats_core.store import collections
from stats_core.store.port import Query, Store


def mark_months(
    store: Store, user: str, months: Iterable[str], import_id: str | None = None, *, published: bool = False
) -> None:
    """Mark these UTC months of start: before their first write, and again, as `published`, after their columns."""
    now = utc_now()
    marks = []
    for month in sorted(months):
        identity = f"{user}|{month}"
        earlier = store.get(collections.marks, identity)
        revision = earlier.revision + 1 if earlier else 1
        marks.append(
            Mark(
                id=identity,
                user=user,
                month=month,
                revision=revision,
                marked_at=now,
                import_id=import_id,
                published=published,
            ),
        )
    store.put(collections.marks, marks)


def marked_months(store: Store, user: str) -> dict[str, Mark]:
    """The listener's marks by month."""
    return {mark.month: mark for mark in store.find(collections.marks, Query(equal={"user": user}))}


def mark_everything(store: Store, user: str) -> None:
    """Mark every month with plays, because the listener's zone or rule or the catalogue changed; needs no lease.

    Call it before that is written and after: a stop in between then leaves nothing stale.
    """
    listener = store.get(collections.listeners, user)
    for month in listener.months if listener else ():
        _mark_once_more(store, user, month)


def _mark_once_more(store: Store, user: str, month: str) -> None:
    """Compare and set: an import that runs meanwhile keeps what its mark says."""
    identity = f"{user}|{month}"
    while True:
        earlier = store.get(collections.marks, identity)
        if earlier is None:
            mark = Mark(id=identity, user=user, month=month, revision=1, marked_at=utc_now(), published=True)
            if not store.insert(collections.marks, [mark]):
                return
        else:
            mark = msgspec.structs.replace(earlier, revision=earlier.revision + 1, marked_at=utc_now())
            if store.replace(collections.marks, mark, earlier.revision):
                return


def clear_mark(store: Store, mark: Mark) -> bool:
    """Remove a mark unless the month was marked anew meanwhile; say whether it is gone."""
    return store.delete(collections.marks, Query(equal={"_id": mark.id, "revision": mark.revision})) == 1
