"""What this folder gives to Dagster."""

import dagster as dg

from stats_pipelines.sync.assets import catalogue, spotify_api, spotify_tops, synced_plays
from stats_pipelines.sync.schedules import catalogue_schedule, enrich_catalogue, take_spotify_tops, tops_schedule
from stats_pipelines.sync.sensors import sync_plays, sync_sensor

definitions = dg.Definitions(
    assets=[spotify_api, synced_plays, spotify_tops, catalogue],
    jobs=[sync_plays, enrich_catalogue, take_spotify_tops],
    sensors=[sync_sensor],
    schedules=[catalogue_schedule, tops_schedule],
)
