"""The watch over the inbox. It changes nothing: Dagster may run it twice, or for a preview."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta

import dagster as dg
import msgspec

from stats_core.errors import InvalidParameter
from stats_core.imports.inbox import SETTLE_SECONDS, ImportKey, Look, Seen, import_key_of, look, parsed_key
from stats_core.settings import Settings
from stats_core.store import collections
from stats_core.store.port import Query, Range, Store
from stats_pipelines.imports.assets import FILE_TAG, imported_plays
from stats_pipelines.imports.partitions import imports
from stats_pipelines.resources import StoreResource
from stats_pipelines.runs import IMPORT_JOB, unfinished_run_keys

LISTENER_TAG = "stats/listener"
OVERLAP = timedelta(minutes=10)
"""How far back imports without a partition are looked for again: other machines' clocks may be late."""

import_files = dg.define_asset_job(
    IMPORT_JOB,
    selection=dg.AssetSelection.assets(imported_plays),
    description="Imports one dropped file; the inbox sensor asks for it.",
)


class Cursor(msgspec.Struct):
    """What the sensor remembers from tick to tick."""

    files: dict[str, Seen] = {}
    imports: dict[str, datetime] = {}
    """Listener -> when the latest import that has a partition was received."""


@dg.sensor(
    target=import_files,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for an import of every whole file in the inbox, again if its run died, and makes a partition "
    "for every import that came another way.",
)
def inbox_sensor(context: dg.SensorEvaluationContext, stats: StoreResource) -> dg.SensorResult:
    """One tick."""
    cursor = msgspec.json.decode(context.cursor, type=Cursor) if context.cursor else Cursor()
    keys = set(context.instance.get_dynamic_partitions(imports.name or ""))
    listeners = [listener.id for listener in stats.store.find(collections.listeners)]
    found = patient_look(context.instance, stats.settings, set(listeners), cursor.files, keys)
    others, received = imports_without_partition(stats.store, listeners, cursor.imports, keys)
    new = sorted({ready.key for ready in found.ready} - keys | others)
    return dg.SensorResult(
        dynamic_partitions_requests=[imports.build_add_request(new)] if new else [],
        run_requests=[
            dg.RunRequest(
                run_key=ready.run_key,
                partition_key=ready.key,
                tags={FILE_TAG: ready.file.path, LISTENER_TAG: ready.file.user},
            )
            for ready in found.ready
        ],
        asset_events=[_last_seen(found)] if found.ready else [],
        skip_reason=None if found.ready else _what_waits(found),
        cursor=msgspec.json.encode(Cursor(dict(found.seen), received)).decode(),
    )


def patient_look(
    instance: dg.DagsterInstance,
    settings: Settings,
    users: set[str],
    before: dict[str, Seen],
    keys: set[str],
    sleep: Callable[[float], None] = time.sleep,
) -> Look:
    """A look at the inbox, and a second one if files are settling: the daemon comes by only every five seconds."""
    known = {(key.user, key.digest12): str(key) for key in _parsed(keys)}

    def one(before: dict[str, Seen]) -> Look:
        waiting = any(seen.sent for seen in before.values())
        return look(
            settings.inbox_dir,
            users,
            settings.default_user,
            before,
            time.time(),
            unfinished=unfinished_run_keys(instance) if waiting else (),
            known=known,
        )

    first = one(before)
    if not first.settling or first.ready:
        return first
    sleep(SETTLE_SECONDS)
    return one(dict(first.seen))


def imports_without_partition(
    store: Store, listeners: list[str], since: dict[str, datetime], keys: set[str]
) -> tuple[set[str], dict[str, datetime]]:
    """The keys of imports that came by command line or before this Dagster, and how far that was looked."""
    known = {(key.user, key.digest12) for key in _parsed(keys)}
    missing: set[str] = set()
    latest: dict[str, datetime] = {}
    for user in listeners:
        low = since[user] - OVERLAP if user in since else None
        query = Query(equal={"user": user}, range=Range("received_at", low) if low else None, order="received_at")
        for document in store.find(collections.imports, query):
            latest[user] = document.received_at
            key = import_key_of(user, document.name, document.digest)
            if document.status != "waiting" and (user, key.digest12) not in known:
                missing.add(str(key))
        if user in since:
            latest[user] = max(latest.get(user, since[user]), since[user])
    return missing, latest


def _parsed(keys: Iterable[str]) -> Iterator[ImportKey]:
    """The keys that are an import's: by hand, in Dagster's UI, anything can be made one."""
    for key in keys:
        with suppress(InvalidParameter):
            yield parsed_key(key)


def _what_waits(found: Look) -> str:
    return f"{found.settling} not whole yet, {found.sent} asked for ({found.left} of them not again)"


def _last_seen(found: Look) -> dg.AssetMaterialization:
    names = [ready.file.path for ready in found.ready]
    size = sum(ready.file.size for ready in found.ready)
    return dg.AssetMaterialization("import_inbox", metadata={"files": len(names), "bytes": size, "last": names[-1]})
