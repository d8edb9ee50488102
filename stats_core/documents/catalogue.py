"""The catalogue: what is known of tracks, albums and artists."""

from stats_core.documents.document import Document, Part


class Credit(Part, kw_only=True, omit_defaults=True):
    """An artist as a track or album of the catalogue credits them."""

    id: str
    """Their Spotify id."""
    name: str
    """As Spotify writes it."""


class Track(Document, kw_only=True, omit_defaults=True):
    """What the Web API says of a track. `id` is its Spotify id."""

    revision: int
    name: str
    artists: list[Credit] = []
    """All credited artists, the first is the primary one; empty: not known yet."""
    album: str | None = None
    """Spotify id of its album."""
    length: int | None = None
    """Milliseconds of the whole track."""
    isrc: str | None = None
    """Names the recording, whatever it was published on."""


class Album(Document, kw_only=True, omit_defaults=True):
    """What the Web API says of an album. `id` is its Spotify id."""

    revision: int
    name: str
    artists: list[Credit] = []
    image: str | None = None
    """Address of its cover."""


class Artist(Document, kw_only=True, omit_defaults=True):
    """What the Web API says of an artist. `id` is their Spotify id."""

    revision: int
    name: str
    image: str | None = None
    """Address of a picture of them."""
