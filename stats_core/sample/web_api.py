"""What the Web API would say of the made-up tracks: documents of a catalogue, with what makes a real one difficult.

Recordings published several times, guests, compilations, two artists of one name, and all that is not known yet.
"""

from datetime import date
from typing import Final, NamedTuple

import numpy as np

from stats_core.documents.catalogue import Album, Artist, Credit, Track
from stats_core.errors import InvalidParameter
from stats_core.history.items import VARIOUS_ARTISTS, uri_id
from stats_core.sample import names
from stats_core.sample.catalogue import Tracks
from stats_core.sample.dice import Bools, Dice, Ints
from stats_core.sample.export import UNTIL
from stats_core.sample.listening import TRACK, made_up_history

# Of a thousand tracks, albums or artists.
_WITH_GUEST: Final = 150
_WITH_ANOTHER: Final = 200
_WITHOUT_ARTISTS: Final = 20
_WITHOUT_ALBUM: Final = 30
_WITHOUT_LENGTH: Final = 40
_WITHOUT_ISRC: Final = 150
_PUBLISHED_AGAIN: Final = 500
_BY_NAMESAKES: Final = 60
_COMPILATIONS: Final = 40
_ALBUMS_UNKNOWN: Final = 60
_WITHOUT_COVER: Final = 20
_ARTISTS_UNKNOWN: Final = 100
_WITHOUT_PICTURE: Final = 200

_IMAGES: Final = "https://images.example.invalid"


class MadeUpCatalogue(NamedTuple):
    """Documents at revision 0: whoever writes them knows better."""

    tracks: list[Track]
    albums: list[Album]
    artists: list[Artist]


def sample_catalogue(plays: int, years: int, seed: int, part: float, *, until: date = UNTIL) -> MadeUpCatalogue:
    """What is known once `part` (0 to 1) of the tracks was asked for that the sample of these arguments plays.

    A larger part holds what a smaller one does, document by document. Raises InvalidParameter.
    """
    if not 0 <= part <= 1:
        raise InvalidParameter("catalogue", str(part), "0 to 1")
    history = made_up_history(plays, years, seed, until)
    played = np.unique(history.item[history.kind == TRACK])
    order = Dice(seed, "asking").order(len(played))
    asked = np.sort(played[order[: round(part * len(played))]])
    shelf = _Shelf(history.tracks, seed)
    tracks = [shelf.track(number) for number in asked.tolist()]
    albums = dict.fromkeys(shelf.album_of[asked[shelf.has_album[asked]]].tolist())
    artists = dict.fromkeys(
        performer for number in asked[shelf.has_artists[asked]].tolist() for performer in shelf.performers(number)
    )
    return MadeUpCatalogue(
        tracks,
        [shelf.album(number) for number in albums if shelf.album_known[number]],
        [shelf.artist(number) for number in artists if shelf.artist_known[number]],
    )


class _Shelf:
    """All that could be known. Artists come in twos: 2n is the n-th of the tracks', 2n + 1 another of that name."""

    def __init__(self, tracks: Tracks, seed: int) -> None:
        self._tracks = tracks
        artist_begins = _begins(tracks.artist[:-1])
        album_begins = artist_begins | _begins(tracks.album[:-1])
        self.album_of = np.cumsum(album_begins) - 1
        self._first_track = np.flatnonzero(album_begins)
        artist_of = np.cumsum(artist_begins) - 1
        albums, artists = len(self._first_track), int(artist_of[-1]) + 1

        dice = Dice(seed, "albums known")
        first_album = artist_begins[self._first_track]
        by_namesake = dice.chance(_BY_NAMESAKES, albums) & ~first_album
        self._album_artist = 2 * artist_of[self._first_track] + by_namesake
        self._compilation = dice.chance(_COMPILATIONS, albums)
        self._has_cover = ~dice.chance(_WITHOUT_COVER, albums)
        self.album_known = ~dice.chance(_ALBUMS_UNKNOWN, albums)
        self._recording = self._recordings(dice.chance(_PUBLISHED_AGAIN, albums) & ~first_album)

        count = len(tracks)
        dice = Dice(seed, "tracks known")
        self._guests = 2 * dice.below(artists, count), 2 * dice.below(artists, count)
        with_guest = dice.chance(_WITH_GUEST, count)
        self._has_guests = with_guest, with_guest & dice.chance(_WITH_ANOTHER, count)
        self.has_artists, self.has_album, self._has_length, self._has_isrc = (
            ~dice.chance(without, count)
            for without in (_WITHOUT_ARTISTS, _WITHOUT_ALBUM, _WITHOUT_LENGTH, _WITHOUT_ISRC)
        )

        dice = Dice(seed, "artists known")
        self._first_of = np.flatnonzero(artist_begins)
        self._has_picture = ~dice.chance(_WITHOUT_PICTURE, 2 * artists)
        self.artist_known = ~dice.chance(_ARTISTS_UNKNOWN, 2 * artists)

    def track(self, number: int) -> Track:
        """What is known of a track."""
        return Track(
            id=uri_id(self._tracks.uri[number]),
            revision=0,
            name=self._tracks.name[number],
            artists=list(map(self._credit, self.performers(number))) if self.has_artists[number] else [],
            album=self._album_id(int(self.album_of[number])) if self.has_album[number] else None,
            length=int(self._tracks.ms[number]) if self._has_length[number] else None,
            isrc=f"ZZSMP{self._recording[number]:07}" if self._has_isrc[number] else None,
        )

    def album(self, number: int) -> Album:
        """What is known of an album."""
        various = Credit(id=uri_id(names.uri("artist", VARIOUS_ARTISTS)), name=VARIOUS_ARTISTS)
        identity = self._album_id(number)
        return Album(
            id=identity,
            revision=0,
            name=self._tracks.album[self._first_track[number]],
            artists=[various if self._compilation[number] else self._credit(int(self._album_artist[number]))],
            image=f"{_IMAGES}/albums/{identity}" if self._has_cover[number] else None,
        )

    def artist(self, number: int) -> Artist:
        """What is known of an artist."""
        known = self._credit(number)
        image = f"{_IMAGES}/artists/{known.id}" if self._has_picture[number] else None
        return Artist(id=known.id, revision=0, name=known.name, image=image)

    def performers(self, number: int) -> list[int]:
        """The artists of a track, the primary one first, then its guests."""
        own = int(self._album_artist[self.album_of[number]])
        guests = (int(guest[number]) for guest, has in zip(self._guests, self._has_guests, strict=True) if has[number])
        return list(dict.fromkeys((own, *guests)))

    def _recordings(self, published_again: Bools) -> Ints:
        """Of each track the first one that is the same recording: singles come on an album, and again on the next."""
        recording = np.arange(len(self._tracks))
        for number in np.flatnonzero(published_again).tolist():
            if self._album_artist[number] == self._album_artist[number - 1]:
                recording[self._first_track[number]] = recording[self._first_track[number - 1]]
        return recording

    def _album_id(self, number: int) -> str:
        first = self._first_track[number]
        return uri_id(names.uri("album", self._tracks.artist[first], self._tracks.album[first]))

    def _credit(self, number: int) -> Credit:
        name = self._tracks.artist[self._first_of[number // 2]]
        which = (name, "another") if number % 2 else (name,)
        return Credit(id=uri_id(names.uri("artist", *which)), name=name)


def _begins(texts: np.ndarray[tuple[int], np.dtype[np.object_]]) -> Bools:
    """Where a text is another than the one before."""
    return np.append(True, texts[1:] != texts[:-1])
