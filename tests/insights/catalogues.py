"""A made-up catalogue for the made-up listeners, and the listeners with none, half and all of it."""

from functools import lru_cache
from random import Random
from typing import Final

from stats_core.documents.catalogue import Album, Artist, Credit, Track
from stats_core.documents.plays import Play
from tests.insights.listened import Listened
from tests.insights.plays import CHANGES, saved, some_plays

PARTS: Final = (0.0, 0.5, 1.0)
LISTENERS: Final = [(zone, seed) for zone in CHANGES for seed in (1, 2)]
"""Twenty of them."""


@lru_cache(maxsize=4)
def listened(zone: str, seed: int, part: float) -> Listened:
    """A made-up listener of whom the catalogue knows a part of the tracks."""
    plays = some_plays(zone, seed)
    return with_catalogue(plays, part, f"{zone} {seed}")


def with_catalogue(plays: list[Play], part: float, seed: str) -> Listened:
    """Plays with a catalogue of a part of their tracks: a larger part holds the smaller."""
    dice = Random(seed)  # noqa: S311
    ids = sorted({play.uri.rpartition(":")[2] for play in plays if play.uri and play.uri.startswith("spotify:track:")})
    ids.append("S" * 22)
    dice.shuffle(ids)
    tracks = [_track(dice, identity, number) for number, identity in enumerate(ids)]
    known = tracks[: round(part * len(tracks))]
    albums = [
        Album(
            id=f"{number:A>22}", revision=1, name=f"Album {number}" if number else "ALBUM", image=f"cover-{number}",
            artists=[Credit(id=f"{'b' if number % 3 else 'v'}{number % 9:021}", name=_artist_name(number))],
        )
        for number in range(7)
    ]  # fmt: skip
    used = {track.album for track in known}
    artists = [
        Artist(id=f"b{number:021}", revision=1, name=f"Artist {number}", image=f"face-{number}") for number in (2, 5)
    ]
    return Listened(
        plays,
        saved(),
        {track.id: track for track in known},
        {album.id: album for album in albums if album.id in used},
        {artist.id: artist for artist in artists if part},
    )


def _artist_name(number: int) -> str:
    return f"Artist {number % 9}" if number % 3 else "Various Artists"


def _track(dice: Random, identity: str, number: int) -> Track:
    """Of one of nine artists, of whom Artist 3 is two, perhaps with guests; some share an ISRC, some have none."""
    artist = dice.randrange(9)
    first = Credit(id=f"{dice.choice('bc') if artist == 3 else 'b'}{artist:021}", name=f"Artist {artist}")
    guests = [
        Credit(id=f"b{one:021}", name=f"Artist {one}") for one in dice.sample(range(9), dice.choice([0, 0, 1, 2]))
    ]
    if dice.random() < 0.1:
        guests.append(Credit(id="v" * 22, name="Various Artists"))
    return Track(
        id=identity,
        revision=1 + number % 3,
        name=f"Song {number}",
        artists=[] if dice.random() < 0.1 else [first, *guests],
        album=dice.choice([None, *(f"{one:A>22}" for one in range(7))]),
        length=dice.choice([None, 30_000, 31_500, 33_000, 300_000]),
        isrc=dice.choice([None, None, f"ISRC{number % 4}"]),
    )
