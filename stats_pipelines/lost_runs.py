"""Ending the runs that a power cut or `kill -9` of everything left behind: `python -m stats_pipelines.lost_runs`.

Dagster takes them for running until `max_runtime_seconds` have passed, and they hold the pool: nothing is imported
until then. To be called where no code server is running, before the first one starts.
"""

import sys
from typing import Final

import dagster as dg

_UNDER_WAY: Final = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def end_lost_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark every run that is under way as failed, and say which; what is queued stays queued."""
    runs = instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY))
    for run in runs:
        instance.report_run_failed(run, "The processes ended under this run: the power was cut, or they were killed.")
    return [run.run_id for run in runs]


def main() -> None:
    """End them on the instance of DAGSTER_HOME."""
    with dg.DagsterInstance.get() as instance:
        for run_id in end_lost_runs(instance):
            sys.stderr.write(f"Ended run {run_id}, which was lost when its process was.\n")


if __name__ == "__main__":
    main()
