import re
from collections import Counter
from datetime import date
from typing import Any

import msgspec
import pytest

from stats_core.sample import BROKEN_ROWS
from stats_core.sample.extended import extended_members
from stats_core.sample.listening import made_up_history
from tests.sample.reading import PLAYS, SEED, YEARS, Row, Sample, history_files, is_sound, members, sound_rows

HEAD = "ts username platform ms_played conn_country ip_addr_decrypted user_agent_decrypted "
NAMES = "master_metadata_track_name master_metadata_album_artist_name master_metadata_album_album_name "
URIS = NAMES + "spotify_track_uri episode_name episode_show_name spotify_episode_uri "
HOW = "reason_start reason_end shuffle skipped offline offline_timestamp incognito_mode"
BOOK = "audiobook_title audiobook_uri audiobook_chapter_uri audiobook_chapter_title "
FIELDS = {
    1: HEAD + NAMES + "episode_name episode_show_name " + HOW + " city region metro_code longitude latitude",
    2: HEAD + URIS + HOW,
    3: HEAD + URIS + HOW,
    4: "ts platform ms_played conn_country ip_addr " + URIS + HOW,
    5: "ts platform ms_played conn_country ip_addr " + URIS + BOOK + HOW,
}
GENERATIONS = sorted(FIELDS)


def is_chapter(row: Row) -> bool:
    return row["audiobook_chapter_title"] is not None


def same_listening(rows: list[Row], *more: str) -> Counter[tuple[Any, ...]]:
    keys = (
        "ts",
        "ms_played",
        "master_metadata_track_name",
        "master_metadata_album_artist_name",
        "episode_name",
        "reason_end",
        *more,
    )
    return Counter(tuple(row[key] for key in keys) for row in rows)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_rows_have_exactly_the_generations_fields_in_its_order(sample: Sample, generation: int) -> None:
    assert {tuple(row) for row in sound_rows(sample(generation))} == {tuple(FIELDS[generation].split())}


@pytest.mark.parametrize("generation", [1, 2, 3, 4])
def test_every_generation_tells_the_same_listening(sample: Sample, generation: int) -> None:
    newest = [row for row in sound_rows(sample(5)) if not is_chapter(row)]
    more = () if generation == 1 else ("spotify_track_uri", "spotify_episode_uri")
    assert same_listening(sound_rows(sample(generation)), *more) == same_listening(newest, *more)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_row_asked_for_is_there_and_the_broken_ones_beside_them(sample: Sample, generation: int) -> None:
    report = sample(generation)
    files = history_files(report)
    chapters = sum(is_chapter(row) for row in sound_rows(sample(5)))
    assert {path: len(rows) for path, rows in files.items()} == report.rows
    assert sum(not is_sound(row) for rows in files.values() for row in rows) == BROKEN_ROWS == report.broken
    assert sum(report.rows.values()) == PLAYS + BROKEN_ROWS - (chapters if generation < 5 else 0)
    assert chapters > 0


@pytest.mark.parametrize("generation", GENERATIONS)
def test_files_lie_and_look_as_spotifys(sample: Sample, generation: int) -> None:
    content = members(sample(generation).output)
    audio, video, read_me = content
    if generation <= 2:
        assert (audio, video, read_me) == ("MyData/endsong_0.json", "MyData/endvideo.json", "MyData/Read_Me_First.pdf")
    else:
        folder = "Spotify Extended Streaming History/"
        assert audio == folder + "Streaming_History_Audio_2019-2025_0.json"
        assert re.fullmatch(folder + r"Streaming_History_Video_\d{4}-2025\.json", video)
        assert read_me == folder + "ReadMeFirst_ExtendedStreamingHistory.pdf"
    begins = b'[\n  {\n    "ts": "2' if generation >= 4 else b'[{"ts":"2'
    assert content[audio].startswith(begins)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_long_histories_are_split_by_size(generation: int) -> None:
    history = made_up_history(PLAYS, YEARS, SEED, date(2025, 10, 31))
    files = [member for member in extended_members(history, generation, 400_000) if member.rows is not None]
    audio = [member for member in files if "endsong" in member.path or "Audio" in member.path]
    assert len(audio) > 4
    assert all(300_000 < len(member.data) < 404_000 for member in audio[1:-1])
    numbers = [int(re.findall(r"_(\d+)\.json", member.path)[0]) for member in audio]
    assert numbers == list(range(len(audio)))
    for member in audio:
        times = re.findall(rb'"ts": ?"(20\d\d-[^"]+)"', member.data)
        if generation <= 2:
            assert times != sorted(times)
            assert min(times)[:4] <= b"2020"
            assert max(times)[:4] == b"2025"
        else:
            assert times == sorted(times)
            years = re.findall(r"\d{4}", member.path)
            assert (years[0].encode(), years[-1].encode()) == (times[0][:4], times[-1][:4])


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_row_and_its_repetition_stay_in_one_file(generation: int) -> None:
    history = made_up_history(PLAYS, YEARS, SEED, date(2025, 10, 31))
    repetitions = 0
    for member in extended_members(history, generation, 1_500):
        if member.rows is not None:
            rows = Counter(map(str, msgspec.json.decode(member.data)))
            repetitions += rows.total() - len(rows)
    assert repetitions == history.repeats.sum() > 0


@pytest.mark.parametrize(("generation", "digits"), [(1, 13), (2, 13), (3, 10), (4, 10), (5, 10)])
def test_the_players_clock_is_in_ms_before_the_third_generation(sample: Sample, generation: int, digits: int) -> None:
    clocks = {len(str(row["offline_timestamp"])) for row in sound_rows(sample(generation)) if row["offline_timestamp"]}
    assert clocks <= {1, digits}
    assert digits in clocks


@pytest.mark.parametrize("generation", GENERATIONS)
def test_skipped_means_what_it_meant_then(sample: Sample, generation: int) -> None:
    rows = sound_rows(sample(generation))
    if generation <= 2:
        assert 0.88 < sum(row["skipped"] is None for row in rows) / len(rows) < 0.96
    for row in rows:
        skipping = row["ts"] >= "2022-10-17" and row["reason_end"] in {"fwdbtn", "backbtn", "endplay"}
        assert row["skipped"] == skipping or (generation <= 2 and row["skipped"] is None)
