"""Revisions: how processes learn that something they all remember has changed, by one small look."""

from typing import Literal

from stats_core.documents.upkeep import Revision
from stats_core.store import collections
from stats_core.store.port import Store

Remembered = Literal["keys", "catalogue", "cache"]


def revisions(store: Store) -> dict[str, int]:
    """All of them; what is not there has never changed."""
    return {each.id: each.revision for each in store.find(collections.revisions)}


def raise_revision(store: Store, name: Remembered) -> int:
    """Say that it has changed, after it has; the new revision. Of several at once each gets one of its own."""
    while True:
        before = store.get(collections.revisions, name)
        if before is None:
            if not store.insert(collections.revisions, [Revision(id=name, revision=1)]):
                return 1
            continue
        after = Revision(id=name, revision=before.revision + 1)
        if store.replace(collections.revisions, after, before.revision):
            return after.revision
