"""What must hold of the aggregates."""

from typing import TYPE_CHECKING, Final

import dagster as dg

from stats_core.store.port import Store

if TYPE_CHECKING:
    from stats_core.aggregates.recounting import Recounted

CHECK: Final = dg.AssetCheckSpec(
    "aggregates_equal_plays",
    asset="daily_totals",
    blocking=True,
    description="Plays and ms of every recounted day equal what counting the plays one by one gives, and the days add "
    "up to the listener's totals. Months that are marked, before or after, are being changed and left out.",
)


def result_of(store: Store, rounds: list["Recounted"]) -> dg.AssetCheckResult:
    """Compare what was recounted with the plays."""
    from stats_core.aggregates.checking import checked  # noqa: PLC0415 - loads NumPy

    seen = [checked(store, one.user, one.published or one.months) for one in rounds if not one.busy]
    differences = [difference for one in seen for difference in one.differences]
    return dg.AssetCheckResult(
        check_name=CHECK.name,
        asset_key=CHECK.asset_key,
        passed=not differences,
        metadata={
            "months": sum(len(one.months) for one in seen),
            "plays_counted": sum(one.plays for one in seen),
            "differences": "\n".join(differences) or "none",
        },
    )
