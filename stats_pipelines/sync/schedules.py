"""What is asked for by the clock: the catalogue, Spotify's own tops, saved tracks, and whether all is well."""

import dagster as dg

from stats_core.spotify.errors import NotConfigured
from stats_pipelines.resources import StoreResource
from stats_pipelines.sync.assets import catalogue, saved_tracks, spotify_tops
from stats_pipelines.sync.checks import sync_checks
from stats_pipelines.sync.partitions import range_tags, users

enrich_catalogue = dg.define_asset_job("enrich_catalogue", selection=dg.AssetSelection.assets(catalogue))
take_spotify_tops = dg.define_asset_job("take_spotify_tops", selection=dg.AssetSelection.assets(spotify_tops))
take_saved_tracks = dg.define_asset_job("take_saved_tracks", selection=dg.AssetSelection.assets(saved_tracks))
check_sync = dg.define_asset_job("check_sync", selection=dg.AssetSelection.checks(sync_checks))


def _with_an_app(stats: StoreResource) -> dg.RunRequest | dg.SkipReason:
    return dg.RunRequest() if stats.settings.spotify_client_id else dg.SkipReason(str(NotConfigured()))


@dg.schedule(target=enrich_catalogue, cron_schedule="7 * * * *", default_status=dg.DefaultScheduleStatus.RUNNING)
def catalogue_schedule(stats: StoreResource) -> dg.RunRequest | dg.SkipReason:
    """Every hour, for some minutes, as far as the day's requests go."""
    return _with_an_app(stats)


@dg.schedule(target=check_sync, cron_schedule="37 */6 * * *", default_status=dg.DefaultScheduleStatus.RUNNING)
def checks_schedule(stats: StoreResource) -> dg.RunRequest | dg.SkipReason:
    """Four times a day: whether logins end soon, polls are late, or plays were nearly lost."""
    return _with_an_app(stats)


@dg.schedule(target=take_spotify_tops, cron_schedule="20 5 * * *", default_status=dg.DefaultScheduleStatus.RUNNING)
def tops_schedule(context: dg.ScheduleEvaluationContext, stats: StoreResource) -> dg.RunRequest | dg.SkipReason:
    """Once a day, of all who are linked, in one run."""
    return _of_all_linked(context)


@dg.schedule(target=take_saved_tracks, cron_schedule="50 5 * * *", default_status=dg.DefaultScheduleStatus.RUNNING)
def saved_schedule(context: dg.ScheduleEvaluationContext, stats: StoreResource) -> dg.RunRequest | dg.SkipReason:
    """Once a day, of all who are linked, in one run."""
    return _of_all_linked(context)


def _of_all_linked(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    linked = context.instance.get_dynamic_partitions(users.name or "")
    if not linked:
        return dg.SkipReason("Nobody has linked an account.")
    return dg.RunRequest(tags=range_tags(linked))
