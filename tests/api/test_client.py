"""A client generated from the OpenAPI document talks to the service."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest

from tests.api.server import ApiServer

BINARIES = Path(sys.executable).parent


@pytest.fixture
def client(server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The generated package; whatever the generator could not understand fails the test."""
    name = f"client_{uuid4().hex[:8]}"
    document = tmp_path / "openapi.json"
    document.write_bytes(server.client().get("/schema/openapi.json").content)
    generated = subprocess.run(
        [
            BINARIES / "openapi-python-client", "generate", "--path", document, "--meta", "none",
            "--output-path", tmp_path / name, "--fail-on-warning",
        ],
        env={**os.environ, "PATH": f"{BINARIES}:{os.environ['PATH']}"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert generated.returncode == 0, generated.stdout + generated.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module(name)
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        del sys.modules[module]


def asked(package: ModuleType, path: str, **given: Any) -> Any:
    """What one of the client's operations answers."""
    return importlib.import_module(f"{package.__name__}.api.{path}").sync_detailed(**given)


def test_a_generated_client_asks_and_is_answered(client: ModuleType, server: ApiServer) -> None:
    with client.AuthenticatedClient(base_url=server.address, token=server.keys["ada"]) as ada:
        summary = asked(client, "statistics.get_summary", user="ada", client=ada, min_ms=0).parsed
        top = asked(client, "statistics.get_top_tracks", user="ada", client=ada, limit=3, min_ms=0).parsed
    assert summary.plays > 0
    assert [line.rank for line in top.items] == [1, 2, 3]
    assert top.total == summary.tracks
    assert top.rule.min_ms == 0


def test_a_generated_client_is_told_what_was_wrong(client: ModuleType, server: ApiServer) -> None:
    with client.AuthenticatedClient(base_url=server.address, token=server.keys["ada"]) as ada:
        problem = asked(client, "statistics.get_top_tracks", user="ada", client=ada, limit=1_000)
    assert problem.status_code == 400
    assert problem.parsed.parameter == "limit"
    with client.AuthenticatedClient(base_url=server.address, token="x" * 43) as stranger:
        assert asked(client, "statistics.get_summary", user="ada", client=stranger).parsed.status == 401


def test_a_generated_client_makes_a_listener_and_uploads(client: ModuleType, server: ApiServer, export: Path) -> None:
    models = importlib.import_module(f"{client.__name__}.models")
    types = importlib.import_module(f"{client.__name__}.types")
    user = f"u{uuid4().hex[:12]}"
    with client.AuthenticatedClient(base_url=server.address, token=server.settings.admin_key_text()) as admin:
        made = asked(client, "listeners.make_listener", client=admin, body=models.NewListener(user=user)).parsed
    assert (made.user, made.timezone) == (user, "Europe/Berlin")
    with client.AuthenticatedClient(base_url=server.address, token=made.key) as own, export.open("rb") as file:
        body = types.File(payload=file)
        uploaded = asked(client, "imports.upload_import", user=user, client=own, body=body, name="x.zip")
    assert uploaded.status_code == 202
    assert uploaded.parsed.status == "waiting"
