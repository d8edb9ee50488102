"""The real service in a process of its own, and what the tests ask it with."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psutil
from pydantic import SecretStr

from stats_core.imports.importer import Dropped, import_file
from stats_core.settings import Settings
from stats_core.store import open_store
from stats_core.store.port import Store

PATIENCE = 30.0
LIMIT_MB = 2


class ApiServer:
    """A running service over a store, which the tests' own process opens too."""

    def __init__(self, folder: Path, database_uri: str, **more: Any) -> None:
        """`more`: settings other than those of all tests, which ask one process."""
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / "api.log"
        self.settings = Settings(
            _env_file=None,
            data_dir=folder / "data", database_uri=database_uri, api_port=self.port, upload_limit_mb=LIMIT_MB,
            default_timezone="Europe/Berlin",
            **{"api_processes": 1, "rate_limit": 0, "failed_attempts": 1_000_000, **more},
        )  # fmt: skip
        self.store: Store = open_store(database_uri)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "stats_api"],
                env=environment(self.settings), cwd=folder, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.keys: dict[str, str] = {}
        self._clients: dict[str | None, httpx.Client] = {}

    def workers(self) -> list[psutil.Process]:
        """The processes that answer."""
        return psutil.Process(self.process.pid).children()

    def client(self, key: str | None = None) -> httpx.Client:
        """A client that shows this key: `admin`, a listener's name, or a key as it is; None: none at all."""
        if key == "admin":
            key = self.settings.admin_key_text()
        key = self.keys.get(key, key) if key else None
        if key not in self._clients:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            # Nothing here speaks TLS, and a context for it costs more than all else.
            self._clients[key] = httpx.Client(
                base_url=self.address,
                headers=headers,
                timeout=PATIENCE,
                trust_env=False,
                verify=False,  # noqa: S501
            )
        return self._clients[key]

    def logged(self, *request_ids: str) -> list[dict[str, Any]]:
        """What the journals say of these requests, in their order."""
        patient_until = time.monotonic() + PATIENCE
        while time.monotonic() < patient_until:
            lines = [
                json.loads(line)
                for file in sorted(self.settings.log_dir.iterdir())
                for line in file.read_text().splitlines(keepends=True)
                if line.endswith("\n")
            ]
            found = {line["request_id"]: line for line in lines if line["event"] == "request"}
            if found.keys() >= set(request_ids):
                return [found[each] for each in request_ids]
            time.sleep(0.05)
        raise AssertionError(f"not logged: {set(request_ids) - found.keys()}")

    def make(self, user: str, **more: Any) -> str:
        """A listener, made over HTTP; their key."""
        answer = self.client("admin").post("/v1/listeners", json={"user": user, **more})
        assert answer.status_code == 201, answer.text
        self.keys[user] = str(answer.json()["key"])
        return self.keys[user]

    def bring(self, user: str, file: Path) -> str:
        """Import a file in the tests' own process, as the pipelines would; its digest."""
        document, _ = import_file(self.store, self.settings, user, Dropped(file, file.name))
        assert document.status == "imported"
        return document.digest

    def __enter__(self) -> Self:
        patient_until = time.monotonic() + PATIENCE
        while time.monotonic() < patient_until and self.process.poll() is None:
            try:
                self.client().get("/health/live")
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return self
        self.stop()
        raise RuntimeError(f"The service did not start:\n{self.log.read_text()}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> int:
        """As a supervisor does; the exit code."""
        for client in self._clients.values():
            client.close()
        self.store.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def environment(settings: Settings) -> dict[str, str]:
    """The environment in which a process has these settings."""
    names = settings.model_fields_set - {"admin_key"}
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("STATS_")},
        **{f"STATS_{name.upper()}": _text(getattr(settings, name)) for name in names},
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }


def _text(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def path_of(template: str, user: str) -> str:
    """The path of an operation on a listener; whatever else is named in it is not there."""
    names = {"user": user, "other": "nobody", "digest": "0" * 64, "key": "0" * 16, "id": "0" * 22}
    return re.sub(r"{(\w+)(:\w+)?}", lambda match: names[match[1]], template)


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def problem(answer: httpx.Response, status: int, name: str) -> dict[str, Any]:
    """The problem that an answer must be."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"/schema#{name}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["instance"] == answer.request.url.path
    return body
