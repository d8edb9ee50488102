"""Telling: each message of an alert goes to the webhook once it takes it, in order."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import httpx
import msgspec

from stats_core.documents.alerts import Alert, Message
from stats_core.errors import LeaseLost, StoreUnavailable
from stats_core.settings import Settings
from stats_core.store import collections
from stats_core.store.leases import lease
from stats_core.store.port import Query, Range, Store

_TIMEOUT_SECONDS: Final = 10.0
_MOST_AT_ONCE: Final = 4
"""Messages of one round: a webhook that hangs must not hold up whoever tells for longer than a minute."""
_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=6)
_KEPT: Final = timedelta(days=400)
"""How long a closed alert is kept."""

# They log every address, and a webhook's holds a secret.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Told(msgspec.Struct):
    """What the webhook is sent, as JSON."""

    text: str
    """For a person; Slack and Mattermost show this."""
    content: str
    """The same; Discord shows this."""
    alert: str
    """The alert's id; with `message` it tells a repetition apart."""
    message: Message
    subject: str
    opened_at: datetime
    closed_at: datetime | None


def tell(store: Store, settings: Settings, now: datetime) -> int:
    """Send what is owed and due; how many messages were taken. What is not taken is tried again, later and later."""
    store.delete(collections.alerts, Query(range=Range("closed_at", None, now - _KEPT)))
    if settings.alert_webhook is None or not _due(store, now):
        return 0
    try:
        with (
            lease(store, "alerts", purpose="telling of alerts", timeout=0) as held,
            httpx.Client(timeout=_TIMEOUT_SECONDS) as client,
        ):
            taken = 0
            for alert in _due(store, now)[:_MOST_AT_ONCE]:
                held.renew()
                taken += _tell_of(store, client, settings.alert_webhook.get_secret_value(), alert, now)
            return taken
    except (StoreUnavailable, LeaseLost):  # another process tells of them just now
        return 0


def _due(store: Store, now: datetime) -> list[Alert]:
    """Alerts with a message that may be sent, the oldest first."""
    waiting = [alert for alert in store.find(collections.alerts) if alert.owed]
    due = [alert for alert in waiting if alert.again_at is None or alert.again_at <= now]
    return sorted(due, key=lambda alert: (alert.opened_at, alert.id))


def _tell_of(store: Store, client: httpx.Client, address: str, alert: Alert, now: datetime) -> int:
    taken = 0
    for message in alert.owed:
        problem = _refused(client, address, alert, message)
        if problem is not None:
            _change(store, alert, partial(_put_off, problem=problem, now=now))
            return taken
        _change(store, alert, partial(_without, message=message))
        taken += 1
    return taken


def _refused(client: httpx.Client, address: str, alert: Alert, message: Message) -> str | None:
    """Send a message; why it was not taken."""
    over = message == "closed"
    text = f"Spotify Stats: over since {alert.closed_at:%Y-%m-%d %H:%M} UTC: {alert.told}" if over else (
        f"Spotify Stats: {alert.told}"
    )  # fmt: skip
    told = Told(text, text, alert.id, message, alert.subject, alert.opened_at, alert.closed_at if over else None)
    try:
        answer = client.post(
            address, content=msgspec.json.encode(told), headers={"Content-Type": "application/json"}
        )  # fmt: skip
    except (httpx.HTTPError, httpx.InvalidURL) as error:  # its words may hold the address, which is a secret
        return f"The webhook could not be reached: {type(error).__name__}."
    return None if answer.is_success else f"The webhook answered {answer.status_code}."


def _put_off(alert: Alert, problem: str, now: datetime) -> Alert:
    wait = min(_FIRST_WAIT * 2 ** min(alert.tries, 20), _LONGEST_WAIT)
    return msgspec.structs.replace(alert, tries=alert.tries + 1, again_at=now + wait, problem=problem)


def _without(alert: Alert, message: Message) -> Alert:
    owed = [one for one in alert.owed if one != message]
    return msgspec.structs.replace(alert, owed=owed, tries=0, again_at=None, problem=None)


def _change(store: Store, alert: Alert, changed: Callable[[Alert], Alert]) -> None:
    while (known := store.get(collections.alerts, alert.id)) is not None:
        after = msgspec.structs.replace(changed(known), revision=known.revision + 1)
        if store.replace(collections.alerts, after, known.revision):
            return
