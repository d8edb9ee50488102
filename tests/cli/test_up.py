"""`spotify-stats up` and `demo`: real processes, started and stopped together."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.cli.conftest import Run

pytestmark = pytest.mark.xdist_group("services")

PROJECT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "stats_core.cli"]


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    api, dagster = free_ports(2)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("STATS_", "DAGSTER_"))}
    return own | {
        "STATS_DATA_DIR": str(tmp_path / "data"),
        "STATS_API_PORT": str(api),
        "STATS_DAGSTER_PORT": str(dagster),
    }


def start(environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen([*COMMAND, "up"], env=environment, stdout=output, stderr=output, cwd=log.parent)


def wait_until_ready(environment: dict[str, str], up: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        assert up.poll() is None, log.read_text()
        try:
            if httpx.get(f"http://127.0.0.1:{environment['STATS_API_PORT']}/health/ready").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    pytest.fail(log.read_text())


@pytest.fixture
def up(environment: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = start(environment, tmp_path / "up.log")
    try:
        wait_until_ready(environment, process, tmp_path / "up.log")
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(70)


def test_a_second_up_on_one_data_folder_is_refused_and_ctrl_c_stops_all(
    up: subprocess.Popen[bytes], environment: dict[str, str], tmp_path: Path
) -> None:
    second = subprocess.run(
        [*COMMAND, "up"], env=environment, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert second.returncode == 1
    assert "up already" in second.stderr
    children = psutil.Process(up.pid).children(recursive=True)
    assert len(children) > 3
    log = (tmp_path / "up.log").read_text()
    assert "api" in log
    assert "daemon" in log
    up.send_signal(signal.SIGINT)
    assert up.wait(70) == 0
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_when_one_process_ends_all_stop_and_that_is_a_failure(up: subprocess.Popen[bytes], number: int) -> None:
    children = psutil.Process(up.pid).children(recursive=True)
    service = next(child for child in children if "stats_api" in child.cmdline())
    service.send_signal(number)
    assert up.wait(70) == 1
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


def test_a_taken_port_is_named_before_anything_starts(environment: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(environment["STATS_DAGSTER_PORT"])))
        taken.listen()
        result = subprocess.run(
            [*COMMAND, "up"], env=environment, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=30
        )
    assert result.returncode == 1
    assert f"Port {environment['STATS_DAGSTER_PORT']}" in result.stderr
    assert "STATS_DAGSTER_PORT" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"STATS_DAGSTER_PORT": "8000", "STATS_API_PORT": "8000"},
            "STATS_API_PORT and STATS_DAGSTER_PORT are both 8000",
        ),
        ({"STATS_API_HOST": "no.such.host.invalid"}, "Nothing can listen at no.such.host.invalid"),
        ({"STATS_DAGSTER_HOST": "192.0.2.1"}, "Nothing can listen at 192.0.2.1"),
        ({"STATS_API_PORT": "70000"}, "STATS_API_PORT: Input should be less than or equal to 65535"),
    ],
)
def test_an_address_that_cannot_be_listened_at_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], told: str
) -> None:
    api, dagster = free_ports(2)
    for name, value in ({"STATS_API_PORT": str(api), "STATS_DAGSTER_PORT": str(dagster)} | changed).items():
        monkeypatch.setenv(name, value)
    result = run("up")
    assert result.exit_code == 1
    assert told in result.stderr
    assert "taken" not in result.stderr
    assert len(result.stderr.splitlines()) == 1
    if "both" not in told:
        monkeypatch.setenv("COLUMNS", "300")
        result = run("doctor")
        assert result.exit_code == 1
        assert told in result.output


def test_what_keeps_lost_runs_from_being_ended_is_told_in_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'Traceback (most recent call last):' >&2\necho 'DBError: no room' >&2\nexit 1\n")
    python.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(python))
    api, dagster = free_ports(2)
    monkeypatch.setenv("STATS_API_PORT", str(api))
    monkeypatch.setenv("STATS_DAGSTER_PORT", str(dagster))
    result = run("up")
    assert result.exit_code == 1
    assert "DBError: no room" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_the_demo_shows_ledger_statistics_and_addresses(environment: dict[str, str], tmp_path: Path) -> None:
    spotify = f"{sys.executable} -m tests.fakes.spotify --plays 1000 --years 1"
    result = subprocess.run(
        [*COMMAND, "demo", "--exit", "--spotify", spotify],
        env=environment | {"PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    for shown in (
        "Ledger of my_spotify_data.zip: imported", "top/tracks", "top/artists", "weekday by hour",
        "ann, synced: 50 plays at the last poll", "(estimated)", "How well their time is known",
    ):  # fmt: skip
        assert shown in result.stdout
    assert "From dropped file to first answer" in result.stderr
    assert "REST service" in result.stderr
