"""Undoing the sync: the plays are then what they would be, had it never been."""

import sys
from collections.abc import Callable
from contextlib import closing
from typing import Final

from stats_core.documents.upkeep import Lease
from stats_core.errors import StatsError
from stats_core.history.marks import mark_months
from stats_core.history.publishing import publish
from stats_core.imports.coverage import known_coverage
from stats_core.imports.undo import take_back
from stats_core.listeners import known_listener, plays_lease_name
from stats_core.settings import settings
from stats_core.store import collections, open_store
from stats_core.store.leases import lease
from stats_core.store.port import Query, Store
from stats_core.sync.recent import sync_name

PATIENCE_SECONDS: Final = 60.0
"""How long it waits for whoever else changes the listener's plays, where somebody waits for it."""


def undo_sync(
    store: Store, user: str, waiting: Callable[[Lease], None] = lambda _: None, timeout: float | None = None
) -> None:
    """Take back all plays that the sync alone told of. Safe to run again.

    Raises UnknownListener, and StoreUnavailable after `timeout` seconds of waiting for another who changes their plays.

    Disconnect first: a poll would bring the last 50 again.
    """
    with lease(store, plays_lease_name(user), purpose="undoing the sync", waiting=waiting, timeout=timeout) as held:
        known_listener(store, user)
        # First: whoever is stopped after it leaves nothing that claims time whose plays are gone.
        store.delete(collections.syncs, Query(equal={"_id": user}))
        months = take_back(store, held, user, sync_name(user))
        publish(store, held, user, months, coverage=known_coverage(store, user))
        mark_months(store, user, months, published=True)


def main() -> int:
    """`python -m stats_core.sync.undo <user>`: for who must not load what rewrites plays. The exit code."""
    try:
        with closing(open_store(settings().database_uri)) as store:
            undo_sync(store, sys.argv[1], timeout=PATIENCE_SECONDS)
    except StatsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
