"""Who is due is polled. The sensor changes nothing but the partitions: Dagster may run it twice, or for a preview."""

import dagster as dg

from stats_core.clock import utc_now
from stats_core.spotify.errors import NotConfigured
from stats_core.store import collections
from stats_core.sync.due import due
from stats_pipelines.resources import StoreResource
from stats_pipelines.runs import SYNC_JOB, unfinished
from stats_pipelines.sync.assets import DUE_ONLY_TAG, synced_plays
from stats_pipelines.sync.partitions import range_tags, users

sync_plays = dg.define_asset_job(
    SYNC_JOB,
    selection=dg.AssetSelection.assets(synced_plays),
    description="Polls everybody whose poll is due; the sync sensor asks for it.",
)


@dg.sensor(
    target=sync_plays,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a poll of all whose poll is due: every 15 minutes while they play, every 30 else.",
)
def sync_sensor(context: dg.SensorEvaluationContext, stats: StoreResource) -> dg.SensorResult | dg.SkipReason:
    """One tick."""
    if not stats.settings.spotify_client_id:
        return dg.SkipReason(str(NotConfigured()))
    known = context.instance.get_dynamic_partitions(users.name or "")
    linked = sorted(account.id for account in stats.store.find(collections.accounts))
    new, gone = [user for user in linked if user not in known], [user for user in known if user not in linked]
    requests: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
    if new:
        requests.append(users.build_add_request(new))
    if gone:
        requests.append(users.build_delete_request(gone))
    waiting = set(due(stats.store, utc_now()))
    keys = [*(user for user in known if user not in gone), *new]
    asked = [user for user in keys if user in waiting]
    if not asked or any(run.job_name == SYNC_JOB for run in unfinished(context.instance)):
        why = f"{len(linked)} linked, {len(asked)} due" + (", and a run goes on" if asked else "")
        return dg.SensorResult(skip_reason=why, dynamic_partitions_requests=requests)
    request = dg.RunRequest(tags={**range_tags(asked), DUE_ONLY_TAG: "yes"})
    return dg.SensorResult(run_requests=[request], dynamic_partitions_requests=requests)
