"""Small export files, dropped where they are wanted."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2024, 1, 31, 22, 30, tzinfo=UTC)


def row(end: datetime, ms: int = 60_000, track: int = 1, **fields: object) -> dict[str, object]:
    """A row of the newest generation."""
    return {
        "ts": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "platform": "android",
        "ms_played": ms,
        "conn_country": "DE",
        "ip_addr": "192.0.2.1",
        "master_metadata_track_name": f"Track {track}",
        "master_metadata_album_artist_name": f"Artist {track % 3}",
        "master_metadata_album_album_name": f"Album {track % 5}",
        "spotify_track_uri": f"spotify:track:{track:022}",
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "audiobook_title": None,
        "audiobook_uri": None,
        "reason_start": "trackdone",
        "reason_end": "trackdone",
        "shuffle": False,
        "skipped": False,
        "offline": False,
        "offline_timestamp": None,
        "incognito_mode": False,
        **fields,
    }


def rows(count: int, start: datetime = START, every: timedelta = timedelta(hours=7)) -> list[dict[str, object]]:
    """Some listening."""
    return [row(start + number * every, 20_000 + 7_000 * (number % 9), number % 7) for number in range(count)]


def drop(path: Path, content: list[dict[str, object]] | bytes) -> Path:
    """Put a file there, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path
