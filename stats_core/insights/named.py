"""Named: what an answer says of what was played, or of whom it is by, besides its numbers."""

from typing import TypedDict

import msgspec

from stats_core.history.catalogue import Catalogue
from stats_core.history.entries import Entry, Kinds


class Named(msgspec.Struct):
    """A track, episode, chapter, artist or album."""

    kind: Kinds
    id: str
    name: str | None
    """As in its latest play, artists and albums as the catalogue has them; null where neither names it."""
    by: str | None
    """Artist of a track or album, show of an episode, audiobook of a chapter, author of an audiobook."""
    album: str | None
    """Of a track."""
    image: str | None
    """Address of a picture; null until the catalogue knows one."""
    url: str | None
    """Where Spotify shows it; null where it has no id of Spotify's."""


class Naming(TypedDict):
    """The fields of a `Named`."""

    kind: Kinds
    id: str
    name: str | None
    by: str | None
    album: str | None
    image: str | None
    url: str | None


def naming(entry: Entry, catalogue: Catalogue) -> Naming:
    """What is said of an entry."""
    return {
        "kind": entry.kind,
        "id": entry.id,
        "name": entry.name,
        "by": entry.artist,
        "album": entry.album,
        "image": catalogue.image(entry.kind, entry.id),
        "url": entry.url,
    }
