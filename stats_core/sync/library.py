"""The library: the tracks a listener saved at Spotify. The new ones every day, all of them now and then.

New ones come first, so a look ends at a page that is all known; what was taken out again shows only when all of it is
read. That takes many requests of a kind that Spotify allows few of: a listener's whole library is read once a week at
most, one listener's a day, and where the day's requests end, it goes on another day.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from stats_core.documents.sync import Library, SavedTrack, WholeReading
from stats_core.settings import Settings
from stats_core.spotify.asking import asking
from stats_core.spotify.client import Answer, Client
from stats_core.spotify.errors import Closed, Unavailable
from stats_core.spotify.login import forget_told_unless
from stats_core.spotify.objects import Found
from stats_core.store import collections
from stats_core.store.port import Query, Range, Store
from stats_core.sync.harvest import harvest

LIBRARY_SCOPE: Final = "user-library-read"
_PAGE: Final = 50
_MOST_NEW_PAGES: Final = 4
"""Of one look: whoever saved more since the last one has the rest when all is read."""
_WHOLE_EVERY: Final = timedelta(days=7)


class Seen(NamedTuple):
    """What a look at a library brought."""

    new: int
    gone: int
    """Taken out since: only a reading of all tells."""
    whole: bool
    """Whether all of it was read to its end."""


def take_saved(store: Store, settings: Settings, user: str, now: datetime) -> Seen:
    """Keep what a listener saved; nothing where the login does not allow it.

    Raises SpotifyError; what was kept until then stays, and the rest is asked for the next time. That the day's
    requests are used up in a reading of all is none.
    """
    account = store.get(collections.accounts, user)
    if account is not None and LIBRARY_SCOPE in account.refused:
        return Seen(0, 0, whole=False)
    found = Found()
    try:
        with asking(store, settings, user, LIBRARY_SCOPE) as client:
            look = _Look(store, client, user, found, now)
            new = look.at_new_ones()
            if _next_whole(store, now) != user:
                return Seen(new, 0, whole=False)
            try:
                more, gone = look.at_all()
            except Closed:
                return Seen(new, 0, whole=False)
            return Seen(new + more, gone or 0, whole=gone is not None)
    finally:
        harvest(store, found)
        forget_told_unless(store, user, account)


class _Look:
    def __init__(self, store: Store, client: Client, user: str, found: Found, now: datetime) -> None:
        self._store = store
        self._client = client
        self._user = user
        self._found = found
        self._now = now

    def at_new_ones(self) -> int:
        """The latest ones, until a page is all known; how many were not."""
        new = 0
        for page in range(_MOST_NEW_PAGES):
            answer = self._client.saved_tracks(page * _PAGE)
            told = list(self._told(_entries(answer)))
            unknown = self._unknown(told)
            self._store.put(collections.saved_tracks, unknown)
            new += len(unknown)
            if not unknown or not answer.get("next"):
                break
        self._change(read_at=self._now)
        return new

    def at_all(self) -> tuple[int, int | None]:
        """All of them, on from where the last reading stopped. How many were new, and how many are gone: None where it
        has not come to its end."""
        reading = self._library().whole or WholeReading(began_at=self._now)
        new, restarted = 0, False
        while True:
            self._change(whole=reading, whole_on=f"{self._now:%Y-%m-%d}")
            # From the last one that was read: if that is not there, some before it were taken out, and those that
            # moved up in their place were never read.
            overlap = min(reading.read, 1)
            answer = self._client.saved_tracks(reading.read - overlap)
            entries = _entries(answer, overlap)
            told = list(self._told(entries))
            if overlap and not self._goes_on(entries, reading):
                if restarted:
                    return new, None
                reading, restarted = WholeReading(began_at=self._now), True
                continue
            new += len(self._unknown(told))
            self._store.put(collections.saved_tracks, told)
            reading = msgspec.structs.replace(reading, read=reading.read - overlap + len(entries))
            if not answer.get("next"):
                break
        unseen = Query(equal={"user": self._user}, range=Range("seen_at", None, reading.began_at))
        gone = self._store.delete(collections.saved_tracks, unseen)
        self._change(whole=None, whole_at=self._now, total=self._total(answer))
        return new, gone

    def _told(self, entries: Sequence[object]) -> Iterator[SavedTrack]:
        for entry in entries:
            track, added_at = (entry.get("track"), entry.get("added_at")) if isinstance(entry, dict) else (None, None)
            self._found.see_track(track)
            identity, added = track.get("id") if isinstance(track, dict) else None, _instant(added_at)
            if isinstance(identity, str) and added is not None:
                yield SavedTrack(
                    id=f"{self._user}|{identity}", user=self._user, track=identity, added_at=added, seen_at=self._now
                )

    def _unknown(self, told: list[SavedTrack]) -> list[SavedTrack]:
        known = self._known(told)
        return [one for one in told if one.id not in known or known[one.id].added_at != one.added_at]

    def _goes_on(self, entries: Sequence[object], reading: WholeReading) -> bool:
        """Whether a page begins with what was read before."""
        first = next(self._told(entries[:1]), None)
        if first is None:  # nothing is there any more, or no track of Spotify's
            return bool(entries)
        known = self._store.get(collections.saved_tracks, first.id)
        return known is not None and known.seen_at >= reading.began_at

    def _known(self, told: list[SavedTrack]) -> dict[str, SavedTrack]:
        query = Query(one_of={"_id": {one.id for one in told}})
        return {one.id: one for one in self._store.find(collections.saved_tracks, query)}

    def _library(self) -> Library:
        return self._store.get(collections.libraries, self._user) or Library(id=self._user)

    def _change(self, **fields: object) -> None:
        self._store.put(collections.libraries, [msgspec.structs.replace(self._library(), **fields)])

    @staticmethod
    def _total(answer: Answer) -> int:
        total = answer.get("total")
        return total if isinstance(total, int) and total >= 0 else 0


def _next_whole(store: Store, now: datetime) -> str | None:
    """Whose library is to be read whole today: of those who wait for it the one whose turn was longest ago."""
    today = f"{now:%Y-%m-%d}"
    libraries = {library.id: library for library in store.find(collections.libraries)}
    turns = []
    for account in store.find(collections.accounts):
        library = libraries.get(account.id) or Library(id=account.id)
        if library.whole_on == today:
            return account.id if library.whole is not None else None
        is_due = library.whole_at is None or library.whole is not None or now - library.whole_at >= _WHOLE_EVERY
        if is_due and account.state == "connected" and LIBRARY_SCOPE not in account.refused:
            turns.append((library.whole_on or "", account.id))
    return min(turns)[1] if turns else None


def _entries(answer: Answer, known: int = 0) -> list[object]:
    """The entries of a page, of which so many are known. Raises Unavailable where it cannot be one: what is not there
    would be taken for gone."""
    items = answer.get("items")
    if not isinstance(items, list) or "next" not in answer or (len(items) <= known and answer["next"]):
        raise Unavailable("Spotify's answer holds no list of saved tracks.")
    return items


def _instant(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return None if at is None else at.replace(tzinfo=at.tzinfo or UTC)
