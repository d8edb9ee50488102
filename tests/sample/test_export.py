import hashlib
import re
from datetime import date
from pathlib import Path

import msgspec
import pytest

from stats_core.errors import InvalidParameter
from stats_core.sample import sample_export
from tests.sample.reading import PLAYS, SEED, YEARS, Sample, members, sound_rows

ADDRESS = re.compile(rb"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b")
EVERY = [(generation, False) for generation in (1, 2, 3, 4, 5)] + [(5, True)]


@pytest.mark.parametrize(("generation", "account"), EVERY)
def test_the_same_seed_gives_the_same_bytes(sample: Sample, tmp_path: Path, generation: int, account: bool) -> None:
    again = sample_export(PLAYS, YEARS, SEED, generation, account, output=tmp_path / "again.zip")
    assert again.output.read_bytes() == sample(generation, account).output.read_bytes()


def test_the_members_are_the_same_bytes_on_every_machine(tmp_path: Path) -> None:
    # A sum that changes means every sample anywhere changes: do it on purpose only.
    sums = []
    for generation, account in [(1, False), (5, False), (5, True)]:
        report = sample_export(700, 3, 7, generation, account, output=tmp_path / "sample.zip")
        content = members(report.output)
        sums.append(hashlib.sha256(b"\0".join(content.values())).hexdigest()[:16])
    assert sums == ["4971ca2cc688cae8", "370d8d3fb6cc6496", "61ab3271925e00d9"]


def test_another_seed_gives_another_history(sample: Sample, tmp_path: Path) -> None:
    other = sample_export(PLAYS, YEARS, SEED + 1, output=tmp_path / "other.zip")
    assert {row["ts"] for row in sound_rows(other)}.isdisjoint({row["ts"] for row in sound_rows(sample())[:20]})


def test_the_history_ends_on_the_day_that_was_asked_for(tmp_path: Path) -> None:
    report = sample_export(500, 2, 3, output=tmp_path / "early.zip", until=date(2019, 3, 31))
    days = [row["ts"][:10] for row in sound_rows(report)]
    assert min(days) >= "2017-03-31"
    assert max(days) == "2019-03-31"


@pytest.mark.parametrize("plays", [1, 2, 40])
@pytest.mark.parametrize(("generation", "account"), EVERY)
def test_the_smallest_histories_work(tmp_path: Path, plays: int, generation: int, account: bool) -> None:
    report = sample_export(plays, 1, 5, generation, account, output=tmp_path / "small.zip")
    assert sum(report.rows.values()) <= plays + report.broken


def test_a_crowded_history_stays_within_its_days(tmp_path: Path) -> None:
    report = sample_export(300 * 365, 1, 5, output=tmp_path / "crowded.zip")
    times = [row["ts"] for row in sound_rows(report)]
    assert min(times) >= "2024-10-31"
    assert max(times) < "2025-11-01"


@pytest.mark.parametrize(
    "wrong", [{"plays": 0}, {"plays": 10**9}, {"years": 0}, {"years": 40}, {"generation": 6}, {"output": Path("/no/x")}]
)
def test_impossible_arguments_are_said_and_write_nothing(tmp_path: Path, wrong: dict[str, object]) -> None:
    arguments = {"plays": 100, "years": 1, "seed": 1, "output": tmp_path / "sample.zip"} | wrong
    with pytest.raises(InvalidParameter):
        msgspec.convert(arguments, Arguments).write()
    assert not list(tmp_path.iterdir())


def test_a_finished_sample_replaces_the_old_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    output = tmp_path / "sample.zip"
    output.write_text("old")
    sample_export(100, 1, 1, output=output)
    assert "ReadMeFirst" in str(members(output))
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.parametrize(("generation", "account"), EVERY)
def test_nothing_in_it_looks_like_a_persons(sample: Sample, generation: int, account: bool) -> None:
    everything = b"\n".join(members(sample(generation, account).output).values())
    assert all(address.startswith(b"192.0.2.") for address in ADDRESS.findall(everything))
    assert all(found.endswith(b"@example.invalid") for found in re.findall(rb"[\w.]+@[\w.]+", everything))
    assert set(re.findall(rb'"username": ?"([^"]*)"', everything)) <= {b"sample-listener"}


class Arguments(msgspec.Struct):
    plays: int
    years: int
    seed: int
    output: Path
    generation: int = 5

    def write(self) -> None:
        sample_export(self.plays, self.years, self.seed, self.generation, output=self.output)
