"""What Spotify's Web API brings: recent plays, its own tops, and the catalogue of what was played."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from stats_core.clock import utc_now
from stats_core.errors import StatsError
from stats_core.store import collections
from stats_core.sync.due import due
from stats_core.sync.status import PROGRESS
from stats_pipelines.resources import StoreResource
from stats_pipelines.sync.partitions import users

spotify_api = dg.AssetSpec(
    "spotify_api",
    description="Spotify's Web API: the last 50 plays of each listener who linked an account.",
    group_name="sync",
    kinds={"spotify"},
    owners=["team:listening"],
)

Metadata = Mapping[str, Any]

DUE_ONLY_TAG = "stats/due-only"
"""On runs that the sensor asked for: of their range only those whose poll is due are polled."""


def _of_listeners(name: str, description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        name,
        deps=[spotify_api],
        description=description,
        group_name="sync",
        kinds={"python", "spotify"},
        owners=["team:listening"],
        skippable=True,
        partitions_def=users,
    )


@dg.multi_asset(
    specs=[
        _of_listeners(
            "synced_plays",
            "A listener's recent plays. Each poll takes in all 50 that Spotify remembers and keeps what is new. "
            "Materialize a partition to poll now.",
        )
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="spotify",
)
def synced_plays(context: dg.AssetExecutionContext, stats: StoreResource) -> Iterator[dg.AssetMaterialization]:
    """Poll; one event for each listener, and a failure at the end that names those of whom it failed."""
    # pandas and spotipy: what only runs pay, not the code server's start.
    from stats_core.sync.polling import poll  # noqa: PLC0415

    asked = list(context.partition_keys)
    if DUE_ONLY_TAG in context.run.tags:
        waiting = set(due(stats.store, utc_now()))
        asked = [user for user in asked if user in waiting]

    def polled(user: str) -> Metadata:
        taken = poll(stats.store, stats.settings, user)
        return {
            "page": taken.page,
            "new": taken.new,
            "known": taken.known,
            "superseded": taken.superseded,
            "invalid": taken.invalid,
            "gap": taken.gap.cause if taken.gap else "none",
            "next_poll": str(taken.next_poll_at),
        }

    yield from _of_each("synced_plays", asked, polled)


@dg.multi_asset(
    specs=[
        _of_listeners(
            "spotify_tops",
            "Spotify's own top artists and tracks of a listener, over its three windows, as they are today.",
        )
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="spotify",
)
def spotify_tops(context: dg.AssetExecutionContext, stats: StoreResource) -> Iterator[dg.AssetMaterialization]:
    """Keep them, once a day."""
    from stats_core.sync.tops import take_tops  # noqa: PLC0415

    def kept(user: str) -> Metadata:
        taken = take_tops(stats.store, stats.settings, user, utc_now())
        return {"kept": {f"{top.of} {top.range}": len(top.ids) for top in taken}}

    yield from _of_each("spotify_tops", context.partition_keys, kept)


@dg.multi_asset(
    specs=[
        _of_listeners(
            "saved_tracks",
            "The tracks a listener saved at Spotify: the new ones each day, all of them once a week at most, one "
            "listener's a day.",
        )
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="spotify",
)
def saved_tracks(context: dg.AssetExecutionContext, stats: StoreResource) -> Iterator[dg.AssetMaterialization]:
    """Look for new ones, and go on with whoever's turn it is to be read whole."""
    from stats_core.sync.library import take_saved  # noqa: PLC0415

    def looked(user: str) -> Metadata:
        seen = take_saved(stats.store, stats.settings, user, utc_now())
        return {"new": seen.new, "gone": seen.gone, "read_whole": seen.whole}

    yield from _of_each("saved_tracks", context.partition_keys, looked)


@dg.asset(
    deps=[spotify_api, "synced_plays"],
    description="What Spotify tells of tracks, albums and artists, the most played first, within the day's requests.",
    group_name="sync",
    kinds={"python", "spotify"},
    owners=["team:listening"],
    pool="spotify_catalogue",
)
def catalogue(context: dg.AssetExecutionContext, stats: StoreResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Ask for some minutes; what is left is asked for the next time."""
    from stats_core.sync.enriching import enrich  # noqa: PLC0415

    told = enrich(stats.store, stats.settings)
    progress = stats.store.get(collections.enrichment, PROGRESS)
    left = "" if progress is None or progress.days_left is None else f", {progress.days_left} days left"
    so_far = "none" if progress is None else f"{progress.known:,} of {progress.tracks:,} tracks{left}"
    context.log.info(f"{so_far}. {told.closed or ''}")
    return dg.MaterializeResult(
        metadata={
            "progress": so_far,
            "asked": told.asked,
            "new_or_changed": told.documents,
            "missing": told.missing,
            "failed": told.failed,
            "closed": told.closed or "none",
        }
    )


def _of_each(asset: str, listeners: Sequence[str], ask: Callable[[str], Metadata]) -> Iterator[dg.AssetMaterialization]:
    """Ask about one after the other; who fails stops nobody else, and is named at the end."""
    failed: dict[str, str] = {}
    for user in listeners:
        try:
            metadata = ask(user)
        except StatsError as error:
            failed[user] = str(error)
        else:
            yield dg.AssetMaterialization(asset, partition=user, metadata=metadata)
    if failed:
        told = "; ".join(f"{user}: {problem}" for user, problem in failed.items())
        raise dg.Failure(
            f"{len(failed)} of {len(listeners)} listeners could not be asked about. {told}", allow_retries=False
        )
