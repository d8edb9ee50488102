"""The watch over the marks. It changes nothing: Dagster may run it twice, or for a preview."""

import hashlib
import time
from collections.abc import Iterable
from typing import Final

import dagster as dg
import msgspec

from stats_core.documents.derived import Mark
from stats_core.listeners import plays_lease_name
from stats_core.store import collections
from stats_core.store.leases import described, is_dead
from stats_core.store.port import Store
from stats_pipelines.history.assets import derived
from stats_pipelines.resources import StoreResource
from stats_pipelines.runs import RECOUNT_JOB, changes_plays, recounts, unfinished

PAUSES: Final = (5.0, 30.0, 120.0, 600.0)
"""Seconds until a round that left the very same marks is asked for again; the last one holds from then on."""

recount = dg.define_asset_job(
    RECOUNT_JOB,
    selection=dg.AssetSelection.assets(derived),
    description="Counts anew what marks say has changed; the marks sensor asks for it.",
)


class Cursor(msgspec.Struct):
    """What the sensor remembers from tick to tick."""

    content: str = ""
    """Of the marks a round was asked for."""
    asked: int = 0
    """How often in a row."""
    at: float = 0.0
    """When last, or when a round for them was last going on; seconds since 1970."""


@dg.sensor(
    target=recount,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for one round of columns and aggregates whenever months are marked and no import is running.",
)
def marks_sensor(context: dg.SensorEvaluationContext, stats: StoreResource) -> dg.SensorResult | dg.SkipReason:
    """One tick."""
    marks = list(stats.store.find(collections.marks))
    if not marks:
        return dg.SkipReason("Nothing is marked.")
    now = time.time()
    cursor = msgspec.json.decode(context.cursor, type=Cursor) if context.cursor else Cursor()
    content = content_of(marks)
    if cursor.content != content:
        cursor = Cursor(content)
    runs = unfinished(context.instance)
    if any(map(recounts, runs)):
        return _wait("A round is queued or going on.", msgspec.structs.replace(cursor, at=now))
    if any(map(changes_plays, runs)):
        return _wait("An import is queued or going on: one round after the last.", cursor)
    if (writing := writer(stats.store, {mark.user for mark in marks})) is not None:
        return _wait(f"Waiting for {writing}.", cursor)
    if cursor.asked and now < cursor.at + PAUSES[min(cursor.asked, len(PAUSES)) - 1]:
        return _wait("The last round left these marks: a pause.", cursor)
    asked = Cursor(content, cursor.asked + 1, now)
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=f"{content}:{asked.asked}", tags={"stats/marks": str(len(marks))})],
        cursor=msgspec.json.encode(asked).decode(),
    )


def content_of(marks: Iterable[Mark]) -> str:
    """A short name for exactly these marks: another marking gives another one."""
    lines = sorted(f"{mark.id} {mark.revision} {mark.marked_at.isoformat()}" for mark in marks)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def writer(store: Store, users: Iterable[str]) -> str | None:
    """Who is changing the plays of one of these listeners right now, of whatever process."""
    for user in sorted(users):
        held = store.get(collections.leases, plays_lease_name(user))
        if held is not None and not is_dead(held):
            return f"{user}: {described(held)}"
    return None


def _wait(reason: str, cursor: Cursor) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=reason, cursor=msgspec.json.encode(cursor).decode())
