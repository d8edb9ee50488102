"""Spotify's objects as an app of late 2026 is told of them: without the fields that were taken away."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

Json = dict[str, Any]

_WHOLE_ONLY: Final = frozenset({"album", "external_ids", "popularity"})


def stamp(ms: int) -> str:
    """An instant as Spotify writes it: without a fraction where that is 0."""
    return second(ms)[:-1] + (f".{ms % 1_000:03}" if ms % 1_000 else "") + "Z"


def second(ms: int) -> str:
    """An instant as Spotify writes those that never have a fraction."""
    return f"{datetime.fromtimestamp(ms // 1_000, UTC):%Y-%m-%dT%H:%M:%S}Z"


def track(
    identity: str, name: str, artists: Mapping[str, str], album: tuple[str, str], ms: int, isrc: str | None = None
) -> Json:
    """A track's object; `artists`: id -> name; `album`: id and name."""
    credited = [artist(one, called) for one, called in artists.items()]
    return {
        "id": identity, "name": name, "type": "track", "uri": f"spotify:track:{identity}", "duration_ms": ms,
        "explicit": False, "is_local": False, "track_number": 1, "disc_number": 1, "artists": credited,
        "external_ids": {"isrc": isrc} if isrc else {},
        "album": {
            "id": album[0], "name": album[1], "type": "album", "album_type": "album", "artists": credited[:1],
            "images": pictures("albums", album[0]), "uri": f"spotify:album:{album[0]}", "total_tracks": 1,
        },
    }  # fmt: skip


def artist(identity: str, name: str) -> Json:
    """An artist's object as it stands in a track or album."""
    return {"id": identity, "name": name, "type": "artist", "uri": f"spotify:artist:{identity}"}


def pictures(of: str, identity: str) -> list[Json]:
    """The one picture of an artist or album."""
    return [{"url": f"https://images.example.invalid/{of}/{identity}", "height": 640, "width": 640}]


def simple(whole: Json) -> Json:
    """A track's object as it stands in an album."""
    return {name: value for name, value in whole.items() if name not in _WHOLE_ONLY}
