"""The REST service in processes of its own, as a person starts it, and a client that asks it."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, Self

import psutil

from bench.generator import Target
from bench.jobs import TIMEZONE, JobFailed
from bench.machine import PROJECT

_HOST: Final = "127.0.0.1"
_PATIENCE_SECONDS: Final = 60


class Memory(NamedTuple):
    """What a process holds, in MB."""

    resident: float
    proportional: float | None
    """With what it shares divided among those that do; None where the system does not tell."""


class Client:
    """One connection, kept open between questions."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(_HOST, port, timeout=_PATIENCE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, target: Target) -> bytes:
        """The answer's bytes; raises JobFailed unless it is 200, and OSError where there is none."""
        headers = {"Authorization": f"Bearer {target.key}"} if target.key else {}
        self._connection.request("GET", target.path, headers=headers)
        response = self._connection.getresponse()
        body = response.read()
        if response.status != http.client.OK:
            raise JobFailed(f"{target.path} answers {response.status}: {body[:1_000].decode(errors='replace')}")
        return body


class Running:
    """A server that runs."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self._process = process
        self._port = port
        self._log = log
        self.address = f"http://{_HOST}:{port}"

    def client(self) -> Client:
        """A new one."""
        return Client(self._port)

    def wait(self, path: str) -> None:
        """Wait until it answers there; raises JobFailed with what it said where it does not."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            try:
                with self.client() as client:
                    client.ask(Target(path))
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
            else:
                return
        raise JobFailed(f"The service did not start:\n{self._log.read_text(errors='replace').strip()}")

    def memory(self) -> Memory:
        """Of the one of its processes that holds the most."""
        own = psutil.Process(self._process.pid)
        return max(map(_memory_of, (own, *own.children(recursive=True))))


@contextmanager
def rest_service(folder: Path, uri: str, settings: Mapping[str, object]) -> Iterator[Running]:
    """The REST service over a store, as it is shipped but for these settings."""
    port = _free_port()
    environment = settings_of(folder, uri) | {f"STATS_{name.upper()}": str(value) for name, value in settings.items()}
    command = [sys.executable, "-m", "stats_api"]
    with _started(command, environment | {"STATS_API_PORT": str(port)}, port, folder / "api.log") as service:
        service.wait("/health/ready")
        yield service


@contextmanager
def empty_service(folder: Path, processes: int) -> Iterator[Running]:
    """The application that answers nothing, in so many processes."""
    port = _free_port()
    command = [sys.executable, "-m", "bench.empty", str(port), str(processes)]
    with _started(command, {}, port, folder / "empty.log") as service:
        service.wait("/")
        yield service


def made_key(folder: Path, uri: str, user: str) -> str:
    """A key for a listener, made as a person would."""
    command = [sys.executable, "-m", "stats_core.cli", "key", "--user", user]
    process = subprocess.run(
        command, env=_environment(settings_of(folder, uri)), capture_output=True, text=True, check=False
    )
    if process.returncode != 0:
        raise JobFailed(f"no key: {process.stderr.strip()}")
    return process.stdout.strip()


def settings_of(folder: Path, uri: str) -> dict[str, str]:
    """What a process must be told to work on this data folder and store."""
    return {"STATS_DATA_DIR": str(folder), "STATS_DATABASE_URI": uri, "STATS_DEFAULT_TIMEZONE": TIMEZONE}


def _environment(told: Mapping[str, str]) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("STATS_")}
    return {**others, "PYTHONPATH": str(PROJECT), **told}


@contextmanager
def _started(command: Sequence[str], told: Mapping[str, str], port: int, log: Path) -> Iterator[Running]:
    with log.open("wb") as file:
        # In a folder where no `.env` lies.
        process = subprocess.Popen(command, env=_environment(told), cwd=log.parent, stdout=file, stderr=file)
    try:
        yield Running(process, port, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def _memory_of(process: psutil.Process) -> Memory:
    told = process.memory_full_info()
    proportional = getattr(told, "pss", None)
    return Memory(told.rss / (1 << 20), None if proportional is None else proportional / (1 << 20))
