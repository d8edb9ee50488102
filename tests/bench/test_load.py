"""The load: that it is made, counted and told; never how much is borne."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.__main__ import bench
from bench.figures import Results, results_from
from bench.generator import Target, check_generator, load_round
from bench.jobs import JobFailed
from bench.questions import ALL_TIME, questions
from bench.service import Running
from tests.conftest import needed

pytestmark = pytest.mark.xdist_group("load")  # one process makes what all of these look at


@pytest.fixture(scope="module", autouse=True)
def generator() -> None:
    if shutil.which("wrk") is None:
        needed("no wrk, which makes the load")


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Results:
    output = tmp_path_factory.mktemp("bench") / "results.json"
    arguments = ["--quick", "--load", "--plays", "300", "--plays", "400", "--output", str(output)]
    result = CliRunner(env={"STATS_DATABASE_URI": None}).invoke(bench, arguments)
    assert result.exit_code == 0, result.output
    return results_from(output)


def test_the_service_is_measured_hot_with_nothing_kept_and_beside_its_limit(trial: Results) -> None:
    rates = {figure.name: figure for figure in trial.figures if figure.unit == "requests/s"}
    assert len(rates) == 3
    assert all(figure.value > 0 and figure.plays == 300 for figure in rates.values())
    failures = [figure for figure in trial.figures if figure.name.endswith("failures")]
    assert [figure.value for figure in failures] == [0, 0]


def test_the_memory_of_a_process_is_told(trial: Results) -> None:
    (resident, *shared) = (figure for figure in trial.figures if figure.unit == "MB")
    assert 20 < resident.value < 1_000
    assert all(0 < figure.value <= resident.value for figure in shared)


@pytest.mark.parametrize("plays", [300, 400])
def test_every_statistic_over_all_time_is_asked_over_http_at_every_size(trial: Results, plays: int) -> None:
    told = {figure.name for figure in trial.figures if figure.p95 is not None and figure.plays == plays}
    asked = {question.name for question in questions() if question.name.endswith(ALL_TIME)}
    assert told == {f"{name}, over HTTP" for name in asked}
    slowest = [figure for figure in trial.figures if "95th percentile" in figure.name and figure.plays == plays]
    assert slowest
    assert all(figure.value > 0 for figure in slowest)


def test_refused_requests_are_counted_as_failures(service: tuple[Running, str], tmp_path: Path) -> None:
    running, key = service
    right, wrong = Target("/v1/listeners/ada/summary", key), Target("/v1/listeners/ada/summary?by=no", key)
    good = load_round(running.address, [right], tmp_path, connections=2, seconds=1)
    assert good.requests > 0
    assert good.failures == 0
    assert good.rate > 0
    assert 0 < good.p50_ms <= good.p99_ms
    half = load_round(running.address, [right, wrong], tmp_path, connections=2, seconds=1)
    assert abs(half.failures - half.requests / 2) <= 2


def test_keys_of_the_load_are_for_their_owner_alone(service: tuple[Running, str], tmp_path: Path) -> None:
    running, key = service
    load_round(running.address, [Target("/v1/listeners/ada/summary", key)], tmp_path, connections=1, seconds=1)
    assert [file.stat().st_mode & 0o777 for file in tmp_path.iterdir()] == [0o600]


def test_one_client_says_what_went_wrong(service: tuple[Running, str]) -> None:
    running, _ = service
    with running.client() as client, pytest.raises(JobFailed, match=r"summary answers 401: .*key"):
        client.ask(Target("/v1/listeners/ada/summary"))


def test_no_other_machine_is_ever_asked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not on this machine"):
        load_round("http://192.0.2.1:80", [Target("/")], tmp_path, connections=1, seconds=1)


def test_without_a_generator_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JobFailed, match="apt-get install wrk"):
        check_generator()
    result = CliRunner().invoke(bench, ["--quick", "--load"])
    assert result.exit_code == 1
    assert "--no-load" in result.output
