"""What this folder gives to Dagster."""

import dagster as dg

from stats_pipelines.sync.assets import catalogue, saved_tracks, spotify_api, spotify_tops, synced_plays
from stats_pipelines.sync.checks import sync_checks
from stats_pipelines.sync.schedules import (
    catalogue_schedule,
    check_sync,
    checks_schedule,
    enrich_catalogue,
    saved_schedule,
    take_saved_tracks,
    take_spotify_tops,
    tops_schedule,
)
from stats_pipelines.sync.sensors import sync_plays, sync_sensor

definitions = dg.Definitions(
    assets=[spotify_api, synced_plays, spotify_tops, saved_tracks, catalogue],
    asset_checks=[sync_checks],
    jobs=[sync_plays, enrich_catalogue, take_spotify_tops, take_saved_tracks, check_sync],
    sensors=[sync_sensor],
    schedules=[catalogue_schedule, tops_schedule, saved_schedule, checks_schedule],
)
