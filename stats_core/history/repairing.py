"""Repairing what a stopped run left: its months are settled and published before anybody builds on them."""

from typing import Final

from stats_core.history.marks import mark_months, marked_months
from stats_core.history.months import months_from
from stats_core.history.publishing import publish
from stats_core.history.rewriting import Rewriter
from stats_core.store import collections
from stats_core.store.leases import Held
from stats_core.store.port import Store

_MONTHS_TO_END: Final = 3
"""A play ends up to 32 days after its start (31 of client clock, and a day): in its month or one of the two after."""


def repair_marked(store: Store, held: Held, user: str) -> list[str]:
    """Settle and publish the months that are marked and not published, and say which.

    Under the lease nobody else writes, so such a mark was left by a run that was stopped. Whoever changes plays calls
    this first: else its own marks could hide that a month is half written.
    """
    left = {month for month, mark in marked_months(store, user).items() if not mark.published}
    if not left or store.get(collections.listeners, user) is None:
        return []
    rewriter = Rewriter(store, user, held)
    months = set(left)
    for ending in sorted({ending for month in left for ending in months_from(month, _MONTHS_TO_END)}):
        months |= rewriter.rewrite([ending]).months
    publish(store, held, user, months)
    mark_months(store, user, months, published=True)
    return sorted(months)
