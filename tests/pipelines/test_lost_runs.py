"""After a power cut, nothing waits for runs that nobody runs."""

import dagster as dg

from stats_pipelines.definitions import defs
from stats_pipelines.lost_runs import end_lost_runs


def test_runs_whose_processes_are_gone_end_and_queued_ones_stay(instance: dg.DagsterInstance) -> None:
    job = defs.resolve_job_def("recount")
    lost = [
        instance.create_run_for_job(job, status=status)
        for status in (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)
    ]
    waiting = instance.create_run_for_job(job)
    assert sorted(end_lost_runs(instance)) == sorted(run.run_id for run in lost)
    for run in lost:
        after = instance.get_run_by_id(run.run_id)
        assert after is not None
        assert after.status == dg.DagsterRunStatus.FAILURE
    after = instance.get_run_by_id(waiting.run_id)
    assert after is not None
    assert after.status == dg.DagsterRunStatus.NOT_STARTED
    assert end_lost_runs(instance) == []
