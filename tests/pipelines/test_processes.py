"""The real processes, once: a file dropped into the inbox of a running code server and daemon becomes aggregates."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stats_core.sample import sample_export
from stats_core.settings import Settings
from stats_core.store import collections, open_store

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PATIENCE = 60.0

pytestmark = pytest.mark.xdist_group("processes")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_uri=f"sqlite:///{tmp_path}/data/stats.sqlite")


@contextmanager
def running(settings: Settings, folder: Path) -> Iterator[Path]:
    """A code server and a daemon on this data folder, and where they write what they have to say."""
    home = folder / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    workspace = folder / "workspace.yaml"
    workspace.write_text(
        f"load_from: [{{grpc_server: {{host: 127.0.0.1, port: {port}, location_name: stats_pipelines}}}}]"
    )
    settings.dagster_dir.mkdir(parents=True)
    environment = os.environ | {
        "DAGSTER_HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "STATS_DAGSTER_DATA": str(settings.dagster_dir),
        "STATS_DATA_DIR": str(settings.data_dir),
        "STATS_DATABASE_URI": settings.database_uri,
    }
    log = folder / "log"
    server = [
        str(BIN / "dagster"),
        "api",
        "grpc",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-m",
        "stats_pipelines.definitions",
    ]
    daemon = [str(BIN / "dagster-daemon"), "run", "-w", str(workspace)]
    processes = []
    with log.open("wb") as output:
        try:
            processes.append(subprocess.Popen(server, env=environment, cwd=ROOT, stdout=output, stderr=output))
            # A daemon that finds no code server looks again a minute later.
            until(lambda: listening(port) or processes[0].poll() is not None, log)
            assert processes[0].poll() is None, log.read_text()[-8_000:]
            processes.append(subprocess.Popen(daemon, env=environment, cwd=ROOT, stdout=output, stderr=output))
            yield log
        finally:
            for process in reversed(processes):
                process.send_signal(signal.SIGINT)
            for process in processes:
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def until(happened: Callable[[], bool], log: Path) -> None:
    """Wait for it, and say what the processes said if it never comes."""
    patient_until = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < patient_until, log.read_text()[-8_000:]
        time.sleep(0.1)


def test_a_dropped_file_becomes_aggregates(settings: Settings, tmp_path: Path) -> None:
    began = time.monotonic()
    settings.inbox_dir.mkdir(parents=True)
    with running(settings, tmp_path) as log:
        sample_export(2_000, 2, 7, output=settings.inbox_dir / "my_spotify_data.zip")
        store = open_store(settings.database_uri)
        until(lambda: any(each.status == "imported" for each in store.find(collections.imports)), log)
        print(f"imported after {time.monotonic() - began:.1f} s")  # noqa: T201 - shown with -s
        until(lambda: store.get(collections.listener_totals, "me") is not None, log)
        until(lambda: not store.count(collections.marks), log)
        print(f"counted after {time.monotonic() - began:.1f} s")  # noqa: T201
        document = next(iter(store.find(collections.imports)))
        totals = store.get(collections.listener_totals, "me")
        store.close()
    assert document.rows == sum(document.states.values()) == 2_005
    assert document.run_id is not None
    assert totals is not None
    assert 0 < totals.plays <= 2_000
    assert not list(settings.inbox_dir.glob("*.zip")), "an imported file lies in the archive, not in the inbox"
    assert (settings.archive_dir / "me" / f"{document.digest}.zip").exists()
