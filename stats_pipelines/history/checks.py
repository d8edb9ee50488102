"""What must hold of the aggregates."""

from collections.abc import Container
from typing import TYPE_CHECKING, Final

import dagster as dg

from stats_core.store.port import Store

if TYPE_CHECKING:
    from stats_core.aggregates.recounting import Recounted

CHECK: Final = dg.AssetCheckSpec(
    "aggregates_equal_plays",
    asset="daily_totals",
    blocking=True,
    description="Plays, ms and distinct counts of every recounted day, the tops of its month and the listener's totals "
    "equal what counting the plays one by one gives. Months that are marked, before or after, are being changed and "
    "left out. What differs is marked and so counted once more, but once only until the listener's history changes.",
)


def result_of(store: Store, rounds: list["Recounted"], retried: Container[str] = ()) -> dg.AssetCheckResult:
    """Compare what was recounted with the plays; `retried` are listeners whose last check had failed already."""
    from stats_core.aggregates.checking import check_or_mark  # noqa: PLC0415 - loads NumPy

    seen = [
        check_or_mark(store, one.user, {*one.published, *one.months}, once_more=one.user not in retried)
        for one in rounds
        if not one.busy
    ]
    differences = [difference for one in seen for difference in one.differences]
    return dg.AssetCheckResult(
        check_name=CHECK.name,
        asset_key=CHECK.asset_key,
        passed=not differences,
        metadata={
            "months": sum(len(one.months) for one in seen),
            "plays_counted": sum(one.plays for one in seen),
            "differences": "\n".join(differences) or "none",
            "counted_once_more": any(one.marked_again for one in seen),
        },
    )
