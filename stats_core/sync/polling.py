"""Polling: Spotify is asked what a listener played recently, and how that went is kept in words for a person."""

from datetime import datetime, timedelta
from typing import Final

from stats_core.clock import utc_now
from stats_core.documents.sync import Sync, SyncRequest
from stats_core.listeners import known_listener
from stats_core.settings import Settings
from stats_core.spotify.budgets import Budgets
from stats_core.spotify.client import Client
from stats_core.spotify.errors import Closed, NotAllowed, NotLinked, ScopeMissing, SpotifyError
from stats_core.spotify.objects import Found
from stats_core.spotify.tokens import TokenKeeper, mark_account
from stats_core.store import collections
from stats_core.store.port import Query, Store
from stats_core.sync.harvest import harvest
from stats_core.sync.recent import Taken, take_in

RECENT_SCOPE: Final = "user-read-recently-played"
_AGAIN: Final = timedelta(minutes=15)


def poll(store: Store, settings: Settings, user: str) -> Taken:
    """Make one poll. Raises SpotifyError, told in the listener's sync, too; and UnknownListener."""
    began = utc_now()
    keeper = TokenKeeper(store, settings, user)
    client = Client(settings, Budgets(store, settings.spotify_budgets), keeper.tokens())
    try:
        entries = client.recently_played()
    except NotLinked:
        raise
    except SpotifyError as error:
        _tell_failure(store, user, error)
        _answered(store, user, began)
        raise
    finally:
        client.close()
    taken = take_in(store, user, entries, utc_now())
    found = Found()
    for entry in entries:
        found.see_track(entry.get("track") if isinstance(entry, dict) else None)
    harvest(store, found)
    _answered(store, user, began)
    return taken


def ask_for_poll(store: Store, user: str) -> SyncRequest:
    """Have a poll made at the next opportunity. Raises UnknownListener, and NotLinked."""
    known_listener(store, user)
    if store.get(collections.accounts, user) is None:
        raise NotLinked(user)
    request = SyncRequest(id=user, asked_at=utc_now())
    store.put(collections.sync_requests, [request])
    return request


def due(store: Store, now: datetime) -> list[str]:
    """The listeners whose next poll is due or asked for, those who wait longest first."""
    asked = {request.id: request.asked_at for request in store.find(collections.sync_requests)}
    syncs = {sync.id: sync for sync in store.find(collections.syncs)}
    waiting: list[tuple[datetime, str]] = []
    for account in store.find(collections.accounts):
        if account.state != "connected" or RECENT_SCOPE in account.refused:
            continue
        sync = syncs.get(account.id)
        at = sync.next_poll_at if sync is not None and sync.next_poll_at is not None else account.authorized_at
        at = min(at, asked.get(account.id, at))
        if at <= now:
            waiting.append((at, account.id))
    return [user for _, user in sorted(waiting)]


def _answered(store: Store, user: str, began: datetime) -> None:
    """A poll that began then answers what was asked for until then."""
    request = store.get(collections.sync_requests, user)
    if request is not None and request.asked_at <= began:
        store.delete(collections.sync_requests, Query(equal={"_id": user}))


def _tell_failure(store: Store, user: str, error: SpotifyError) -> None:
    if isinstance(error, NotAllowed):
        mark_account(store, user, state="not allowed", problem=str(error))
    elif isinstance(error, ScopeMissing):
        account = store.get(collections.accounts, user)
        mark_account(store, user, refused=sorted({RECENT_SCOPE, *(account.refused if account else ())}))
    again = error.until if isinstance(error, Closed) else utc_now() + _AGAIN
    fields = {"problem": str(error), "next_poll_at": again}
    if not store.update(collections.syncs, user, fields):
        store.insert(collections.syncs, [Sync(id=user, problem=str(error), next_poll_at=again)])
