"""Due: whose poll is to be made, by the clock or because somebody asked for it. Loads nothing heavy: sensors ask it."""

from datetime import datetime
from typing import Final

from stats_core.clock import utc_now
from stats_core.documents.sync import SyncRequest
from stats_core.listeners import known_listener
from stats_core.spotify.errors import NeedsLogin, NotAllowed, NotLinked
from stats_core.store import collections
from stats_core.store.port import Query, Store

RECENT_SCOPE: Final = "user-read-recently-played"
"""What a person must allow to be polled."""


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


def ask_for_poll(store: Store, user: str) -> SyncRequest:
    """Have a poll made at the next opportunity. Raises UnknownListener, NotLinked, NeedsLogin, NotAllowed."""
    known_listener(store, user)
    account = store.get(collections.accounts, user)
    if account is None:
        raise NotLinked(user)
    if account.state != "connected":
        refused = NeedsLogin if account.state == "needs login" else NotAllowed
        raise refused(account.problem or f"{user!r} must log in again: `spotify-stats login --user {user}`.")
    request = SyncRequest(id=user, asked_at=utc_now())
    store.put(collections.sync_requests, [request])
    return request


def answer_request(store: Store, user: str, began: datetime) -> None:
    """A poll that began then answers what was asked for until then."""
    request = store.get(collections.sync_requests, user)
    if request is not None and request.asked_at <= began:
        store.delete(collections.sync_requests, Query(equal={"_id": user}))
