"""Enriching: the catalogue is completed with what Spotify tells of what was played, the most played first.

What polls brought along is there already. Then, of each album of which nothing is known, its most played track is asked
for, which names the album, and the album, which names the rest in part: two requests for a dozen tracks. Then artists'
pictures, and what is left of the day's requests completes tracks one by one. Nothing is guessed by searching.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Final, Literal, NamedTuple, TypeVar

import msgspec
import numpy as np

from stats_core.clock import utc_now
from stats_core.documents.accounts import Enrichment, Inquiry
from stats_core.documents.catalogue import Album, Artist, Track
from stats_core.history.reader import HistoryReader
from stats_core.settings import Settings
from stats_core.spotify.budgets import Budgets
from stats_core.spotify.client import Answer, Client
from stats_core.spotify.errors import (
    BucketClosed,
    Closed,
    EndpointGone,
    Missing,
    NeedsLogin,
    NotAllowed,
    SpotifyError,
    Unavailable,
)
from stats_core.spotify.objects import Found
from stats_core.spotify.tokens import TokenKeeper
from stats_core.store import collections
from stats_core.store.port import Store
from stats_core.sync.harvest import harvest
from stats_core.sync.status import PROGRESS

D = TypeVar("D", Track, Album, Artist)

Kind = Literal["track", "album", "artist"]

_MEMORY_BYTES: Final = 1 << 20
"""Each listener's history is looked at once: none is worth keeping."""
_PAUSE_SECONDS: Final = 1.0
"""Between two requests: Spotify counts them in half minutes, and does not say how many it allows."""
_WRITTEN_AFTER: Final = 20
"""Every write of the catalogue makes all listeners' tops anew."""
_MOST_FAILURES: Final = 5
"""In a row: then Spotify is down, and what is left waits for the next run."""
_PICTURES: Final = 100
"""Artists whose pictures are asked for: those at the top."""
_FIRST_WAIT: Final = timedelta(hours=1)
_LONGEST_WAIT: Final = timedelta(days=7)
_ANEW: Final = timedelta(days=180)
"""When it is looked again whether Spotify knows more of something."""
_KINDS: Final[tuple[Kind, ...]] = ("track", "album", "artist")


class Played(NamedTuple):
    """What all listeners played, by id of Spotify's."""

    tracks: Counter[str]
    """Plays of each track."""
    albums: dict[tuple[str, str], list[str]]
    """(Artist, album) as exports name them -> its tracks, the most played first."""
    artists: Counter[str]
    """Plays of each artist that is known."""


class Enriched(NamedTuple):
    """What a run brought."""

    asked: int
    documents: int
    """Of the catalogue, new or changed."""
    missing: int
    failed: int
    closed: str | None
    """Why it ended before its time: the last bucket that closed."""


def enrich(
    store: Store, settings: Settings, *, most_seconds: float = 300, pause: Callable[[float], None] = time.sleep
) -> Enriched:
    """Ask for so long at most, as far as the budgets go. Asks with the login of any listener who is linked."""
    played = _played(store)
    budgets = Budgets(store, settings.spotify_budgets)
    run = _Run(store, settings, budgets, time.monotonic() + most_seconds, pause)
    try:
        for kind, identity in _wanted(store, played, run.album_of):
            run.ask(kind, identity)
            if not run.goes_on:
                break
    finally:
        run.close()
        store.put(collections.enrichment, [_progress(store, played, budgets, is_linked=run.is_linked)])
    return run.result


class _Run:
    """Asks one thing after the other, and writes what came of it now and then."""

    def __init__(
        self, store: Store, settings: Settings, budgets: Budgets, until: float, pause: Callable[[float], None]
    ) -> None:
        self._store = store
        self._until = until
        self._pause = pause
        self._found = Found()
        self._had: list[Inquiry] = []
        """What was asked for and told all that Spotify has of it."""
        self._failures = 0
        """In a row."""
        self._closed: dict[Kind, str] = {}
        self._counts: Counter[str] = Counter()
        self.album_of: dict[str, str] = {}
        """The album of each track that was asked for."""
        self._clients = [
            Client(settings, budgets, TokenKeeper(store, settings, account.id).tokens())
            for account in store.find(collections.accounts)
            if account.state == "connected"
        ]

    @property
    def is_linked(self) -> bool:
        """Whether there is anyone whose login opens Spotify."""
        return bool(self._clients)

    @property
    def result(self) -> Enriched:
        """What came of it so far."""
        counts = self._counts
        closed = next(reversed(self._closed.values()), None)
        return Enriched(counts["asked"], counts["documents"], counts["missing"], counts["failed"], closed)

    @property
    def goes_on(self) -> bool:
        """Whether there is anyone to ask for, anything open to ask, and time; and Spotify answers."""
        is_open = len(self._closed) < len(_KINDS) and self._failures < _MOST_FAILURES
        return is_open and bool(self._clients) and time.monotonic() < self._until

    def ask(self, kind: Kind, identity: str) -> None:
        """Ask for one thing, if the run goes on and that kind is open."""
        if kind in self._closed or not self.goes_on:
            return
        try:
            answer = self._answer(kind, identity)
        except (BucketClosed, EndpointGone) as error:
            self._closed[kind] = str(error)
        except Closed as error:
            self._closed = dict.fromkeys(_KINDS, str(error))
        except (NeedsLogin, NotAllowed):
            self._clients.pop(0).close()
            self.ask(kind, identity)
        except Missing:
            self._count("missing")
            self._store.put(collections.inquiries, [Inquiry(id=f"{kind}|{identity}", missing=True)])
        except SpotifyError:
            self._failures += 1
            self._count("failed")
            self._put_off(kind, identity)
        else:
            self._failures = 0
            self._see(kind, identity, answer)
            self._count("answered")

    def _count(self, became: str) -> None:
        self._counts.update(("asked", became))
        if self._counts["asked"] % _WRITTEN_AFTER == 0:
            self._write()
        self._pause(_PAUSE_SECONDS)

    def close(self) -> None:
        """Write what was found, and end the connections."""
        self._write()
        for client in self._clients:
            client.close()

    def _answer(self, kind: Kind, identity: str) -> Answer:
        client = self._clients[0]
        ask = {"track": client.track, "album": client.album, "artist": client.artist}[kind]
        answer = ask(identity)
        if not answer.get("id"):
            raise Unavailable("Spotify's answer names nothing.")
        return answer

    def _see(self, kind: Kind, identity: str, answer: Answer) -> None:
        found = self._found
        if kind == "track":
            found.see_track(answer)
            found.tracks.update(_under_both(found.tracks, identity, answer))
            track = found.tracks.get(identity)
            if track is not None and track.album is not None:
                self.album_of[identity] = track.album
            is_whole = _is_whole(track)
        elif kind == "album":
            found.see_album(answer)
            found.albums.update(_under_both(found.albums, identity, answer))
            is_whole = True
        else:
            found.see_artist(answer)
            found.artists.update(_under_both(found.artists, identity, answer))
            artist = found.artists.get(identity)
            is_whole = artist is not None and artist.image is not None
        if not is_whole:  # Spotify has no more of it
            self._had.append(Inquiry(id=f"{kind}|{identity}", again_at=utc_now() + _ANEW))

    def _put_off(self, kind: Kind, identity: str) -> None:
        known = self._store.get(collections.inquiries, f"{kind}|{identity}") or Inquiry(id=f"{kind}|{identity}")
        wait = min(_FIRST_WAIT * 2**known.tries, _LONGEST_WAIT)
        put_off = msgspec.structs.replace(known, tries=min(known.tries + 1, 10), again_at=utc_now() + wait)
        self._store.put(collections.inquiries, [put_off])

    def _write(self) -> None:
        self._counts["documents"] += harvest(self._store, self._found)
        # Only now: whoever is stopped before asks once more for what was not written.
        self._store.put(collections.inquiries, self._had)
        self._found, self._had = Found(), []


def _under_both(found: Mapping[str, D], asked: str, answer: Answer) -> dict[str, D]:
    """What was found under another id than was asked for is known by both: ids move, and plays keep the old one."""
    known = found.get(str(answer.get("id")))
    return {} if known is None else {asked: msgspec.structs.replace(known, id=asked)}


def _played(store: Store) -> Played:
    reader = HistoryReader(store, _MEMORY_BYTES)
    tracks: Counter[str] = Counter()
    named: dict[tuple[str, str], Counter[str]] = {}
    artists: Counter[str] = Counter()
    for listener in list(store.find(collections.listeners)):
        history = reader.read(listener.id).history
        counts = np.bincount(history.item, minlength=len(history.items))
        for entries, counted in ((history.tracks, tracks), (history.artists, artists)):
            plays = np.bincount(entries.entry, weights=counts[entries.item], minlength=len(entries)).astype(np.int64)
            for code in np.flatnonzero(plays).tolist():
                entry = entries.entries[code]
                if entry.url is None:
                    continue
                counted[entry.id] += int(plays[code])
                if entry.kind == "track" and entry.album is not None:
                    of_album = named.setdefault((entry.artist or "", entry.album), Counter())
                    of_album[entry.id] += int(plays[code])
    albums = {name: [track for track, _ in _ranked(counts)] for name, counts in named.items()}
    return Played(tracks, albums, artists)


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    """The most played first, of equal ones the smaller id."""
    return sorted(counts.items(), key=lambda line: (-line[1], line[0]))


def _open(store: Store) -> Callable[[Kind, str], bool]:
    """Whether something may be asked for now: it is not missing, and did not fail a short while ago."""
    now = utc_now()
    tried = {
        inquiry.id
        for inquiry in store.find(collections.inquiries)
        if inquiry.missing or (inquiry.again_at is not None and inquiry.again_at > now)
    }
    return lambda kind, identity: f"{kind}|{identity}" not in tried


def _wanted(store: Store, played: Played, album_of: Mapping[str, str]) -> Iterator[tuple[Kind, str]]:
    """What to ask for, in order; `album_of` tells of each track that was asked for on the way."""
    known = {track.id: track for track in store.find(collections.tracks)}
    is_open = _open(store)

    def plays_of(tracks: list[str]) -> int:
        return sum(played.tracks[track] for track in tracks)

    in_order = sorted(played.albums.items(), key=lambda line: (-plays_of(line[1]), line[0]))
    asked: set[str] = set()
    for _, tracks in in_order:
        if all(_is_known(known.get(track)) for track in tracks):
            continue
        first = next((track for track in tracks if is_open("track", track)), None)
        album = next((known[track].album for track in tracks if track in known and known[track].album), None)
        if album is None and first is not None:
            asked.add(first)
            yield "track", first
            album = album_of.get(first)
        if album is not None and len(tracks) > 1 and album not in asked and is_open("album", album):
            asked.add(album)
            yield "album", album
    pictured = {artist.id for artist in store.find(collections.artists) if artist.image}
    for artist, _ in _ranked(played.artists)[:_PICTURES]:
        if artist not in pictured and is_open("artist", artist):
            yield "artist", artist
    for track, _ in _ranked(played.tracks):
        if track not in asked and not _is_whole(known.get(track)) and is_open("track", track):
            yield "track", track


def _is_known(track: Track | None) -> bool:
    return track is not None and bool(track.artists) and track.length is not None


def _is_whole(track: Track | None) -> bool:
    return _is_known(track) and track is not None and track.isrc is not None


def _progress(store: Store, played: Played, budgets: Budgets, *, is_linked: bool) -> Enrichment:
    known = {track.id: track for track in store.find(collections.tracks)}
    missing = {
        inquiry.id.partition("|")[2]
        for inquiry in store.find(collections.inquiries)
        if inquiry.missing and inquiry.id.startswith("track|")
    }
    of_played = [known.get(track) for track in played.tracks]
    whole = sum(map(_is_whole, of_played))
    is_open = _open(store)
    left = sum(not _is_whole(known.get(track)) and is_open("track", track) for track in played.tracks)
    return Enrichment(
        id=PROGRESS,
        at=utc_now(),
        tracks=len(played.tracks),
        known=sum(map(_is_known, of_played)),
        whole=whole,
        missing=len(missing & played.tracks.keys()),
        days_left=-(-left // budgets.size("tracks")) if is_linked else None,
    )
