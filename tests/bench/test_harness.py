"""The benchmark works: never how fast anything is."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.__main__ import bench
from bench.demo import seconds_told
from bench.figures import Results, results_from
from bench.jobs import Import, Imported, JobFailed, done
from bench.questions import questions
from bench.readme import README, RESULTS
from stats_core.insights import STATISTICS

pytestmark = pytest.mark.xdist_group("harness")  # one process makes what all of these look at


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Results]:
    output = tmp_path_factory.mktemp("bench") / "results.json"
    environment = {"STATS_DATABASE_URI": None}
    result = CliRunner(env=environment).invoke(
        bench, ["--quick", "--no-load", "--plays", "300", "--output", str(output)]
    )
    assert result.exit_code == 0, result.output
    return result, results_from(output)


def test_every_figure_has_a_name_a_unit_and_a_value(trial: tuple[Result, Results]) -> None:
    _, results = trial
    assert results.figures
    for figure in results.figures:
        assert figure.name
        assert figure.unit in {"rows/s", "MB", "ms", "s"}
        assert figure.value > 0
        assert figure.measured
    names = [(figure.name, figure.store, figure.plays) for figure in results.figures]
    assert len(set(names)) == len(names)


def test_every_statistic_is_measured_over_all_time_and_one_year(trial: tuple[Result, Results]) -> None:
    _, results = trial
    measured = {figure.name for figure in results.figures if figure.p95 is not None}
    assert measured == {question.name for question in questions()}
    for statistic in STATISTICS:
        sides = [question.given.get("start") for question in questions() if question.statistic == statistic]
        assert set(sides) == {None, "2024-01-01"}


def test_the_table_at_the_end_shows_every_figure(trial: tuple[Result, Results]) -> None:
    result, results = trial
    for figure in results.figures:
        assert figure.name in result.stdout


def test_the_machine_and_what_ran_on_it_are_told(trial: tuple[Result, Results]) -> None:
    _, results = trial
    assert results.machine.cpu
    assert results.machine.cores >= 1
    assert results.machine.memory_mb > 0
    assert {"numpy", "pymongo"} <= results.machine.libraries.keys()


def test_a_trial_touches_neither_results_nor_readme_unless_told(trial: tuple[Result, Results], tmp_path: Path) -> None:
    result, _ = trial
    assert str(RESULTS) not in result.stderr
    assert str(README) not in result.stderr


def test_a_measurement_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(JobFailed, match=r"nothing\.zip"):
        done(Import(f"sqlite:///{tmp_path}/bench.sqlite", str(tmp_path), str(tmp_path / "nothing.zip")), Imported)


def test_the_time_that_the_demo_tells_is_read() -> None:
    assert seconds_told("Dropped it.\nFrom dropped file to first answer: 31.2 s\nStopping.\n") == 31.2
    with pytest.raises(JobFailed, match="port 8000 is taken"):
        seconds_told("port 8000 is taken")
