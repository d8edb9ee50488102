"""Spotify's objects as documents of the catalogue. What is missing or no such thing stays unknown; nothing raises."""

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from stats_core.documents.catalogue import Album, Artist, Credit, Track

D = TypeVar("D", Track, Album, Artist)


class Found(msgspec.Struct):
    """Documents at revision 0, by id: what is known of each from all the objects that were seen."""

    tracks: dict[str, Track] = msgspec.field(default_factory=dict)
    albums: dict[str, Album] = msgspec.field(default_factory=dict)
    artists: dict[str, Artist] = msgspec.field(default_factory=dict)

    def see_track(self, told: object, album: str | None = None) -> None:
        """A track, whole or as it stands in an album of that id; with it its album and artists."""
        track = _object(told)
        identity, name = _text(track.get("id")), _text(track.get("name"))
        if identity is None or name is None or track.get("is_local") is True:
            return
        length = track.get("duration_ms")
        self._see(self.tracks, Track(
            id=identity,
            revision=0,
            name=name,
            artists=self._credits(track.get("artists")),
            album=self.see_album(track.get("album")) or album,
            length=length if isinstance(length, int) and 0 < length < 1 << 31 else None,
            isrc=_text(_object(track.get("external_ids")).get("isrc")),
        ))  # fmt: skip

    def see_album(self, told: object) -> str | None:
        """An album, whole or as it stands in a track; its id."""
        album = _object(told)
        identity, name = _text(album.get("id")), _text(album.get("name"))
        if identity is None or name is None:
            return None
        artists, image = self._credits(album.get("artists")), _image(album.get("images"))
        self._see(self.albums, Album(id=identity, revision=0, name=name, artists=artists, image=image))
        for track in _list(_object(album.get("tracks")).get("items")):
            self.see_track(track, identity)
        return identity

    def see_artist(self, told: object) -> Credit | None:
        """An artist, whole or as they stand in a track."""
        artist = _object(told)
        identity, name = _text(artist.get("id")), _text(artist.get("name"))
        if identity is None or name is None:
            return None
        self._see(self.artists, Artist(id=identity, revision=0, name=name, image=_image(artist.get("images"))))
        return Credit(id=identity, name=name)

    def _credits(self, told: object) -> list[Credit]:
        return [credit for credit in map(self.see_artist, _list(told)) if credit is not None]

    @staticmethod
    def _see(known: dict[str, D], document: D) -> None:
        before = known.get(document.id)
        known[document.id] = document if before is None else merged(before, document)


def merged(before: D, after: D) -> D:
    """What is known of one thing from two objects: the later, and what it does not say from the earlier."""
    unsaid = {
        name: getattr(before, name) for name in after.__struct_fields__ if getattr(after, name) in (None, [])
    }  # fmt: skip
    return msgspec.structs.replace(after, **unsaid, revision=before.revision)


def _object(told: object) -> dict[str, Any]:
    return told if isinstance(told, dict) else {}


def _list(told: object) -> Iterable[object]:
    return told if isinstance(told, list) else ()


def _text(told: object) -> str | None:
    return told if isinstance(told, str) and told else None


def _image(told: object) -> str | None:
    """The address of the first one, the largest."""
    return next((address for one in _list(told) if (address := _text(_object(one).get("url"))) is not None), None)
