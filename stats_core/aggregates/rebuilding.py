"""Rebuilding: everything derived of a listener, dropped and made anew from their plays, with the same result."""

from collections.abc import Callable

from stats_core.aggregates.recounting import Recounted, recounted
from stats_core.documents.upkeep import Lease
from stats_core.history.marks import marked_months
from stats_core.history.months import month_end, month_of
from stats_core.history.publishing import publish, saved_ids
from stats_core.history.repairing import repair_marked
from stats_core.imports.coverage import known_coverage
from stats_core.listeners import known_listener, plays_lease_name
from stats_core.store import collections
from stats_core.store.leases import lease
from stats_core.store.port import Query, Range, Store


def rebuild_derived(
    store: Store,
    user: str | None = None,
    *,
    waiting: Callable[[Lease], None] | None = None,
    done: Callable[[Recounted], None] = lambda _: None,
) -> list[Recounted]:
    """Rebuild columns and aggregates of one listener, or of all; `done` is told after each. Raises UnknownListener."""
    users = [known_listener(store, user).id] if user else sorted(each.id for each in store.find(collections.listeners))
    rebuilt = []
    for each in users:
        rebuilt.append(_rebuilt(store, each, waiting))
        done(rebuilt[-1])
    return rebuilt


def _rebuilt(store: Store, user: str, waiting: Callable[[Lease], None] | None) -> Recounted:
    purpose = "rebuilding everything derived"
    with lease(store, plays_lease_name(user), purpose=purpose, waiting=waiting) as held:
        listener = known_listener(store, user)
        repair_marked(store, held, user)
        months = {*_months_with_plays(store, user), *listener.months, *marked_months(store, user)}
        # Readers keep finding the old columns until the new ones are published, so only strays are dropped before.
        strays = {part.month for part in store.find(collections.columns, Query(equal={"user": user}))} - months
        for month in strays:
            store.delete(collections.columns, Query(equal={"user": user, "month": month}))
        publish(store, held, user, months, saved=saved_ids(store, user), coverage=known_coverage(store, user))
        for collection in (collections.daily_totals, collections.monthly_tops):
            store.delete(collection, Query(equal={"user": user}))
        store.delete(collections.listener_totals, Query(equal={"_id": user}))
        return recounted(store, held, user, sorted(months))


def _months_with_plays(store: Store, user: str) -> list[str]:
    """The UTC months of start, from the plays alone: one indexed look a month."""
    months: list[str] = []
    span = Range("start")
    while True:
        query = Query(equal={"user": user}, range=span, order="start", limit=1)
        first = next(iter(store.find(collections.plays, query)), None)
        if first is None:
            return months
        months.append(month_of(first.start))
        span = Range("start", month_end(months[-1]))
