from collections import Counter
from datetime import date
from typing import Any

import msgspec
import pytest

from stats_core.sample.account import ROWS_A_FILE, account_members
from stats_core.sample.listening import made_up_history
from tests.sample.reading import Row, Sample, account_rows, members, sound_rows

TRACK, ARTIST = "master_metadata_track_name", "master_metadata_album_artist_name"


def minute(row: Row) -> str:
    return str(row["ts"]).replace("T", " ")[:16]


def test_every_row_of_the_last_year_is_found_in_the_extended_history(sample: Sample) -> None:
    extended = [row for row in sound_rows(sample()) if row["ts"] >= "2024-11-01"]
    found: dict[str, Counter[tuple[Any, ...]]] = {
        "music": Counter(
            (minute(row), row[ARTIST] or "Unknown Artist", row[TRACK] or "Unknown Track", row["ms_played"])
            for row in extended
            if row["episode_name"] is None and row["audiobook_title"] is None
        ),
        "podcast": Counter(
            (minute(row), row["episode_show_name"], row["episode_name"], row["ms_played"])
            for row in extended
            if row["episode_show_name"]
        ),
        "audiobook": Counter(
            (minute(row), row["audiobook_title"], row["audiobook_chapter_title"], row["ms_played"])
            for row in extended
            if row["audiobook_title"]
        ),
    }
    keys = {
        "music": ["endTime", "artistName", "trackName", "msPlayed"],
        "podcast": ["endTime", "podcastName", "episodeName", "msPlayed"],
        "audiobook": ["endTime", "audiobookName", "chapterName", "authorName", "msPlayed"],
    }
    for what, expected in found.items():
        rows = account_rows(sample(account=True), what)
        assert rows
        assert {tuple(row) for row in rows} == {tuple(keys[what])}
        told = Counter(tuple(row[key] for key in keys[what] if key != "authorName") for row in rows)
        assert told == Counter(set(expected))
        assert [row["endTime"] for row in rows] == sorted(row["endTime"] for row in rows)


def test_files_hold_ten_thousand_rows() -> None:
    history = made_up_history(23_000, 1, 2, date(2025, 10, 31))
    music = [member for member in account_members(history, date(2025, 10, 31)) if "_music_" in member.path]
    assert [member.rows for member in music[:2]] == [ROWS_A_FILE, ROWS_A_FILE]
    assert len(music) == 3
    assert [member.path[-7:] for member in music] == ["_0.json", "_1.json", "_2.json"]


def test_it_is_printed_with_a_space_before_the_colon(sample: Sample) -> None:
    content = members(sample(account=True).output)["Spotify Account Data/StreamingHistory_music_0.json"]
    assert content.startswith(b'[\n  {\n    "endTime" : "2024-11-')


def test_the_library_and_the_playlist_give_names_their_uris(sample: Sample) -> None:
    content = members(sample(account=True).output)
    uris = {(row[ARTIST], row[TRACK], row["spotify_track_uri"]) for row in sound_rows(sample())}
    library = msgspec.json.decode(content["Spotify Account Data/YourLibrary.json"])
    (playlist,) = msgspec.json.decode(content["Spotify Account Data/Playlist1.json"])["playlists"]
    saved = {(track["artist"], track["track"], track["uri"]) for track in library["tracks"]}
    listed = {
        tuple(item["track"][key] for key in ("artistName", "trackName", "trackUri")) for item in playlist["items"]
    }
    assert saved
    assert listed < saved <= uris


def test_members_nobody_should_read_are_there(sample: Sample) -> None:
    content = members(sample(account=True).output)
    assert len(content["Spotify Account Data/"]) == 11
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(content["Spotify Account Data/UserAddress.json"])
    assert b"example.invalid" in content["Spotify Account Data/Userdata.json"]
