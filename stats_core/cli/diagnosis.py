"""`spotify-stats doctor`: what is configured, reachable, stale or stuck, and what to do about it."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import click
from rich.console import Console
from rich.table import Table

from stats_core.alerts.keeping import open_alerts
from stats_core.cli.opening import checked_settings
from stats_core.cli.serving import CannotListen, is_taken
from stats_core.clock import utc_now
from stats_core.errors import StoreError
from stats_core.insights.coverage import export_advice
from stats_core.listeners import plays_lease_name
from stats_core.settings import Settings
from stats_core.store import collections, open_store
from stats_core.store.leases import described, is_dead
from stats_core.store.port import Query, Store
from stats_core.sync.status import OVERFLOWING, SyncStatus, sync_status

_STALE: Final = timedelta(minutes=10)
_LATELY: Final = timedelta(days=1)
_LITTLE_SPACE: Final = 2 << 30
_COLOURS: Final = {"good": "green", "note": "cyan", "wrong": "red"}


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    what: str
    state: Literal["good", "note", "wrong"]
    told: str
    """What was seen and, where it is not good, what to do."""


@click.command()
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Look at everything and say what is wrong and what to do. Exit 1 if something is."""
    settings = checked_settings()
    findings = list(findings_of(settings))
    table = Table("", "looked at", "found", show_lines=False)
    for finding in findings:
        table.add_row(f"[{_COLOURS[finding.state]}]{finding.state}[/]", finding.what, finding.told)
    Console().print(table)
    ctx.exit(1 if any(finding.state == "wrong" for finding in findings) else 0)


def findings_of(settings: Settings) -> Iterator[Finding]:
    """Everything worth knowing, in the order in which one thing rests on another."""
    yield from _folders(settings)
    yield from _services(settings)
    kind, _, path = settings.database_uri.partition(":///")
    if kind == "sqlite" and not Path(path).exists():  # opening it would make it
        yield Finding("store", "note", f"no {path} yet: `up` and `spotify-stats import FILE` make it")
        return
    try:
        store = open_store(settings.database_uri)
        store.check()
    except StoreError as error:
        yield Finding("store", "wrong", str(error))
        return
    yield Finding("store", "good", f"{settings.database_uri.partition(':')[0]} answers with the right layout")
    try:
        yield from _listeners(store)
        yield from _spotify(store, settings)
        yield from _alerts(store)
        yield from _imports(store)
        yield from _lost_uploads(store, settings)
        yield from _marks(store)
        yield from _inbox(store, settings)
    finally:
        store.close()


def _folders(settings: Settings) -> Iterator[Finding]:
    there = settings.data_dir.is_dir()
    told = str(settings.data_dir) + ("" if there else ": not there yet, `up` and `spotify-stats import FILE` make it")
    yield Finding("data folder", "good" if there else "note", told)
    if there:
        free = shutil.disk_usage(settings.data_dir).free
        state: Literal["good", "wrong"] = "good" if free > _LITTLE_SPACE else "wrong"
        advice = "" if state == "good" else ": make room, or imports will stop"
        yield Finding("disk", state, f"{free / (1 << 30):,.1f} GB free{advice}")
    inbox = settings.inbox_dir
    yield Finding(
        "inbox", "good" if inbox.is_dir() else "note", str(inbox) + ("" if inbox.is_dir() else ": `up` makes it")
    )


def _services(settings: Settings) -> Iterator[Finding]:
    for name, host, port in (
        ("REST service", settings.api_host, settings.api_port),
        ("Dagster's UI", settings.dagster_host, settings.dagster_port),
    ):
        try:
            listens = is_taken(host, port)
        except CannotListen as error:
            yield Finding(name, "wrong", f"{error} Set another host or port.")
            continue
        told = f"something listens on {host}:{port}" if listens else f"nothing on {host}:{port}: `make up` starts it"
        yield Finding(name, "good" if listens else "note", told)


def _listeners(store: Store) -> Iterator[Finding]:
    listeners = list(store.find(collections.listeners))
    if not listeners:
        yield Finding("listeners", "note", "none yet: drop an export into the inbox, or `spotify-stats import FILE`")
    for listener in listeners:
        months = sorted(listener.months)
        told = f"months with plays: {len(months):,}, {months[0]} to {months[-1]}" if months else "no plays yet"
        yield Finding(f"listener {listener.id}", "good", f"{told}, {listener.timezone}")
        if (advice := export_advice(listener.coverage)) is not None:
            yield Finding(f"listener {listener.id}", "note", advice)


def _spotify(store: Store, settings: Settings) -> Iterator[Finding]:
    if not settings.spotify_client_id:
        yield Finding("Spotify", "note", "no app is configured: everything works from exports alone")
        return
    now = utc_now()
    accounts = sorted(store.find(collections.accounts), key=lambda account: account.id)
    if not accounts:
        yield Finding("Spotify", "note", "nobody has linked an account: `spotify-stats login`")
    for account in accounts:
        status = sync_status(store, settings, account.id, now)
        yield _sync(status, now)
        if status.state == "connected" and status.login is not None:
            login = status.login
            told = f"of {login.authorized_at:%Y-%m-%d}, ends about {login.ends_at:%Y-%m-%d}"
            state: Literal["good", "note"] = "good" if login.warning is None else "note"
            yield Finding(f"login of {account.id}", state, login.warning or told)
    if accounts:
        used = ", ".join(f"{one.bucket} {one.used:,} of {one.allowed:,}" for one in status.buckets)
        yield Finding("Spotify", "good", f"requests in 24 hours: {used}")
    closed = [quota for quota in store.find(collections.quotas) if quota.closed_until and quota.closed_until > now]
    for quota in sorted(closed, key=lambda quota: quota.id):
        yield Finding("Spotify", "note", f"{quota.id} is not asked before {_at(quota.closed_until)}: {quota.cause}")


def _sync(status: SyncStatus, now: datetime) -> Finding:
    what, polled = f"sync of {status.user}", _at(status.polled_at)
    if status.state != "connected":
        return Finding(what, "wrong", f"{status.state}: {status.problem or 'log in again'}")
    if status.problem is not None:
        return Finding(what, "wrong", status.problem)
    if status.late:
        return Finding(what, "wrong", f"no poll since {polled}: is Dagster's daemon running (`make up`)?")
    if status.gaps and now - status.gaps[-1].end < _LATELY:
        lost = status.gaps[-1]
        told = f"plays between {_at(lost.start)} and {_at(lost.end)} may be lost: a new export brings them"
        return Finding(what, "wrong", told)
    if status.new >= OVERFLOWING:
        return Finding(what, "note", f"the last poll brought {status.new} new plays of 50: plays were nearly lost")
    told = f"last poll {polled}: {status.new} new of {status.page}; next {_at(status.next_poll_at)}"
    return Finding(what, "good", told)


def _at(instant: datetime | None) -> str:
    return "not yet" if instant is None else f"{instant:%Y-%m-%d %H:%M} UTC"


def _alerts(store: Store) -> Iterator[Finding]:
    for alert in open_alerts(store):
        yield Finding("alert", "wrong", f"since {alert.opened_at:%Y-%m-%d %H:%M} UTC: {alert.told}")
        if alert.problem is not None:
            yield Finding("alert webhook", "wrong", f"{alert.problem} It is tried again at {_at(alert.again_at)}.")


def _imports(store: Store) -> Iterator[Finding]:
    held = list(store.find(collections.leases))
    for lease in held:
        if is_dead(lease):
            yield Finding(
                "lease", "note", f"left by a process that is gone, the next writer takes it: {described(lease)}"
            )
    for status in ("importing", "failed"):
        for document in store.find(collections.imports, Query(equal={"status": status})):
            if any(lease.id == plays_lease_name(document.user) and not is_dead(lease) for lease in held):
                yield Finding("import", "note", f"{document.name} for {document.user} is being imported")
            else:
                advice = f"`spotify-stats import` the file again, or materialize {document.digest[:12]} in Dagster's UI"
                yield Finding("import", "wrong", f"{document.name} for {document.user} was stopped: {advice}")
    refused = store.count(collections.imports, Query(equal={"status": "refused"}))
    if refused:
        yield Finding(
            "imports", "note", f"{refused:,} files were refused: the reasons stand in GET /v1/listeners/…/imports"
        )


def _lost_uploads(store: Store, settings: Settings) -> Iterator[Finding]:
    """Uploads that wait for an import and whose file is gone: nobody will ever import them."""
    from stats_core.imports.importer import digest_of, import_key  # noqa: PLC0415 - pandas takes a while to load
    from stats_core.imports.inbox import files_in  # noqa: PLC0415

    waiting = store.find(collections.imports, Query(equal={"status": "waiting"}))
    lost = {one.id: one for one in waiting if utc_now() - one.received_at > _STALE}
    if not lost:
        return
    users = {listener.id for listener in store.find(collections.listeners)}
    for file in files_in(settings.inbox_dir, users, settings.default_user):
        with suppress(OSError):
            lost.pop(import_key(file.user, digest_of(settings.inbox_dir / file.path)), None)
    for identity in lost:
        now = store.get(collections.imports, identity)
        if now is not None and now.status == "waiting":  # else it was taken from the inbox just now
            yield Finding("import", "wrong", f"{now.name} for {now.user} waits, and its file is gone: upload it again")


def _marks(store: Store) -> Iterator[Finding]:
    marks = list(store.find(collections.marks))
    stale = [mark for mark in marks if utc_now() - mark.marked_at > _STALE]
    if stale:
        users = ", ".join(sorted({mark.user for mark in stale}))
        advice = "is Dagster's daemon running (`make up`)? `spotify-stats rebuild` does it without"
        yield Finding("aggregates", "wrong", f"{len(stale):,} months of {users} wait to be counted: {advice}")
    else:
        yield Finding("aggregates", "good", f"{len(marks):,} months wait to be counted" if marks else "up to date")


def _inbox(store: Store, settings: Settings) -> Iterator[Finding]:
    from stats_core.imports.inbox_claims import stuck_files  # noqa: PLC0415 - pandas takes a while to load

    if not settings.inbox_dir.is_dir():
        return
    for file in stuck_files(store, settings):
        reason = (file.document.reason if file.document else None) or "nobody took it: is Dagster's daemon running?"
        yield Finding("inbox", "wrong", f"{file.path} has lain there for {file.seconds / 60:,.0f} minutes: {reason}")
