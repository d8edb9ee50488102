"""The runs that are queued or going on, as sensors see them."""

from typing import Final

import dagster as dg

IMPORT_JOB: Final = "import_files"
SYNC_JOB: Final = "sync_plays"
RECOUNT_JOB: Final = "recount"
PLAYS: Final = dg.AssetKey("imported_plays")
COUNTED: Final = tuple(map(dg.AssetKey, ("columns", "daily_totals", "monthly_tops", "listener_totals")))

_RUN_KEY: Final = "dagster/run_key"
_UNFINISHED: Final = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def unfinished_run_keys(instance: dg.DagsterInstance) -> set[str]:
    """The run keys of sensors' runs that have not ended."""
    return {key for run in unfinished(instance) if (key := run.tags.get(_RUN_KEY))}


def changes_plays(run: dg.DagsterRun) -> bool:
    """Whether a run imports, by whatever job."""
    return run.job_name == IMPORT_JOB or PLAYS in (run.asset_selection or ())


def recounts(run: dg.DagsterRun) -> bool:
    """Whether a run makes the aggregates, by whatever job."""
    return run.job_name == RECOUNT_JOB or not (run.asset_selection or set()).isdisjoint(COUNTED)


def unfinished(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """The runs that have not ended."""
    return list(instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)))
