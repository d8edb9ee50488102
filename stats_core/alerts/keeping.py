"""Keeping alerts: opened once and closed once, however many processes see the same."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from stats_core.documents.alerts import Alert
from stats_core.store import collections
from stats_core.store.port import Query, Store


def open_alert(store: Store, subject: str, told: str, now: datetime, *, is_told: bool) -> bool:
    """Open it, if it is not open; whether that was done here. `is_told`: there is a webhook to tell.

    `now` is when it went wrong: what was closed later is over.
    """
    last = _last(store, subject)
    if last is not None and (last.closed_at is None or last.closed_at > now):
        return False
    number = last.number + 1 if last else 1
    alert = Alert(
        id=f"{subject}|{number:06}",
        subject=subject,
        number=number,
        told=told,
        opened_at=now,
        owed=["opened"] if is_told else [],
    )
    return not store.insert(collections.alerts, [alert])


def close_alert(store: Store, subject: str, now: datetime, *, is_told: bool) -> bool:
    """Close it, if it is open; whether that was done here. `now` is when all was well: what was opened later is not."""
    while True:
        last = _last(store, subject)
        if last is None or last.closed_at is not None or last.opened_at > now:
            return False
        owed = [*last.owed, "closed"] if is_told else last.owed
        closed = msgspec.structs.replace(last, revision=last.revision + 1, closed_at=now, owed=owed)
        if store.replace(collections.alerts, closed, last.revision):
            return True


def open_alerts(store: Store) -> list[Alert]:
    """Those that are open, the oldest first."""
    return sorted(
        store.find(collections.alerts, Query(equal={"closed_at": None})), key=lambda alert: (alert.opened_at, alert.id)
    )


def settle(store: Store, wrong: Mapping[str, str], about: tuple[str, ...], now: datetime, *, is_told: bool) -> None:
    """Open what is wrong, subject by subject, and close what of these kinds of subjects is not wrong any more."""
    for alert in open_alerts(store):
        if alert.subject.startswith(about) and alert.subject not in wrong:
            close_alert(store, alert.subject, now, is_told=is_told)
    for subject, told in wrong.items():
        open_alert(store, subject, told, now, is_told=is_told)


def _last(store: Store, subject: str) -> Alert | None:
    query = Query(equal={"subject": subject}, order="number", descending=True, limit=1)
    return next(iter(store.find(collections.alerts, query)), None)
