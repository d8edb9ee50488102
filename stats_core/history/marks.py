"""Marks: which months of whom changed, and are still to be told to everything derived."""

from collections.abc import Iterable

from stats_core.clock import utc_now
from stats_core.documents import Mark
from stats_core.store import collections
from stats_core.store.port import Query, Store


def mark_months(store: Store, user: str, months: Iterable[str], import_id: str | None = None) -> None:
    """Mark these UTC months of start, before their first write and again after their last."""
    now = utc_now()
    marks = []
    for month in sorted(months):
        identity = f"{user}|{month}"
        earlier = store.get(collections.marks, identity)
        revision = earlier.revision + 1 if earlier else 1
        marks.append(
            Mark(id=identity, user=user, month=month, revision=revision, marked_at=now, import_id=import_id),
        )
    store.put(collections.marks, marks)


def marked_months(store: Store, user: str) -> dict[str, Mark]:
    """The listener's marks by month."""
    return {mark.month: mark for mark in store.find(collections.marks, Query(equal={"user": user}))}


def months_marked_by(store: Store, user: str, import_id: str) -> set[str]:
    """The months that one import marked last."""
    return {month for month, mark in marked_months(store, user).items() if mark.import_id == import_id}


def clear_mark(store: Store, mark: Mark) -> bool:
    """Remove a mark unless the month was marked anew meanwhile; say whether it is gone."""
    return store.delete(collections.marks, Query(equal={"_id": mark.id, "revision": mark.revision})) == 1
