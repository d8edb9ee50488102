"""The catalogue: what the Web API says of tracks, albums and artists, as a value that names and lengths come from."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from stats_core.documents.catalogue import Album, Artist, Credit, Track
from stats_core.history.items import VARIOUS_ARTISTS

K = TypeVar("K")


def folded(name: str) -> str:
    """What equal names have in common: NFKC, case folded; nothing is stripped."""
    return unicodedata.normalize("NFKC", name).casefold()


def is_various(name: str) -> bool:
    """Whether it is Spotify's name for nobody in particular."""
    return folded(name) == folded(VARIOUS_ARTISTS)


def all_names(artists: Sequence[Credit]) -> str | None:
    """The names of artists as one; None where there are none."""
    return ", ".join(artist.name for artist in artists) or None


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Spotify id -> what is known of it, at one revision of the whole catalogue."""

    revision: int = 0
    tracks: dict[str, Track] = field(default_factory=dict)
    albums: dict[str, Album] = field(default_factory=dict)
    artists: dict[str, Artist] = field(default_factory=dict)

    @classmethod
    def of(
        cls, tracks: Iterable[Track] = (), albums: Iterable[Album] = (), artists: Iterable[Artist] = ()
    ) -> "Catalogue":
        """The catalogue of these documents."""
        return cls(
            0,
            {track.id: track for track in tracks},
            {album.id: album for album in albums},
            {artist.id: artist for artist in artists},
        )

    @cached_property
    def artist_names(self) -> Mapping[str, str]:
        """Id -> name of every artist that is known or credited: the artist's own, else the latest credit's."""
        latest: dict[str, tuple[int, str, str]] = {}
        documents: list[Track | Album] = [*self.tracks.values(), *self.albums.values()]
        for document in documents:
            for credit in document.artists:
                said = (document.revision, document.id, credit.name)
                latest[credit.id] = max(said, latest.get(credit.id, said))
        names = {identity: name for identity, (_, _, name) in latest.items()}
        names.update((artist.id, artist.name) for artist in self.artists.values())
        return names

    @cached_property
    def artists_named(self) -> Mapping[str, tuple[str, ...]]:
        """Folded name -> the ids of the artists who bear it."""
        return _bearers((folded(name), identity) for identity, name in self.artist_names.items())

    @cached_property
    def albums_named(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """(Folded name of the album's first artist, folded name) -> the ids of the albums."""
        return _bearers(
            ((folded(_first(album.artists)), folded(album.name)), album.id) for album in self.albums.values()
        )

    def credits(self, track: str | None) -> tuple[str, ...] | None:
        """The ids of the artists a track credits, the primary one first, without Various Artists; None: not known."""
        known = self.tracks.get(track) if track else None
        if known is None or not known.artists:
            return None
        named = (credit.id for credit in known.artists if not is_various(self.artist_names[credit.id]))
        return tuple(dict.fromkeys(named))

    def names(self, track: str | None) -> tuple[str | None, str | None, str | None]:
        """What a track is called, its artists, and its album; None where that is not known."""
        known = self.tracks.get(track) if track else None
        if known is None:
            return None, None, None
        album = self.albums.get(known.album) if known.album else None
        return known.name, all_names(known.artists), album.name if album else None

    def image(self, kind: str, identity: str) -> str | None:
        """The address of a picture of an artist, of an album, or of a track's album."""
        match kind:
            case "artist":
                artist = self.artists.get(identity)
                return artist.image if artist else None
            case "track":
                track = self.tracks.get(identity)
                return self.image("album", track.album) if track and track.album else None
            case "album":
                album = self.albums.get(identity)
                return album.image if album else None
            case _:
                return None


def _first(artists: list[Credit]) -> str:
    return artists[0].name if artists else ""


def _bearers(named: Iterable[tuple[K, str]]) -> Mapping[K, tuple[str, ...]]:
    bearers: dict[K, tuple[str, ...]] = {}
    for key, identity in named:
        bearers[key] = (*bearers.get(key, ()), identity)
    return bearers
