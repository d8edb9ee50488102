"""What a field of Spotify's says: its value, or why the row it stands in can't be kept."""

import re
import sys
from datetime import UTC, datetime
from typing import Final

from stats_core.documents.words import Kind
from stats_core.exports.rows import AccountRow, ExtendedRow, Scalar
from stats_core.history.items import Item
from stats_core.history.observations import NO_CLOCK

_LONGEST_MS: Final = 86_400_000
_CLOCK_IN_MS: Final = 10**11
_DAY, _MINUTE, _ZONE = r"(\d{4}-\d\d-\d\d)", r"(?:[01]\d|2[0-3]):\d\d", r"(?: ?UTC|Z|\+00:00)"
_TS: Final = re.compile(rf"{_DAY}[ T]({_MINUTE}:\d\d)(?:\.\d+)?{_ZONE}", re.ASCII)
_END_TIME: Final = re.compile(rf"{_DAY}[ T]({_MINUTE})(?::\d\d(?:\.\d+)?)?{_ZONE}?", re.ASCII)
_NO_NAMES: Final = {"Unknown Artist", "Unknown Track"}


class InvalidField(Exception):
    """A row cannot be kept because of one field."""


def ts_ms(row: ExtendedRow) -> int:
    """When an extended row ended, in ms since 1970; raises InvalidField."""
    ts = row.ts
    if not isinstance(ts, str):
        raise InvalidField("ts", "is missing" if ts is None else "is not a time")
    parts = _TS.fullmatch(ts.strip())
    try:
        if parts is None:
            raise ValueError
        ts = f"{parts[1]}T{parts[2]}Z"
        end = int(datetime.fromisoformat(ts).timestamp()) * 1000
    except ValueError:
        raise InvalidField("ts", "is not a time like 2024-01-31T23:59:59Z") from None
    if end < 0:
        raise InvalidField("ts", "lies before 1970")
    return end


def end_time_ms(row: AccountRow) -> int:
    """When an account row ended, in ms since 1970, cut to the minute; raises InvalidField."""
    value = row.endTime
    if not isinstance(value, str):
        raise InvalidField("endTime", "is missing" if value is None else "is not a time")
    found = _END_TIME.fullmatch(value.strip())
    try:
        if found is None:
            raise ValueError
        end = int(datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=UTC).timestamp()) * 1000
    except ValueError:
        raise InvalidField("endTime", "is not a time like 2024-01-31 23:59") from None
    if end < 0:
        raise InvalidField("endTime", "lies before 1970")
    return end


def listened_ms(value: Scalar, name: str) -> int:
    """Milliseconds listened, as the field `name` says; raises InvalidField."""
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int:
        missing = value is None
        raise InvalidField(name, "is missing" if missing else "is not a whole number of milliseconds")
    if value < 0:
        raise InvalidField(name, "is negative")
    if value > _LONGEST_MS:
        raise InvalidField(name, "is more than 24 hours")
    return value


def clock_ms(value: Scalar) -> int:
    """The client's clock in ms, cut to seconds: generations 1 and 2 give ms, later ones seconds; 0 and 1 mean none."""
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or not 1 < value < 100 * _CLOCK_IN_MS:
        return NO_CLOCK
    return value // 1000 * 1000 if value > _CLOCK_IN_MS else value * 1000


def extended_item(row: ExtendedRow) -> Item:
    """What an extended row says was played: by URI, or else by names."""
    track, artist = _name(row.master_metadata_track_name), shared(_name(row.master_metadata_album_artist_name))
    album = shared(text(row.master_metadata_album_album_name))
    episode, show = text(row.episode_name), shared(text(row.episode_show_name))
    chapter, book = text(row.audiobook_chapter_title), shared(text(row.audiobook_title))
    track_uri, episode_uri = text(row.spotify_track_uri), text(row.spotify_episode_uri)
    chapter_uri, book_uri = text(row.audiobook_chapter_uri), text(row.audiobook_uri)
    for told in ((track_uri, episode_uri, chapter_uri), (track or artist, episode or show, chapter or book)):
        if told[0]:
            return Item("track", uri=track_uri, name=track, artist=artist, album=album)
        if told[1]:
            return Item("episode", uri=episode_uri, name=episode, show=show)
        if told[2]:
            return Item("chapter", uri=chapter_uri, name=chapter, audiobook=book, audiobook_uri=book_uri)
    return Item("unknown")


def shared(name: str | None) -> str | None:
    """The one copy of a name that many items bear: half a million items then take 60 MB less."""
    return None if name is None else sys.intern(name)


def account_item(row: AccountRow) -> Item:
    """What an account row says was played; raises InvalidField where a name is missing."""
    kind = _account_kind(row)
    if kind == "episode":
        name, show = _told(row.episodeName, "episodeName"), _told(row.podcastName, "podcastName")
        return Item("episode", name=_name(name), show=_name(show))
    if kind == "chapter":
        name, book = _told(row.chapterName, "chapterName"), _told(row.audiobookName, "audiobookName")
        return Item("chapter", name=name, audiobook=book, author=text(row.authorName))
    title, artist = _name(_told(row.trackName, "trackName")), _name(_told(row.artistName, "artistName"))
    if title is None and artist is None:
        return Item("unknown")
    return Item("track", name=title, artist=artist)


def _account_kind(row: AccountRow) -> Kind:
    """By the names that are told; where none is, by the fields that are there."""
    if text(row.trackName) or text(row.artistName):
        return "track"
    if text(row.podcastName) or text(row.episodeName):
        return "episode"
    if text(row.audiobookName) or text(row.chapterName):
        return "chapter"
    if row.podcastName is not None or row.episodeName is not None:
        return "episode"
    return "track" if row.audiobookName is None and row.chapterName is None else "chapter"


def _told(value: Scalar, name: str) -> str:
    told = text(value)
    if told is None:
        raise InvalidField(name, "is missing")
    return told


def text(value: object) -> str | None:
    """A text that is told; `""` is none."""
    return value if isinstance(value, str) and value else None


def _name(value: Scalar) -> str | None:
    told = text(value)
    return None if told in _NO_NAMES else told


def flag(value: Scalar) -> bool | None:
    """A yes or no that is told; older exports write 0 and 1."""
    return bool(value) if isinstance(value, bool | int | float) and value in {0, 1} else None
