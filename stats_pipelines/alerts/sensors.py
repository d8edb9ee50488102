"""Runs that fail, and what is wrong with the sync. All of it may be looked at twice: an alert opens and closes once."""

from datetime import datetime
from typing import Final

import dagster as dg

from stats_core.alerts.keeping import close_alert, open_alert, open_alerts
from stats_core.alerts.watching import watch
from stats_core.clock import instant, utc_now
from stats_pipelines.resources import StoreResource
from stats_pipelines.runs import SYNC_JOB
from stats_pipelines.sync.schedules import take_saved_tracks, take_spotify_tops

TOLD_BY_LISTENER: Final = frozenset({SYNC_JOB, take_spotify_tops.name, take_saved_tracks.name})
"""Jobs that fail where Spotify does: what is wrong then is watched by listener, and told once."""


_LONGEST: Final = 300
"""Characters of what a failure says."""


def _subject(run: dg.DagsterRun) -> str:
    """What failed and may succeed: a job, or the assets that somebody materialized by hand."""
    if run.asset_selection and run.job_name.startswith("__"):
        return "run|" + ",".join(sorted(key.to_user_string() for key in run.asset_selection))
    return f"run|{run.job_name}"


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Opens an alert when a run fails.",
)
def run_failed(context: dg.RunFailureSensorContext, stats: StoreResource) -> None:
    """One failed run."""
    run = context.dagster_run
    if run.job_name in TOLD_BY_LISTENER:
        return
    told = (
        f"A run of {_subject(run).partition('|')[2]} failed: {_cause(context)} It is run {run.run_id[:8]} in "
        "Dagster's UI, where it can be run again."
    )
    open_alert(stats.store, _subject(run), told, _ended(context), is_told=stats.settings.alert_webhook is not None)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Closes the alert of a job that succeeded since.",
)
def run_succeeded(context: dg.RunStatusSensorContext, stats: StoreResource) -> None:
    """One run that succeeded."""
    subject = _subject(context.dagster_run)
    close_alert(stats.store, subject, _ended(context), is_told=stats.settings.alert_webhook is not None)


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Opens and closes the alerts of the sync, and sends to the webhook what is owed to it.",
)
def watch_sensor(stats: StoreResource) -> dg.SkipReason:
    """One round; it starts no run."""
    taken = watch(stats.store, stats.settings, utc_now())
    return dg.SkipReason(f"{len(open_alerts(stats.store))} alerts are open; {taken} messages were sent.")


def _ended(context: dg.RunStatusSensorContext) -> datetime:
    """When the run ended: the two sensors may see runs out of turn."""
    record = context.instance.get_run_record_by_id(context.dagster_run.run_id)
    return instant(round(record.end_time * 1_000)) if record is not None and record.end_time else utc_now()


def _cause(context: dg.RunFailureSensorContext) -> str:
    """What the first step that failed says, in a line; else what the run says."""
    messages = [context.failure_event.message or ""]
    for event in context.get_step_failure_events():
        error = event.step_failure_data.error
        while error is not None:
            messages.append(error.message)
            error = error.cause
    told = next((" ".join(message.split()) for message in reversed(messages) if message.strip()), "it does not say why")
    if len(told) > _LONGEST:
        told = told[:_LONGEST].rstrip() + " …"
    return told if told.endswith((".", "…", "!", "?")) else told + "."
