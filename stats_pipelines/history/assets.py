"""Columns and aggregates: one step, one reader of the marks."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import dagster as dg
from pydantic import Field

from stats_core.errors import StatsError
from stats_core.store import collections
from stats_core.store.port import Collection, Query, Store, Stored
from stats_pipelines.history.checks import CHECK, result_of
from stats_pipelines.imports.assets import imported_plays
from stats_pipelines.resources import StoreResource

if TYPE_CHECKING:
    from stats_core.aggregates.recounting import Recounted

MOST_MONTHS_SHOWN: Final = 50


class RecountConfig(dg.Config):
    """What to count anew: what is marked, unless told otherwise."""

    everything: bool = Field(False, description="Drop and rebuild everything derived, marked or not.")
    listeners: list[str] = Field([], description="Only these listeners; empty: all.")


def _spec(name: str, deps: Sequence[dg.AssetsDefinition | str], description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        name,
        deps=deps,
        description=description,
        group_name="history",
        kinds={"python", "numpy"},
        owners=["team:listening"],
    )


SPECS: Final = (
    _spec(
        "columns",
        [imported_plays, "synced_plays"],
        "A listener's plays of a UTC month as arrays: what questions are answered from. Every import publishes "
        "its own; this repairs what a stopped run left.",
    ),
    _spec("daily_totals", ["columns"], "Plays, ms, tracks and artists of each day, in the listener's zone and rule."),
    _spec("monthly_tops", ["columns"], "The 100 most played tracks, artists and albums of each month."),
    _spec("listener_totals", ["columns"], "Plays, ms and distinct counts of a listener's whole history."),
)


@dg.multi_asset(
    specs=SPECS,
    check_specs=[CHECK],
    pool="plays",
    description="Counts anew whatever marks say has changed, under the listener's lease. With nothing marked it does "
    "nothing; `everything: true` in the Launchpad rebuilds all.",
)
def derived(
    context: dg.AssetExecutionContext, config: RecountConfig, stats: StoreResource
) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """One round for all listeners with marks."""
    from stats_core.aggregates.checking import marked_by_check  # noqa: PLC0415
    from stats_core.aggregates.rebuilding import rebuild_derived  # noqa: PLC0415 - loads pandas, as importing does
    from stats_core.aggregates.recounting import recount_marked  # noqa: PLC0415

    try:
        retried = marked_by_check(stats.store)
        if config.everything:
            users: Iterable[str | None] = config.listeners or [None]
            rounds = [one for user in users for one in rebuild_derived(stats.store, user)]
        else:
            rounds = recount_marked(stats.store, config.listeners or None)
        check = result_of(stats.store, rounds, retried)
    except StatsError as error:
        raise dg.Failure(str(error)) from error
    for one in rounds:
        context.log.info(f"{one.user}: {one.busy or f'{len(one.months)} marked months, {len(one.published)} repaired'}")
    for name in ("columns", "daily_totals", "monthly_tops", "listener_totals"):
        yield dg.MaterializeResult(
            asset_key=name,
            metadata=_metadata(stats.store, name, rounds),
            check_results=[check] if name == "daily_totals" else None,
        )


def _metadata(store: Store, name: str, rounds: list["Recounted"]) -> dict[str, int | str]:
    done = [one for one in rounds if not one.busy]
    months = sorted({f"{one.user} {month}" for one in done for month in one.published or one.months})
    metadata: dict[str, int | str] = {
        "status": "counted" if done else "nothing was marked",
        "listeners": len(done),
        "months": len(months),
        "recounted": ", ".join(months[:MOST_MONTHS_SHOWN]) + (" ..." if len(months) > MOST_MONTHS_SHOWN else ""),
        "busy": "; ".join(f"{one.user}: {one.busy}" for one in rounds if one.busy) or "nobody",
    }
    if name == "columns":
        published = sum(len(one.published) for one in done)
        plays = sum(one.plays for one in done)
        parts = sum(store.count(_COLUMNS, Query(equal={"user": one.user})) for one in done)
        return metadata | {"months_published": published, "plays": plays, "parts": parts}
    wrote = [one.wrote[name] for one in done if name in one.wrote]
    return metadata | {
        "documents": sum(each.documents for each in wrote),
        "written": sum(each.written for each in wrote),
        "removed": sum(each.removed for each in wrote),
    }


_COLUMNS: Final[Collection[Stored]] = collections.columns
