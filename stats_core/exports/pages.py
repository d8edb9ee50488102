"""Pages of recently played tracks, as the Web API answers them: from the sync, or saved to a file."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import msgspec

from stats_core.errors import Refused
from stats_core.exports.fields import InvalidField, shared, text
from stats_core.exports.json_rows import BOM, NOT_JSON, NOT_UTF8, WRONG_SHAPE
from stats_core.history.items import Item
from stats_core.history.observations import Context

_LARGEST_PAGE: Final = 64 << 20
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)", re.ASCII)
_LONGEST_MS: Final = 86_400_000


def entries_of(blocks: Iterable[bytes]) -> list[object]:
    """The entries of a page, or of a list of entries as the archive keeps them; raises Refused."""
    page = b"".join(_bounded(blocks)).removeprefix(BOM)
    try:
        told = msgspec.json.decode(page)
    except UnicodeDecodeError:
        raise Refused(NOT_UTF8) from None
    except (msgspec.DecodeError, RecursionError):
        raise Refused(NOT_JSON) from None
    entries = told.get("items") if isinstance(told, dict) else told
    if not isinstance(entries, list):
        raise Refused(WRONG_SHAPE)
    return entries


def end_ms(entry: dict[str, object]) -> int:
    """When an entry's play ended, ms since 1970; Spotify leaves the fraction out where it is 0. Raises InvalidField."""
    told = entry.get("played_at")
    if not isinstance(told, str):
        raise InvalidField("played_at", "is missing" if told is None else "is not a time")
    parts = _TIME.fullmatch(told.strip())
    try:
        if parts is None:
            raise ValueError
        whole = datetime.fromisoformat(parts[1]).replace(tzinfo=UTC)
    except ValueError:
        raise InvalidField("played_at", "is not a time like 2024-01-31T23:59:59.123Z") from None
    end = int(whole.timestamp()) * 1_000 + int((parts[2] or "0")[:3].ljust(3, "0"))
    if end < 0:
        raise InvalidField("played_at", "lies before 1970")
    return end


def length_ms(entry: dict[str, object]) -> int:
    """The whole length of the track; raises InvalidField."""
    told = _object(entry.get("track")).get("duration_ms")
    if type(told) is not int or not 0 < told <= _LONGEST_MS:
        raise InvalidField("track.duration_ms", "is no length in milliseconds")
    return told


def played_item(entry: dict[str, object]) -> Item:
    """What was played; raises InvalidField where it has no URI."""
    track = _object(entry.get("track"))
    uri = text(track.get("uri"))
    if uri is None:
        raise InvalidField("track.uri", "is missing")
    album = _object(track.get("album"))
    primary, by = _first_artist(track), _first_artist(album)
    return Item(
        "track",
        uri=uri,
        name=text(track.get("name")),
        artist=by or primary,
        album=shared(text(album.get("name"))),
        primary_artist=primary if by is not None and primary != by else None,
    )


def played_context(entry: dict[str, object]) -> Context:
    """How it was played: the API tells nothing but from what."""
    return Context("api", played_from=text(_object(entry.get("context")).get("uri")))


def kept_entry(entry: dict[str, object]) -> bytes:
    """What may be kept of an entry that is invalid."""
    track = {
        name: value for name, value in _object(entry.get("track")).items() if name in {"uri", "name", "duration_ms"}
    }
    kept = {"played_at": entry.get("played_at"), "track": track}
    return msgspec.json.encode({name: value for name, value in kept.items() if isinstance(value, (str, dict))})


def entry_text(played_at: str, length: int, item: Item, context: Context) -> bytes:
    """An entry as the API tells it, of what is kept."""
    artist = {"name": item.primary_artist or item.artist}
    track = {
        "uri": item.uri, "name": item.name, "duration_ms": length, "artists": [artist],
        "album": {"name": item.album, "artists": [{"name": item.artist}]},
    }  # fmt: skip
    played_from = None if context.played_from is None else {"uri": context.played_from}
    return msgspec.json.encode({"track": track, "played_at": f"{played_at}Z", "context": played_from})


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _first_artist(of: dict[str, object]) -> str | None:
    artists = of.get("artists")
    first = artists[0] if isinstance(artists, list) and artists else None
    return shared(text(_object(first).get("name")))


def _bounded(blocks: Iterable[bytes]) -> Iterable[bytes]:
    size = 0
    for block in blocks:
        size += len(block)
        if size > _LARGEST_PAGE:
            raise Refused(WRONG_SHAPE)
        yield block
