"""What this folder gives to Dagster."""

import dagster as dg

from stats_pipelines.sync.assets import spotify_api, synced_plays
from stats_pipelines.sync.sensors import sync_plays, sync_sensor

definitions = dg.Definitions(assets=[spotify_api, synced_plays], jobs=[sync_plays], sensors=[sync_sensor])
