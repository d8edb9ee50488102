import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import psutil
import pytest

from stats_core.documents.upkeep import Layout
from stats_core.settings import Settings
from stats_core.store import collections, open_store
from tests.api.server import PATIENCE, ApiServer, environment, free_port

LOADED = """
import asyncio, sys
import httpx
from stats_api import serve
from stats_api.app import made_app
from stats_core.settings import settings
from stats_core.store import open_store

app = made_app(settings(), open_store(settings().database_uri))

async def ask():
    headers = {"Authorization": "Bearer " + settings().admin_key_text()}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x", headers=headers) as client:
        for path in ("summary", "top/tracks", "timeline", "clock", "plays", "imports"):
            answer = await client.get("/v1/listeners/ada/" + path)
            assert answer.status_code == 200, answer.text
        assert (await client.get("/schema/openapi.json")).status_code == 200
        assert (await client.post("/v1/listeners/ada/imports", content=b"[]")).status_code == 202
        assert (await client.get("/v1/listeners/ada/sync")).status_code == 200
        assert (await client.post("/v1/listeners/ada/sync")).status_code == 409
        assert (await client.delete("/v1/listeners/ada/spotify")).status_code == 204
        assert (await client.delete("/v1/listeners/ada")).status_code == 204

asyncio.run(ask())
print(*sorted({"pandas", "dagster", "stats_pipelines"} & set(sys.modules)))
"""


def _ran(arguments: list[str], env: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], env=env, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def test_neither_pandas_nor_dagster_is_loaded(sqlite_uri: str, tmp_path: Path, later_export: Path) -> None:
    with ApiServer(tmp_path, sqlite_uri) as running:
        running.make("ada")
        running.bring("ada", later_export)
        settings = running.settings
    result = _ran(["-c", LOADED], environment(settings), tmp_path)
    assert (result.stdout.strip(), result.returncode) == ("", 0), result.stderr


def test_it_stops_when_told_and_says_where_it_listens(sqlite_uri: str, tmp_path: Path) -> None:
    with ApiServer(tmp_path, sqlite_uri) as running:
        assert running.stop() == 0
    assert running.address in running.log.read_text()
    assert "Traceback" not in running.log.read_text()


def test_a_taken_port_is_said_in_one_sentence(sqlite_uri: str, tmp_path: Path) -> None:
    with ApiServer(tmp_path, sqlite_uri) as running:
        result = _ran(["-m", "stats_api"], environment(running.settings), tmp_path)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert f"Port {running.port}" in result.stderr
    assert "STATS_API_PORT" in result.stderr


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_others_is_said_in_one_sentence(tmp_path: Path, host: str) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, api_port=free_port())
    result = _ran(["-m", "stats_api"], {**environment(settings), "STATS_API_HOST": host}, tmp_path)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "STATS_API_HOST" in result.stderr


def test_a_store_out_of_reach_is_said_in_one_sentence(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, api_port=free_port(), database_uri="sqlite:////proc/no/x.db")
    result = _ran(["-m", "stats_api"], environment(settings), tmp_path)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "/proc/no/x.db" in result.stderr


def test_a_newer_layout_is_refused(sqlite_uri: str, tmp_path: Path) -> None:
    store = open_store(sqlite_uri)
    store.put(collections.layout, [Layout(id="layout", version=collections.LAYOUT_VERSION + 1)])
    store.close()
    settings = Settings(_env_file=None, data_dir=tmp_path, api_port=free_port(), database_uri=sqlite_uri)
    result = _ran(["-m", "stats_api"], environment(settings), tmp_path)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "newer" in result.stderr


def test_the_admin_key_is_made_once_for_its_owner_alone(sqlite_uri: str, tmp_path: Path) -> None:
    with ApiServer(tmp_path, sqlite_uri) as running:
        path = running.settings.data_dir / "admin.key"
        assert path.stat().st_mode & 0o777 == 0o600
        assert running.client(path.read_text().strip()).get("/v1/listeners").status_code == 200
    assert os.environ.get("STATS_ADMIN_KEY") is None


@pytest.fixture
def pair(sqlite_uri: str, tmp_path: Path) -> Iterator[ApiServer]:
    """Two processes."""
    with ApiServer(tmp_path, sqlite_uri, api_processes=2) as running:
        running.make("ada")
        yield running


def _answers(running: ApiServer) -> int:
    return httpx.get(f"{running.address}/health/live").status_code


def test_a_process_that_dies_is_started_again(pair: ApiServer) -> None:
    lost, kept = pair.workers()
    lost.kill()
    patient_until = time.monotonic() + PATIENCE
    while (now := {each.pid for each in pair.workers()}) < {kept.pid} or len(now) < 2 or lost.pid in now:
        assert time.monotonic() < patient_until
        time.sleep(0.05)
    assert kept.pid in now
    # A connection that the dead one had accepted is lost; those that come now are not.
    for _ in range(20):
        assert _answers(pair) == 200
    assert re.search(r"Process [12] ended by itself, code -9\. It is started again\.", pair.log.read_text())
    assert pair.stop() == 0


def test_what_a_process_counted_outlives_it_and_what_it_held_does_not(pair: ApiServer) -> None:
    for _ in range(10):
        httpx.get(f"{pair.address}/v1/listeners/ada/summary", headers={"Authorization": f"Bearer {pair.keys['ada']}"})
    time.sleep(1.2)
    before = pair.client("admin").get("/v1/cache").json()
    assert before["hits"] + before["misses"] == 10
    for process in pair.workers():
        process.kill()
    patient_until = time.monotonic() + PATIENCE
    while True:
        try:
            after = httpx.get(
                f"{pair.address}/v1/cache", headers={"Authorization": f"Bearer {pair.settings.admin_key_text()}"}
            ).json()
            break
        except httpx.TransportError:
            assert time.monotonic() < patient_until
            time.sleep(0.1)
    assert (after["hits"], after["misses"]) == (before["hits"], before["misses"])
    assert after["entries"] == after["bytes"] == 0


def test_no_process_is_left_behind(pair: ApiServer) -> None:
    workers = pair.workers()
    pair.process.kill()
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE)
    assert alive == []


def test_each_process_listens_and_all_stop_together(pair: ApiServer) -> None:
    workers = pair.workers()
    assert len(workers) == 2
    assert pair.stop() == 0
    _, alive = psutil.wait_procs(workers, timeout=0)
    assert alive == []
    assert "Traceback" not in pair.log.read_text()
    assert "ended by itself" not in pair.log.read_text()


def test_ctrl_c_reaches_all_in_order(pair: ApiServer) -> None:
    pair.process.send_signal(signal.SIGINT)
    assert pair.process.wait(PATIENCE) == 0
    assert "Traceback" not in pair.log.read_text()


def test_a_process_that_only_dies_ends_the_service(sqlite_uri: str, tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None, data_dir=tmp_path, api_port=free_port(), database_uri=sqlite_uri, api_processes=2
    )
    dying = "import sys; from stats_api import serve, __main__; serve._PAUSE_SECONDS = 0.01; serve._MODULE = 'this'"
    result = _ran(["-c", f"{dying}; sys.exit(__main__.main())"], environment(settings), tmp_path)
    assert result.returncode == 1
    assert "ends whenever it is started" in result.stderr
