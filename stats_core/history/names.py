"""Which items are one track, artist, album or show, and what each is called: decided when columns are loaded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from stats_core.documents import Kind, SavedItem
from stats_core.history.items import VARIOUS_ARTISTS, Item, name_key, uri_id

Of = Literal["tracks", "artists", "albums", "shows"]
Names = tuple[Kind, str | None, str | None]
"""Kind, name, and artist or show."""
Codes = npt.NDArray[np.int32]

NONE = -1
"""The code of an item that is in no entry."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A line a top can hold, named as in the latest play."""

    id: str
    name: str | None
    artist: str | None = None
    album: str | None = None


@dataclass(frozen=True, eq=False)
class Entries:
    """The entries of a history, and to which one each item belongs."""

    of_item: Codes
    """Position in `entries` of each item, NONE where it has none."""
    entries: Sequence[Entry]


def entries_of(of: Of, items: Sequence[Item], played: Codes, saved: Sequence[SavedItem] = ()) -> Entries:
    """The entries of a history's items; `played` are the item codes of its plays, in order of start."""
    if of == "tracks":
        uris = known_uris(items, played, saved)
        ids = [_track_id(item, uris) for item in items]
    else:
        ids = [_KEYS[of](item) for item in items]
    latest = np.full(len(items), -1, np.int64)
    latest[played] = np.arange(len(played))
    code_of: dict[str, int] = {}
    shown: list[tuple[tuple[bool, int], Item]] = []
    codes = np.full(len(items), NONE, np.int32)
    for position, (item, identity, play) in enumerate(zip(items, ids, latest.tolist(), strict=True)):
        if identity is None:
            continue
        code = code_of.setdefault(identity, len(shown))
        codes[position] = code
        rank = (item.name is not None, play)
        if code == len(shown):
            shown.append((rank, item))
        elif rank > shown[code][0]:
            shown[code] = (rank, item)
    entries = [_entry(of, identity, item) for identity, (_, item) in zip(code_of, shown, strict=True)]
    return Entries(codes, entries)


def known_uris(items: Sequence[Item], played: Codes, saved: Sequence[SavedItem] = ()) -> dict[Names, str]:
    """(kind, name, artist or show) -> the URI a play of these names takes: the most played, then the smallest."""
    wanted = {(item.kind, item.name, item.by) for item in items if item.uri is None and item.name is not None}
    if not wanted:
        return {}
    plays = np.bincount(played, minlength=len(items)).tolist()
    plays_of: dict[str, int] = {}
    candidates: dict[Names, set[str]] = {}
    for item, count in zip(items, plays, strict=True):
        if item.uri is not None:
            plays_of[item.uri] = plays_of.get(item.uri, 0) + count
            if (names := (item.kind, item.name, item.by)) in wanted:
                candidates.setdefault(names, set()).add(item.uri)
    for entry in saved:
        kind: Kind = "episode" if entry.uri.startswith("spotify:episode:") else "track"
        if (names := (kind, entry.name, entry.by)) in wanted:
            candidates.setdefault(names, set()).add(entry.uri)
    return {names: min(uris, key=lambda uri: (-plays_of.get(uri, 0), uri)) for names, uris in candidates.items()}


def _track_id(item: Item, uris: dict[Names, str]) -> str | None:
    if item.kind != "track":
        return None
    uri = item.uri or uris.get((item.kind, item.name, item.artist))
    return uri_id(uri) if uri else name_key("track", item.artist, item.name)


def _artist_id(item: Item) -> str | None:
    if item.kind != "track" or item.artist is None or item.artist == VARIOUS_ARTISTS:
        return None
    return name_key("artist", item.artist)


def _album_id(item: Item) -> str | None:
    if item.kind != "track" or item.album is None:
        return None
    return name_key("album", item.artist, item.album)


def _show_id(item: Item) -> str | None:
    return name_key("show", item.show) if item.kind == "episode" and item.show is not None else None


_KEYS: dict[Of, Callable[[Item], str | None]] = {"artists": _artist_id, "albums": _album_id, "shows": _show_id}


def _entry(of: Of, identity: str, item: Item) -> Entry:
    if of == "tracks":
        return Entry(identity, item.name, item.artist, item.album)
    if of == "albums":
        return Entry(identity, item.album, item.artist)
    return Entry(identity, item.artist if of == "artists" else item.show)
