"""Watching: what is wrong with the sync, seen in the store, becomes alerts. Asks Spotify nothing."""

from datetime import datetime, timedelta
from typing import Final

from stats_core.alerts.keeping import open_alerts, settle
from stats_core.alerts.telling import tell
from stats_core.settings import Settings
from stats_core.spotify.budgets import APP, NO_PREMIUM, Budgets
from stats_core.store import collections
from stats_core.store.port import Store
from stats_core.sync.due import RECENT_SCOPE
from stats_core.sync.status import last_taken, login_warning, polled_late

_ABOUT: Final = (APP, "login|", "login-ends|", "polls|")
_SHORT_PAUSE: Final = timedelta(minutes=10)
"""A pause that nobody need know of."""


def watch(store: Store, settings: Settings, now: datetime) -> int:
    """One round: alerts opened and closed, and messages sent; how many the webhook took."""
    found = wrong(store, settings, now) if settings.spotify_client_id else {}
    settle(store, found, _ABOUT, now, is_told=settings.alert_webhook is not None)
    return tell(store, settings, now)


def wrong(store: Store, settings: Settings, now: datetime) -> dict[str, str]:
    """What is wrong now: subject -> words for a person. An app that is paused is one thing, whatever it holds up."""
    found: dict[str, str] = {}
    app = Budgets(store, settings.spotify_budgets).quota(APP)
    if app.cause is not None and (app.cause == NO_PREMIUM or _is_long(store, app.closed_until, now)):
        found[APP] = f"Spotify is not asked for anyone: {app.cause}"
    for account in sorted(store.find(collections.accounts), key=lambda account: account.id):
        user = account.id
        again = f"`spotify-stats login --user {user}` logs in again."
        if account.state != "connected":
            found[f"login|{user}"] = (
                f"Nothing that {user} plays is kept any more: {account.problem or account.state} {again}"
            )
            continue
        if (warning := login_warning(account, now)) is not None:
            found[f"login-ends|{user}"] = f"{user}: {warning}"
        if RECENT_SCOPE in account.refused:
            found[f"login|{user}"] = (
                f"Nothing that {user} plays is kept any more: the login does not allow `{RECENT_SCOPE}`. {again}"
            )
            continue
        sync = store.get(collections.syncs, user)
        if APP not in found and polled_late(account, sync, now):
            since = last_taken(account, sync)
            why = (
                sync.problem if sync and sync.problem else "Is Dagster's daemon running? `spotify-stats doctor` tells."
            )
            found[f"polls|{user}"] = (
                f"What {user} played was last asked for at {since:%Y-%m-%d %H:%M} UTC, and Spotify remembers 50 plays: "
                f"more are lost. {why}"
            )
    return found


def _is_long(store: Store, closed_until: datetime | None, now: datetime) -> bool:
    """A pause that is long, or began as one: it is over when Spotify answers again."""
    was_long = any(alert.subject == APP for alert in open_alerts(store))
    return was_long or (closed_until is not None and closed_until - now > _SHORT_PAUSE)
