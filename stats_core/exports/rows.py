"""Spotify's rows as they stand in the files, of all generations. Fields that are not named here are never decoded.

User names, IPs, user agents, city, region, metro code and coordinates have no place in these structs: that is how they
are dropped.
"""

from typing import TypeVar

import msgspec

Scalar = str | int | float | bool | None
"""What a field may hold without making the reader stop: the parser decides what to think of it."""


class ExtendedRow(msgspec.Struct):
    """A row of the extended streaming history, generations 1 to 5."""

    ts: Scalar = None
    ms_played: Scalar = None
    platform: Scalar = None
    conn_country: Scalar = None
    master_metadata_track_name: Scalar = None
    master_metadata_album_artist_name: Scalar = None
    master_metadata_album_album_name: Scalar = None
    spotify_track_uri: Scalar = None
    episode_name: Scalar = None
    episode_show_name: Scalar = None
    spotify_episode_uri: Scalar = None
    audiobook_title: Scalar = None
    audiobook_uri: Scalar = None
    audiobook_chapter_title: Scalar = None
    audiobook_chapter_uri: Scalar = None
    reason_start: Scalar = None
    reason_end: Scalar = None
    shuffle: Scalar = None
    skipped: Scalar = None
    offline: Scalar = None
    offline_timestamp: Scalar = None
    incognito_mode: Scalar = None


class AccountRow(msgspec.Struct):
    """A row of account data: music, podcast or audiobook."""

    endTime: Scalar = None  # noqa: N815
    msPlayed: Scalar = None  # noqa: N815
    artistName: Scalar = None  # noqa: N815
    trackName: Scalar = None  # noqa: N815
    podcastName: Scalar = None  # noqa: N815
    episodeName: Scalar = None  # noqa: N815
    audiobookName: Scalar = None  # noqa: N815
    chapterName: Scalar = None  # noqa: N815
    authorName: Scalar = None  # noqa: N815


Row = TypeVar("Row", ExtendedRow, AccountRow)


def tolerant(row_type: type[Row], value: dict[object, object]) -> Row:
    """A row out of a plain object: a field that holds a list or an object counts as missing."""
    row = row_type()
    for name in row_type.__struct_fields__:
        field = value.get(name)
        if isinstance(field, str | int | float | bool):
            setattr(row, name, field)
    return row
