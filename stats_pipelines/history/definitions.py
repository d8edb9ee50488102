"""What this folder gives to Dagster."""

import dagster as dg

from stats_pipelines.history.assets import derived
from stats_pipelines.history.sensors import marks_sensor, recount

definitions = dg.Definitions(assets=[derived], jobs=[recount], sensors=[marks_sensor])
