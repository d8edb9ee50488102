"""The other commands that need no service."""

import json
import re
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from stats_core.clock import instant_ms, utc_now
from stats_core.documents.imports import Import
from stats_core.history.reader import HistoryReader
from stats_core.imports.importer import digest_of, import_key
from stats_core.insights import STATISTICS, answered
from stats_core.store import collections, open_store
from tests.cli.conftest import Run
from tests.cli.test_import import history
from tests.imports.exported import Listened

QUESTION = ("--start", "2022-01-01", "--end", "2023-01-01", "--tz", "Europe/Berlin", "--min-ms", "0",
            "--kinds", "track,unknown", "--private", "include")  # fmt: skip


@pytest.fixture
def listened(run: Run, tmp_path: Path) -> Path:
    """A data folder with one listener's three plays."""
    assert run("import", history(tmp_path / "a.json")).exit_code == 0
    return tmp_path / "data"


TOPS = [name.removeprefix("top/") for name in STATISTICS if name.startswith("top/")]


@pytest.mark.parametrize("statistic", ["summary", *(f"top/{of}" for of in TOPS)])
def test_json_is_the_very_answer_of_the_route(run: Run, listened: Path, statistic: str) -> None:
    paging = () if statistic == "summary" else ("--by", "ms", "--limit", "1", "--offset", "0")
    store = open_store(f"sqlite:///{listened / 'stats.sqlite'}")
    heard = HistoryReader(store, 0).read("me")
    asked = (*QUESTION, *paging)
    given = {name.lstrip("-").replace("-", "_"): value for name, value in zip(asked[::2], asked[1::2], strict=True)}
    assert (
        run(*statistic.split("/"), *asked, "--json").stdout_bytes
        == answered(statistic, heard, given, now=instant_ms(utc_now())).json
    )
    store.close()


def test_every_parameter_of_a_statistic_is_an_option(run: Run) -> None:
    for statistic in ("summary", "top/tracks"):
        told = run(statistic.split("/")[0], "--help").stdout
        for parameter in STATISTICS[statistic].parameters:
            assert f"--{parameter.name.replace('_', '-')} " in told


def test_answers_are_tables_unless_asked_otherwise(run: Run, listened: Path) -> None:
    assert re.search(r"plays\s+│ 2", run("summary").stdout)
    assert "Artist of Two" in run("top", "artists").stdout


@pytest.mark.parametrize("of", TOPS)
def test_every_top_is_a_table(run: Run, listened: Path, of: str) -> None:
    result = run("top", of)
    assert result.exit_code == 0
    assert f"top/{of}, " in result.stdout
    assert "change" not in result.stdout, "there is no period before that of all plays"


def test_a_top_tells_who_climbed_fell_came_and_came_back(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    counts = {"Steady [/b]\x1b[2J": (0, 5, 5), "Up": (0, 1, 4), "New": (0, 0, 3), "Back": (1, 0, 2), "Down": (0, 3, 1)}
    heard = [
        Listened((30 * month + 3 + number) * 86_400 + 600 * time, 60_000, number, name)
        for number, (name, plays) in enumerate(counts.items(), start=1)
        for month, count in enumerate(plays)
        for time in range(count)
    ]
    assert run("import", history(tmp_path / "a.json", plays=heard)).exit_code == 0
    told = run("top", "tracks", "--period", "2022-06").stdout
    assert "change against 2022-05-01 to 2022-06-01" in told
    lines = [[cell.strip() for cell in line.split("│")[1:-1]][:4] for line in told.splitlines() if "│" in line]
    assert lines == [
        ["1", "=", "Steady [/b] [2J", "Artist of Steady [/b] [2J"],
        ["2", "▲ 1", "Up", "Artist of Up"],
        ["3", "new", "New", "Artist of New"],
        ["4", "back", "Back", "Artist of Back"],
        ["5", "▼ 3", "Down", "Artist of Down"],
    ]


def test_a_wrong_value_is_told_with_what_is_allowed(run: Run, listened: Path) -> None:
    result = run("summary", "--tz", "Mars/Olympus")
    assert result.exit_code == 2
    assert "tz='Mars/Olympus'" in result.stderr
    assert "Europe/Berlin" in result.stderr


def test_an_unknown_listener_is_told_in_one_line(run: Run) -> None:
    result = run("summary", "--user", "nobody")
    assert result.exit_code == 1
    assert "There is no listener 'nobody'" in result.stderr
    assert "Traceback" not in result.output


def test_a_sample_imports_with_every_row_accounted_for(run: Run, tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        assert run("sample", "--plays", 300, "--years", 1, "--seed", 3, "--output", tmp_path / name).exit_code == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    report = json.loads(run("import", tmp_path / "one.zip", "--json").stdout)
    assert report["rows"] == sum(report["states"].values())
    assert report["states"]["invalid"] == 5


def test_rebuilding_changes_no_answer(run: Run, listened: Path) -> None:
    before = run("top", "tracks", "--json").stdout_bytes
    assert "3 plays" in run("rebuild").stderr
    assert run("top", "tracks", "--json").stdout_bytes == before


def test_doctor_says_what_is_stuck_and_what_to_do(run: Run, listened: Path) -> None:
    run("rebuild")
    result = run("doctor")
    assert result.exit_code == 0
    assert "up to date" in result.stdout
    store = open_store(f"sqlite:///{listened / 'stats.sqlite'}")
    stopped = Import(id="me|x", user="me", digest="x", name="lost.zip", status="importing", received_at=utc_now())
    store.put(collections.imports, [stopped])
    store.close()
    result = run("doctor")
    assert result.exit_code == 1
    assert "lost.zip" in result.stdout


def test_doctor_makes_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    result = run("doctor")
    assert result.exit_code == 0
    assert "stats.sqlite yet" in result.stdout
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "data").mkdir()
    assert run("doctor").exit_code == 0
    assert list((tmp_path / "data").iterdir()) == []


def test_doctor_tells_of_an_upload_that_waits_for_a_file_that_is_gone(
    run: Run, listened: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    run("rebuild")
    there = history(listened / "inbox" / "me" / "renamed.json", 2)
    store = open_store(f"sqlite:///{listened / 'stats.sqlite'}")
    long_ago = utc_now() - timedelta(minutes=11)
    for name, digest, received_at in (
        ("gone.zip", "a" * 64, long_ago),
        ("there.json", digest_of(there), long_ago),
        ("just-now.zip", "b" * 64, utc_now()),
    ):
        identity = import_key("me", digest)
        waiting = Import(id=identity, user="me", digest=digest, name=name, status="waiting", received_at=received_at)
        store.put(collections.imports, [waiting])
    store.close()
    result = run("doctor")
    assert result.exit_code == 1
    assert "gone.zip for me waits" in result.stdout
    assert "there.json" not in result.stdout
    assert "just-now.zip" not in result.stdout


def test_a_sample_comes_with_the_catalogue_of_its_tracks(run: Run, tmp_path: Path) -> None:
    output = tmp_path / "sample.zip"
    made = ("sample", "--plays", 300, "--years", 1, "--output", output, "--catalogue")
    assert run(*made, "half").exit_code == 2
    assert "0 to 1" in run(*made, "1.5").stderr
    assert not output.exists()
    result = run(*made, "1")
    assert result.exit_code == 0
    assert run("import", output).exit_code == 0
    store = open_store(f"sqlite:///{tmp_path / 'data' / 'stats.sqlite'}")
    known = {track.id: track for track in store.find(collections.tracks)}
    played = {
        play.uri.rpartition(":")[2] for play in store.find(collections.plays) if play.uri and play.kind == "track"
    }
    store.close()
    assert known.keys() == played
    assert f"{len(known)} tracks" in result.stderr


def test_what_is_made_is_for_the_owner_alone(run: Run, listened: Path) -> None:
    for folder in (listened, listened / "archive", listened / "archive" / "me"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_data_folder_that_cannot_be_made_is_told_in_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    for command in (("summary",), ("up",), ("api",)):
        result = run(*command)
        assert result.exit_code == 1
        assert "cannot be made" in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_doctor_tells_of_a_store_that_cannot_be_reached(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATS_DATABASE_URI", "mongodb://127.0.0.1:9/stats?serverSelectionTimeoutMS=200")
    result = run("doctor")
    assert result.exit_code == 1
    assert "127.0.0.1:9" in result.stdout


def test_a_wrong_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATS_API_PORT", "many")
    result = run("summary")
    assert result.exit_code == 1
    assert "STATS_API_PORT" in result.stderr
