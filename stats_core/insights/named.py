"""Named: what an answer says of what was played, or of whom it is by, besides its numbers."""

import msgspec

from stats_core.history.entries import Kinds


class Named(msgspec.Struct):
    """A track, episode, chapter, artist or album; the fields of an `Entry`."""

    kind: Kinds
    id: str
    name: str | None
    """As in its latest play, or as the catalogue has it; null where no play ever named it."""
    artist: str | None
    """Of a track or an album; of an episode its show, of a chapter its audiobook; null for artists."""
    album: str | None
    """Of a track; else null."""
