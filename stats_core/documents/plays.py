"""Plays, and the rows they are made of."""

from datetime import datetime

from stats_core.documents.document import Part
from stats_core.documents.words import Kind, Source


class Observation(Part, kw_only=True, omit_defaults=True):
    """One row of an export as it is kept: what was played, when, how. Personal fields were dropped at parsing."""

    end: datetime
    """When the stream ended (Spotify's `ts`, whole seconds; account data: cut to the minute)."""
    ms: int
    """Milliseconds really listened; as the Web API does not tell that, in what it told the track's whole length."""
    source: Source
    kind: Kind
    uri: str | None = None
    name: str | None = None
    """Title of the track, episode or chapter."""
    artist: str | None = None
    """Album artist, as exports give it."""
    album: str | None = None
    show: str | None = None
    audiobook: str | None = None
    audiobook_uri: str | None = None
    author: str | None = None
    video: bool = False
    platform: str | None = None
    """Family: android, ios, windows, osx, linux, web_player, cast, console, tv, speaker or unknown."""
    model: str | None = None
    country: str | None = None
    reason_start: str | None = None
    reason_end: str | None = None
    shuffle: bool | None = None
    skipped: bool | None = None
    offline: bool | None = None
    private: bool | None = None
    client_clock: datetime | None = None
    """The player's own clock at the start of the stream (Spotify's `offline_timestamp`), whole seconds."""
    primary_artist: str | None = None
    """The track's first artist, where the Web API told it and it is not the album's."""
    context: str | None = None
    """Spotify's address of what it was played from (a playlist, an album), where the Web API told."""


class Play(Observation, kw_only=True, omit_defaults=True, rename={"id": "_id"}):
    """A play: its winner's fields, and whole every other observation of it that says something else.

    `id` is `<user>|<end as 2024-01-31T23:59:59Z>|<ms, 8 digits>|<n, 4 digits>`.
    """

    id: str
    user: str
    start: datetime
    """Where the play belongs in time, with all its milliseconds."""
    length: int | None = None
    """Of a play that only the Web API told: the whole length of its track, of which `ms` is an estimate."""
    others: list[Observation] = []
