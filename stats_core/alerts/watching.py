"""Watching: what is wrong with the sync, seen in the store, becomes alerts. Asks Spotify nothing."""

from datetime import datetime, timedelta
from typing import Final

from stats_core.alerts.keeping import settle
from stats_core.alerts.telling import tell
from stats_core.settings import Settings
from stats_core.spotify.budgets import APP, NO_PREMIUM, Budgets
from stats_core.store import collections
from stats_core.store.port import Store
from stats_core.sync.due import RECENT_SCOPE
from stats_core.sync.status import LATE_AFTER, login_warning

_ABOUT: Final = ("app", "login|", "polls|")
_SHORT_PAUSE: Final = timedelta(minutes=10)
"""A pause that nobody need know of."""


def watch(store: Store, settings: Settings, now: datetime) -> int:
    """One round: alerts opened and closed, and messages sent; how many the webhook took."""
    if settings.spotify_client_id:
        settle(store, wrong(store, settings, now), _ABOUT, now, is_told=settings.alert_webhook is not None)
    return tell(store, settings, now)


def wrong(store: Store, settings: Settings, now: datetime) -> dict[str, str]:
    """What is wrong now: subject -> words for a person. An app that is paused is one thing, whatever it holds up."""
    found: dict[str, str] = {}
    app = Budgets(store, settings.spotify_budgets).quota(APP)
    is_paused = app.cause is not None and (app.cause == NO_PREMIUM or _is_long(app.closed_until, now))
    if is_paused:
        found[APP] = f"Spotify is not asked for anyone: {app.cause}"
    for account in sorted(store.find(collections.accounts), key=lambda account: account.id):
        user = account.id
        if account.state != "connected":
            found[f"login|{user}"] = (
                f"Nothing that {user} plays is kept any more: {account.problem or account.state} "
                f"`spotify-stats login --user {user}` logs in again."
            )
            continue
        if (warning := login_warning(account, now)) is not None:
            found[f"login|{user}"] = f"{user}: {warning}"
        sync = store.get(collections.syncs, user)
        due = account.authorized_at if sync is None or sync.next_poll_at is None else sync.next_poll_at
        if not is_paused and RECENT_SCOPE not in account.refused and now - due > LATE_AFTER:
            found[f"polls|{user}"] = (
                f"{user} was to be asked about at {due:%Y-%m-%d %H:%M} UTC and was not: plays are lost after 50 more. "
                "Is Dagster's daemon running? `spotify-stats doctor` tells."
            )
    return found


def _is_long(closed_until: datetime | None, now: datetime) -> bool:
    return closed_until is not None and closed_until - now > _SHORT_PAUSE
