"""Undoing the sync: the plays are then what they would be, had it never been."""

from collections.abc import Callable

from stats_core.documents.sync import Sync
from stats_core.documents.upkeep import Lease
from stats_core.history.marks import mark_months
from stats_core.history.publishing import publish
from stats_core.imports.coverage import known_coverage
from stats_core.imports.undo import take_back
from stats_core.listeners import known_listener, plays_lease_name
from stats_core.store import collections
from stats_core.store.leases import lease
from stats_core.store.port import Query, Store
from stats_core.sync.recent import sync_name


def undo_sync(store: Store, user: str, waiting: Callable[[Lease], None] = lambda _: None) -> None:
    """Take back all plays that the sync alone told of. Safe to run again. Raises UnknownListener.

    Disconnect first: a poll would bring the last 50 again.
    """
    with lease(store, plays_lease_name(user), purpose="undoing the sync", waiting=waiting) as held:
        known_listener(store, user)
        months = take_back(store, held, user, sync_name(user))
        publish(store, held, user, months, coverage=known_coverage(store, user, sync=Sync(id=user)))
        mark_months(store, user, months, published=True)
        store.delete(collections.syncs, Query(equal={"_id": user}))
