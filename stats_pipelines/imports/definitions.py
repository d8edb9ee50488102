"""What this folder gives to Dagster."""

import dagster as dg

from stats_pipelines.imports.assets import import_inbox, imported_plays
from stats_pipelines.imports.sensors import import_files, inbox_sensor

definitions = dg.Definitions(assets=[import_inbox, imported_plays], jobs=[import_files], sensors=[inbox_sensor])
