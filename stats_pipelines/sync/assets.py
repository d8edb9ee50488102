"""What listeners played recently, polled: one run for all whose poll is due."""

from collections.abc import Iterator

import dagster as dg

from stats_core.clock import utc_now
from stats_core.errors import StatsError
from stats_pipelines.resources import StoreResource
from stats_pipelines.sync.partitions import users

spotify_api = dg.AssetSpec(
    "spotify_api",
    description="Spotify's Web API: the last 50 plays of each listener who linked an account.",
    group_name="sync",
    kinds={"spotify"},
    owners=["team:listening"],
)

DUE_ONLY_TAG = "stats/due-only"
"""On runs that the sensor asked for: of their range only those whose poll is due are polled."""


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            "synced_plays",
            deps=[spotify_api],
            description="A listener's recent plays. Each poll takes in all 50 that Spotify remembers and "
            "keeps what is new. Materialize a partition to poll now.",
            group_name="sync",
            kinds={"python", "spotify"},
            owners=["team:listening"],
            skippable=True,
            partitions_def=users,
        )
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="spotify",
)
def synced_plays(context: dg.AssetExecutionContext, stats: StoreResource) -> Iterator[dg.AssetMaterialization]:
    """Poll; one event for each listener, and a failure at the end that names those of whom it failed."""
    # pandas, pyarrow and spotipy: what only runs pay, not the code server's start.
    from stats_core.sync.polling import due, poll  # noqa: PLC0415

    asked = list(context.partition_keys)
    if DUE_ONLY_TAG in context.run.tags:
        waiting = set(due(stats.store, utc_now()))
        asked = [user for user in asked if user in waiting]
    failed: dict[str, str] = {}
    for user in asked:
        try:
            taken = poll(stats.store, stats.settings, user)
        except StatsError as error:
            failed[user] = str(error)
            continue
        yield dg.AssetMaterialization(
            "synced_plays",
            partition=user,
            metadata={
                "page": taken.page,
                "new": taken.new,
                "known": taken.known,
                "superseded": taken.superseded,
                "invalid": taken.invalid,
                "gap": taken.gap.cause if taken.gap else "none",
                "next_poll": str(taken.next_poll_at),
            },
        )
    if failed:
        told = "; ".join(f"{user}: {problem}" for user, problem in failed.items())
        raise dg.Failure(f"{len(failed)} of {len(asked)} listeners could not be polled. {told}", allow_retries=False)
