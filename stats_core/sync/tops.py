"""Spotify's own tops, day by day: what it calls a listener's favourites over its three fixed windows."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, Literal

from stats_core.documents.sync import SpotifyTop
from stats_core.settings import Settings
from stats_core.spotify.asking import asking
from stats_core.spotify.client import Client, Range
from stats_core.spotify.login import forget_told_unless
from stats_core.spotify.objects import Found
from stats_core.store import collections
from stats_core.store.port import Query, Store
from stats_core.sync.harvest import harvest

Of = Literal["artists", "tracks"]

TOP_SCOPE: Final = "user-top-read"
_OF: Final[tuple[Of, ...]] = ("artists", "tracks")
_RANGES: Final[tuple[Range, ...]] = ("short_term", "medium_term", "long_term")
_PAGE: Final = 50
_MOST_PAGES: Final = 4


def take_tops(store: Store, settings: Settings, user: str, now: datetime) -> list[SpotifyTop]:
    """Keep what they are today, six of them at most; those of the day that are there are not asked for again, and none
    where the login does not allow it.

    Raises SpotifyError; what was kept until then stays, and the rest is asked for the next time.
    """
    account = store.get(collections.accounts, user)
    if account is not None and TOP_SCOPE in account.refused:
        return []
    date = f"{now:%Y-%m-%d}"
    known = {top.id for top in store.find(collections.spotify_tops, Query(equal={"user": user, "date": date}))}
    taken: list[SpotifyTop] = []
    found = Found()
    try:
        with asking(store, settings, user, TOP_SCOPE) as client:
            for of, over in ((of, over) for of in _OF for over in _RANGES):
                identity = f"{user}|{date}|{of}|{over}"
                if identity in known:
                    continue
                ids = [_seen(found, of, entry) for entry in _entries(client, of, over)]
                top = SpotifyTop(id=identity, user=user, date=date, of=of, range=over, ids=[one for one in ids if one])
                store.put(collections.spotify_tops, [top])
                taken.append(top)
    finally:
        harvest(store, found)
        forget_told_unless(store, user, account)
    return taken


def _entries(client: Client, of: Of, over: Range) -> Iterator[object]:
    for page in range(_MOST_PAGES):
        answer = client.top(of, over, page * _PAGE)
        items = answer.get("items")
        yield from items if isinstance(items, list) else ()
        if not answer.get("next"):
            return


def _seen(found: Found, of: Of, entry: object) -> str | None:
    if of == "artists":
        credit = found.see_artist(entry)
        return None if credit is None else credit.id
    found.see_track(entry)
    identity = entry.get("id") if isinstance(entry, dict) else None
    return identity if isinstance(identity, str) else None
