"""A world that speaks of the same tracks as the made-up export of the same arguments."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from stats_core.sample import names, sample_catalogue
from stats_core.sample.catalogue import Tracks
from stats_core.sample.dice import Dice
from stats_core.sample.export import UNTIL
from stats_core.sample.listening import TRACK, History, made_up_history
from tests.fakes.spotify.objects import Json, artist, pictures, track
from tests.fakes.spotify.world import SHORTEST_MS, World

ME: Final = "me"
_DAY_S: Final = 86_400
_RANGES: Final = {"short_term": 28, "medium_term": 182, "long_term": 365}
"""Days that Spotify's tops look back, about."""
_TOP: Final = {"tracks": 174, "artists": 116}
_SAVED: Final = 120
_RECENT: Final = 70
_FAVOURITES: Final = 40


def sample_world(plays: int = 25_000, years: int = 6, seed: int = 1, *, now: Callable[[], float] = time.time) -> World:
    """All tracks of that export, and `me`: with tops, saved tracks and recent plays. The same arguments, the same."""
    history = made_up_history(plays, years, seed, UNTIL)
    world = World(now)
    world.add_person(ME, display_name="Me")
    ids = _fill(world, history.tracks, plays, years, seed)
    _rank(world, history, ids)
    _play(world, seed)
    return world


def _fill(world: World, tracks: Tracks, plays: int, years: int, seed: int) -> list[str]:
    """Put all tracks into the world: what the sample's catalogue knows, the export's own words where it does not."""
    known = sample_catalogue(plays, years, seed, 1)
    documents = {each.id: each for each in known.tracks}
    albums = {each.id: each for each in known.albums}
    artists = {each.id: each for each in known.artists}
    ids = [str(uri).rpartition(":")[2] for uri in tracks.uri[:-1]]
    shelved = [_id("album", str(by), str(title)) for by, title in zip(tracks.artist, tracks.album[:-1], strict=False)]
    own: dict[str, dict[str, str]] = {}
    for identity, album in zip(ids, shelved, strict=True):
        document = documents.get(identity)
        if document is not None and document.artists:
            own.setdefault(album, {document.artists[0].id: document.artists[0].name})

    sizes, numbers = Counter(shelved), Counter[str]()
    for at, (identity, album) in enumerate(zip(ids, shelved, strict=True)):
        document, by = documents.get(identity), str(tracks.artist[at])
        credited = {each.id: each.name for each in document.artists} if document is not None else {}
        isrc = document.isrc if document is not None else None
        performers = credited or own.setdefault(album, {_id("artist", by): by})
        told = track(
            identity, str(tracks.name[at]), performers, (album, str(tracks.album[at])), int(tracks.ms[at]), isrc
        )
        numbers[album] += 1
        told["track_number"], told["album"]["total_tracks"] = numbers[album], sizes[album]
        told["album"]["artists"] = [artist(*each) for each in own[album].items()]
        if (shelf := albums.get(album)) is not None:
            told["album"]["artists"] = [artist(each.id, each.name) for each in shelf.artists]
            told["album"]["images"] = pictures("albums", album) if shelf.image else []
        world.add_track(told)
        for told_artist in told["album"]["artists"]:
            world.artists.setdefault(told_artist["id"], {**told_artist, "images": [], "genres": []})
    for identity, whole in world.artists.items():
        if identity in artists and artists[identity].image is None:
            whole["images"] = []
    return ids


def _rank(world: World, history: History, ids: list[str]) -> None:
    """Give `me` the tops that their plays deserve, and save what they played the most."""
    person, end = world.people[ME], int(history.end[-1])
    counted = (history.kind == TRACK) & (history.ms >= SHORTEST_MS) & ~history.private
    for over, days in _RANGES.items():
        times = Counter(ids[at] for at in history.item[counted & (history.end > end - days * _DAY_S)].tolist())
        by_artist: Counter[str] = Counter()
        for identity, count in times.items():
            by_artist[_primary(world.tracks[identity])] += count
        for of, ranked in (("tracks", times), ("artists", by_artist)):
            order = sorted(ranked, key=lambda one: (-ranked[one], one))
            person.top[of, over] = order[: _TOP[of]]
    most = np.argsort(-np.bincount(history.item[counted], minlength=len(ids)), kind="stable")[:_SAVED].tolist()
    person.saved = [(ids[at], (end - (len(most) - nth) * 3 * _DAY_S) * 1_000) for nth, at in enumerate(reversed(most))]


def _play(world: World, seed: int) -> None:
    """Let `me` have listened until five minutes ago: some plays too short to tell of, one private, two told late."""
    person, dice = world.people[ME], Dice(seed, "played lately")
    # Whole milliseconds, as Spotify's.
    ended = datetime.fromtimestamp(int(world.now() * 1_000) / 1_000, UTC) - timedelta(minutes=5)
    favourites = person.top["tracks", "long_term"][:_FAVOURITES]
    picks, pauses = dice.below(len(favourites), _RECENT).tolist(), dice.below(4_000, _RECENT).tolist()
    for nth, (pick, pause) in enumerate(zip(picks, pauses, strict=True)):
        short, identity = nth % 9 == 4, favourites[pick]
        world.listen(
            ME, identity, ended, ms=12_000 if short else None, private=nth == 11,
            late_by=7_200 if nth in (2, 3) else 0,
            context=None if nth % 3 == 0 else f"spotify:playlist:{_id('playlist', 'Favourites')}",
        )  # fmt: skip
        listened = 12_000 if short else world.tracks[identity]["duration_ms"]
        ended -= timedelta(milliseconds=listened + pause)


def _primary(told: Json) -> str:
    return str(told["artists"][0]["id"])


def _id(kind: str, *words: str) -> str:
    return names.uri(kind, *words).rpartition(":")[2]
