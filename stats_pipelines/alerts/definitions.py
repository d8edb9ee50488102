"""What this folder gives to Dagster."""

import dagster as dg

from stats_pipelines.alerts.sensors import run_failed, run_succeeded, watch_sensor

definitions = dg.Definitions(sensors=[run_failed, run_succeeded, watch_sensor])
