"""Polling: Spotify is asked what a listener played recently, and how that went is kept in words for a person."""

from datetime import timedelta
from typing import Final

from stats_core.clock import utc_now
from stats_core.documents.sync import Sync
from stats_core.settings import Settings
from stats_core.spotify.asking import asking
from stats_core.spotify.errors import Closed, NotLinked, SpotifyError
from stats_core.spotify.objects import Found
from stats_core.store import collections
from stats_core.store.port import Store
from stats_core.sync.due import RECENT_SCOPE, answer_request
from stats_core.sync.harvest import harvest
from stats_core.sync.recent import Taken, take_in

_AGAIN: Final = timedelta(minutes=15)


def poll(store: Store, settings: Settings, user: str) -> Taken:
    """Make one poll. Raises SpotifyError, told in the listener's sync, too; and UnknownListener."""
    began = utc_now()
    account = store.get(collections.accounts, user)
    try:
        with asking(store, settings, user, RECENT_SCOPE) as client:
            entries = client.recently_played()
    except NotLinked:
        raise
    except SpotifyError as error:
        _tell_failure(store, user, error)
        answer_request(store, user, began)
        raise
    taken = take_in(store, user, entries, utc_now(), account)
    found = Found()
    for entry in entries:
        found.see_track(entry.get("track") if isinstance(entry, dict) else None)
    harvest(store, found)
    answer_request(store, user, began)
    return taken


def _tell_failure(store: Store, user: str, error: SpotifyError) -> None:
    again = error.until if isinstance(error, Closed) else utc_now() + _AGAIN
    fields = {"problem": str(error), "next_poll_at": again}
    if not store.update(collections.syncs, user, fields) and store.get(collections.accounts, user) is not None:
        store.insert(collections.syncs, [Sync(id=user, problem=str(error), next_poll_at=again)])
