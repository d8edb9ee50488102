"""The sync of a listener's recent plays."""

from datetime import datetime
from typing import Literal

import msgspec

from stats_core.documents.document import Document


class Gap(msgspec.Struct, kw_only=True, frozen=True):
    """A stretch of time `[start, end)` of which plays may have been lost."""

    start: datetime
    end: datetime
    cause: str
    """In words for a person."""


class Stretch(msgspec.Struct, kw_only=True, frozen=True):
    """A stretch of time `[start, end)`."""

    start: datetime
    end: datetime


class Sync(Document, kw_only=True, omit_defaults=True):
    """How the sync of a listener's recent plays goes. `id` is the user name."""

    polled_at: datetime | None = None
    """When a page was last taken in."""
    next_poll_at: datetime | None = None
    """When the next one is due."""
    empty_polls: int = 0
    """How many in a row brought nothing new."""
    page: int = 0
    """Entries of the last page: 50 are all that Spotify remembers."""
    unknown: int = 0
    """How many of them were not known before: near 50, plays are about to be lost. None at the first poll, which loses
    nothing."""
    preview: list[Stretch] = []
    """The time that the polls have seen without a gap, apart from each other, in order."""
    gaps: list[Gap] = []
    problem: str | None = None
    """Why the last poll failed, in words for a person."""


class SpotifyTop(Document, kw_only=True, omit_defaults=True):
    """One of Spotify's own tops on one day. `id` is `<user>|<date>|<of>|<range>`."""

    user: str
    date: str
    """In UTC."""
    of: Literal["artists", "tracks"]
    """What is ranked."""
    range: Literal["short_term", "medium_term", "long_term"]
    """Over about four weeks, six months, or a year, as Spotify reckons it."""
    ids: list[str]
    """Their ids, the first rank first."""


class SavedTrack(Document, kw_only=True, omit_defaults=True):
    """A track that a listener saved at Spotify. `id` is `<user>|<track>`."""

    user: str
    track: str
    """Its id at Spotify."""
    added_at: datetime
    """When it was saved."""
    seen_at: datetime
    """When it was seen among the saved ones last, or when the reading of all of them began that saw it."""


class WholeReading(msgspec.Struct, kw_only=True, frozen=True):
    """A reading of all that a listener saved, on its way: it may take several days."""

    began_at: datetime
    """When; whatever was not seen since is gone."""
    read: int = 0
    """How many of them were read, the latest first."""


class Library(Document, kw_only=True, omit_defaults=True):
    """How the reading of what a listener saved goes. `id` is the user name."""

    read_at: datetime | None = None
    """When it was looked for new ones last."""
    whole_at: datetime | None = None
    """When the last reading of all of them ended."""
    whole: WholeReading | None = None
    """The one that is on its way."""
    whole_on: str | None = None
    """The day (UTC) on which a reading of all of them last asked for something: one listener's a day."""
    total: int = 0
    """How many Spotify says there are."""


class SyncRequest(Document, kw_only=True, omit_defaults=True):
    """Somebody asked for a poll now. `id` is the user name: asked for again before it was made, it is one."""

    asked_at: datetime
    """When; the poll that begins after it answers it."""
