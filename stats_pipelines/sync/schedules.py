"""What is asked for by the clock: the catalogue every hour, Spotify's own tops once a day."""

import dagster as dg
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from stats_pipelines.resources import StoreResource
from stats_pipelines.sync.assets import catalogue, spotify_tops
from stats_pipelines.sync.checks import sync_checks
from stats_pipelines.sync.partitions import users

NO_APP = "No app of Spotify's is configured: everything works from exports alone."

enrich_catalogue = dg.define_asset_job("enrich_catalogue", selection=dg.AssetSelection.assets(catalogue))
take_spotify_tops = dg.define_asset_job("take_spotify_tops", selection=dg.AssetSelection.assets(spotify_tops))
check_sync = dg.define_asset_job("check_sync", selection=dg.AssetSelection.checks(sync_checks))


@dg.schedule(
    target=check_sync,
    cron_schedule="37 */6 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Four times a day: whether logins end soon, polls are late, or plays were nearly lost.",
)
def checks_schedule(stats: StoreResource) -> dg.RunRequest | dg.SkipReason:
    """One tick."""
    return dg.RunRequest() if stats.settings.spotify_client_id else dg.SkipReason(NO_APP)


@dg.schedule(
    target=enrich_catalogue,
    cron_schedule="7 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every hour, for some minutes, as far as the day's requests go.",
)
def catalogue_schedule(stats: StoreResource) -> dg.RunRequest | dg.SkipReason:
    """One tick."""
    return dg.RunRequest() if stats.settings.spotify_client_id else dg.SkipReason(NO_APP)


@dg.schedule(
    target=take_spotify_tops,
    cron_schedule="20 5 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Once a day, of all who are linked, in one run.",
)
def tops_schedule(context: dg.ScheduleEvaluationContext, stats: StoreResource) -> dg.RunRequest | dg.SkipReason:
    """One tick."""
    if not stats.settings.spotify_client_id:
        return dg.SkipReason(NO_APP)
    linked = context.instance.get_dynamic_partitions(users.name or "")
    if not linked:
        return dg.SkipReason("Nobody is linked.")
    return dg.RunRequest(tags={ASSET_PARTITION_RANGE_START_TAG: linked[0], ASSET_PARTITION_RANGE_END_TAG: linked[-1]})
