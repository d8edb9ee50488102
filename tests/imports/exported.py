"""Small made-up export files of every generation, as bytes, and stores to import them into."""

import json
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st

from stats_core.documents.imports import Import
from stats_core.documents.plays import Play
from stats_core.imports.importer import Dropped, import_file
from stats_core.settings import Settings
from stats_core.store import collections
from stats_core.store.port import Query, Store

BASE = datetime(2022, 3, 31, 23, 59, tzinfo=UTC)


@dataclass(frozen=True)
class Listened:
    """What really happened, to be told in the words of a generation."""

    seconds: int
    ms: int
    uri: int | None
    name: str | None
    reason: str = "trackdone"
    episode: bool = False

    @property
    def end(self) -> datetime:
        return BASE + timedelta(seconds=self.seconds)


listened = st.builds(
    Listened,
    st.sampled_from([0, 1, 58, 60, 61, 3600]),
    st.sampled_from([0, 31_000, 200_000]),
    st.sampled_from([None, 1, 2]),
    st.sampled_from([None, "One", "Two", "Zwölf"]),
    st.sampled_from(["trackdone", "fwdbtn", ""]),
    st.booleans(),
)


def extended_row(generation: int, play: Listened) -> dict[str, object]:
    """A row of the extended history."""
    track, episode = (None, play.name) if play.episode else (play.name, None)
    row: dict[str, object] = {
        "ts": f"{play.end:%Y-%m-%dT%H:%M:%SZ}",
        "platform": "Android OS 12 API 31 (samsung, SM-G991B)" if generation < 3 else "android",
        "ms_played": play.ms,
        "conn_country": "DE",
        "master_metadata_track_name": track,
        "master_metadata_album_artist_name": track and f"Artist of {track}",
        "master_metadata_album_album_name": track and f"Album of {track}",
        "episode_name": episode,
        "episode_show_name": episode and f"Show of {episode}",
        "reason_start": "clickrow",
        "reason_end": play.reason,
        "shuffle": False,
        "skipped": None,
        "offline": False,
        "offline_timestamp": None,
        "incognito_mode": False,
    }
    if generation > 1:
        kind = "episode" if play.episode else "track"
        row["spotify_track_uri"] = row["spotify_episode_uri"] = None
        row[f"spotify_{kind}_uri"] = None if play.uri is None else f"spotify:{kind}:{play.uri:022}"
    if generation < 4:
        row |= {"username": "sample", "user_agent_decrypted": "sample", "ip_addr_decrypted": "192.0.2.1"}
    else:
        row["ip_addr"] = "192.0.2.1"
    if generation == 1:
        row |= {"city": "Nowhere", "longitude": "0", "latitude": "0"}
    if generation == 2:
        row["offline_timestamp"] = 1_600_000_000_123
    if generation == 3:
        row["offline_timestamp"] = 1_600_000_000
    if generation == 5:
        row |= {"audiobook_title": None, "audiobook_uri": None}
    return row


def account_row(play: Listened) -> dict[str, object]:
    """A row of account data: music, or a podcast's."""
    told = {"endTime": f"{play.end:%Y-%m-%d %H:%M}", "msPlayed": play.ms}
    if play.episode and play.name:
        return {**told, "podcastName": f"Show of {play.name}", "episodeName": play.name}
    artist = f"Artist of {play.name}" if play.name else "Unknown Artist"
    return {**told, "artistName": artist, "trackName": play.name or "Unknown Track"}


def page_entry(play: Listened, length: int, millis: int, played_from: str | None = None) -> dict[str, object]:
    """An entry of a page of recently played tracks; where the milliseconds are 0 Spotify leaves them out."""
    fraction = f".{millis:03}" if millis else ""
    artist = {"name": f"Artist of {play.name}"}
    return {
        "track": {
            "uri": f"spotify:track:{play.uri or 1:022}", "name": play.name, "duration_ms": length,
            "artists": [artist, {"name": "A guest"}], "album": {"name": f"Album of {play.name}", "artists": [artist]},
        },
        "played_at": f"{play.end:%Y-%m-%dT%H:%M:%S}{fraction}Z",
        "context": played_from and {"type": "playlist", "uri": played_from},
    }  # fmt: skip


def page(entries: list[dict[str, object]]) -> bytes:
    """A page as the Web API answers it."""
    return json.dumps({"href": "https://api.example/recently-played", "items": entries, "cursors": None}).encode()


entries = st.builds(
    page_entry,
    st.builds(
        Listened,
        st.sampled_from([0, 1, 2, 57, 58, 59, 60, 61, 63, 66, 3600, 3605]),
        st.just(0),
        st.sampled_from([1, 2]),
        st.sampled_from(["One", "Two", "Zwölf"]),
    ),
    st.sampled_from([20_000, 31_000, 200_000, 4_000_000]),
    st.sampled_from([0, 12, 460, 999]),
    st.sampled_from([None, "spotify:playlist:0000000000000000000009"]),
)
pages = st.lists(entries, min_size=1, max_size=4).map(page)


@st.composite
def json_files(draw: st.DrawFn) -> bytes:
    """One JSON file: a generation, 0 for account data, or -1 for a page of recently played tracks; and some rows."""
    generation = draw(st.integers(-1, 5))
    if generation == -1:
        return draw(pages)
    plays = draw(st.lists(listened, min_size=1, max_size=4))
    rows = [extended_row(generation, play) if generation else account_row(play) for play in plays]
    return json.dumps(rows, ensure_ascii=draw(st.booleans())).encode()


def packed(files: list[bytes], path: Path) -> Path:
    """The files as one ZIP, or the one file loose; the same bytes for the same files."""
    if len(files) == 1:
        path = path.with_suffix(".json")
        path.write_bytes(files[0])
        return path
    path = path.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for number, content in enumerate(files):
            archive.writestr(zipfile.ZipInfo(f"MyData/{number}.json"), content)
    return path


def imported(store: Store, settings: Settings, path: Path, user: str = "me") -> Import:
    """The document of a file imported now."""
    return import_file(store, settings, user, Dropped(path, path.name))[0]


def plays_in(store: Store, user: str = "me") -> list[Play]:
    """All plays of a listener, by key."""
    return [play for play in store.find(collections.plays, Query(order="_id")) if play.user == user]
