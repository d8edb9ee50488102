"""How a listener's sync goes, for the REST service, `doctor` and Dagster's checks. Asks the store, never Spotify."""

from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from stats_core.documents.accounts import Account, Enrichment, Quota
from stats_core.documents.sync import Sync
from stats_core.listeners import known_listener
from stats_core.settings import Settings
from stats_core.spotify.budgets import APP, BUCKETS, Budgets, used
from stats_core.store import collections
from stats_core.store.port import Store

SyncState = Literal["not configured", "not linked", "connected", "needs login", "not allowed"]

WARNED_AFTER: Final = timedelta(days=150)
ENDS_AFTER: Final = timedelta(days=180)
"""Six months: so long after the login Spotify takes its tokens, whatever was refreshed meanwhile."""
PROGRESS: Final = "catalogue"
"""The one document that says how far the catalogue is."""
LATE_AFTER: Final = timedelta(hours=2, minutes=30)
"""Without a poll that brought a page for so long, plays may be about to be lost: one is due after half an hour."""
OVERFLOWING: Final = 40
"""So many new plays of the 50 that Spotify remembers are close to a loss."""


class BucketStatus(msgspec.Struct):
    """Requests of one kind that the app makes."""

    bucket: str
    used: int
    """In the last 24 hours."""
    allowed: int
    closed_until: datetime | None
    """Before that none is made."""
    cause: str | None


class LoginStatus(msgspec.Struct):
    """The login that the sync rests on."""

    authorized_at: datetime
    ends_at: datetime
    """When Spotify takes it no more: about six months after it."""
    warning: str | None
    """What to do, from five months on."""
    scopes: list[str]
    refused: list[str]
    """Scopes that Spotify says are missing: what needs them rests until the next login."""


class LostTime(msgspec.Struct):
    """A stretch of time `[start, end)` of which plays may have been lost."""

    start: datetime
    end: datetime
    cause: str
    """In words for a person."""


class CatalogueStatus(msgspec.Struct):
    """How far the catalogue of what all listeners played is; `catalogue` in Dagster asks for the rest."""

    at: datetime
    """When it was looked at last."""
    tracks: int
    """Tracks with an id of Spotify's that anybody played."""
    known: int
    """Those of them whose artists and length are known."""
    whole: int
    """Those of them of which all is known that Spotify tells."""
    missing: int
    """Those of them that Spotify does not know."""
    days_left: int | None
    """Until all are whole, at the requests of a day; null: nobody is linked."""


class SyncStatus(msgspec.Struct):
    """How a listener's sync goes."""

    user: str
    state: SyncState
    polled_at: datetime | None
    """When a page was last taken in."""
    next_poll_at: datetime | None
    """null: none is due, for nobody is linked, or they must log in again."""
    page: int
    """Plays of the last page; Spotify remembers 50."""
    new: int
    """How many of them were not known before: near 50, plays are about to be lost. None at the first poll."""
    gaps: list[LostTime]
    """Stretches of which plays may have been lost; an export brings them."""
    problem: str | None
    """Why the last poll failed."""
    late: bool
    """Linked, and no page was taken in for two hours and a half: plays are about to be lost, or are."""
    login: LoginStatus | None
    app_closed_until: datetime | None
    """Before that Spotify is not asked at all."""
    app_cause: str | None
    buckets: list[BucketStatus]
    catalogue: CatalogueStatus | None
    """None: it was never looked at."""


def sync_status(store: Store, settings: Settings, user: str, now: datetime) -> SyncStatus:
    """How it goes. Raises UnknownListener."""
    known_listener(store, user)
    account, sync = store.get(collections.accounts, user), store.get(collections.syncs, user) or Sync(id=user)
    budgets = Budgets(store, settings.spotify_budgets)
    quotas = budgets.quotas()
    app_closed_until, app_cause = _closed(quotas.get(APP), now)
    return SyncStatus(
        user=user,
        state=_state(settings, account),
        polled_at=sync.polled_at,
        next_poll_at=sync.next_poll_at if account is not None and account.state == "connected" else None,
        page=sync.page,
        new=sync.unknown,
        gaps=[LostTime(gap.start, gap.end, gap.cause) for gap in sync.gaps],
        late=account is not None and account.state == "connected" and polled_late(account, sync, now),
        problem=(account.problem if account is not None else None) or sync.problem,
        login=None if account is None else _login(account, now),
        app_closed_until=app_closed_until,
        app_cause=app_cause,
        buckets=[
            BucketStatus(name, used(quota, now), budgets.size(name), *_closed(quota, now))
            for name, quota in ((name, quotas.get(name) or Quota(id=name)) for name in BUCKETS)
        ],
        catalogue=_catalogue(store.get(collections.enrichment, PROGRESS)),
    )


def polled_late(account: Account, sync: Sync | None, now: datetime) -> bool:
    """Whether nothing was taken in for long: plays are about to be lost, or are, whatever the reason."""
    return now - last_taken(account, sync) > LATE_AFTER


def last_taken(account: Account, sync: Sync | None) -> datetime:
    """When a page was last taken in, or since when one can be: the login."""
    polled_at = sync.polled_at if sync is not None else None
    return max(polled_at or account.authorized_at, account.authorized_at)


def login_warning(account: Account, now: datetime) -> str | None:
    """What to tell the listener from five months on."""
    if account.state != "connected" or now < account.authorized_at + WARNED_AFTER:
        return None
    ends = account.authorized_at + ENDS_AFTER
    return (
        f"The login ends about {ends:%Y-%m-%d}: Spotify ends each after six months. Log in again before then, with "
        f"`spotify-stats login --user {account.id}`."
    )


def _state(settings: Settings, account: Account | None) -> SyncState:
    if not settings.spotify_client_id:
        return "not configured"
    return "not linked" if account is None else account.state


def _login(account: Account, now: datetime) -> LoginStatus:
    ends = account.authorized_at + ENDS_AFTER
    warning = login_warning(account, now)
    return LoginStatus(account.authorized_at, ends, warning, account.scopes, account.refused)


def _catalogue(far: Enrichment | None) -> CatalogueStatus | None:
    if far is None:
        return None
    return CatalogueStatus(far.at, far.tracks, far.known, far.whole, far.missing, far.days_left)


def _closed(quota: Quota | None, now: datetime) -> tuple[datetime | None, str | None]:
    """Until when, and why; nothing where it is open."""
    if quota is None or quota.closed_until is None or quota.closed_until <= now:
        return None, None
    return quota.closed_until, quota.cause
