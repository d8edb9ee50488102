"""Everything Dagster is told: the folders' definitions, the resources, and that a run is one process."""

import dagster as dg

# The folders as modules: Dagster refuses a module that holds two Definitions.
from stats_pipelines.alerts import definitions as alerts
from stats_pipelines.history import definitions as history
from stats_pipelines.imports import definitions as imports
from stats_pipelines.resources import StoreResource
from stats_pipelines.sync import definitions as sync

defs = dg.Definitions.merge(
    imports.definitions,
    sync.definitions,
    history.definitions,
    alerts.definitions,
    dg.Definitions(
        resources={"stats": StoreResource()},
        # A process per step would cost 2.5 s and 115 MB each, and steps share their store.
        executor=dg.in_process_executor,
    ),
)
