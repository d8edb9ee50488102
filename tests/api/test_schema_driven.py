"""Whatever the OpenAPI document allows or forbids, the service answers as documented, and never with a 500."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.server import ApiServer

PROGRAM = Path(sys.executable).with_name("st")
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance",
)  # fmt: skip
CONFIG = """
[parameters]
"path.user" = "ada"
"query.tz" = "Pacific/Chatham"

[[operations]]
include-operation-id = "delete_listener"
parameters = { "path.user" = "bob" }
"""
"""A listener who is there and stays, and a zone that is one: the rest is made up."""


@pytest.fixture
def own_server(tmp_path: Path) -> ApiServer:
    """A service of the test's own: it makes and deletes whatever the document lets it."""
    return ApiServer(tmp_path, f"sqlite:///{tmp_path}/stats.db")


def test_every_operation_answers_as_documented(own_server: ApiServer, tmp_path: Path, export: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    with own_server as server:
        server.make("ada", timezone="Europe/Berlin")
        server.bring("ada", export)
        asked = subprocess.run(
            [
                PROGRAM, "--config-file", "schemathesis.toml", "run", f"{server.address}/schema/openapi.json",
                "--header", f"Authorization: Bearer {server.settings.admin_key_text()}",
                "--phases", "examples,coverage,fuzzing", "--max-examples", "4", "--seed", "8", "--workers", "2",
                "--checks", ",".join(CHECKS), "--continue-on-failure", "--no-color",
            ],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        everything = {"min_ms": "0", "kinds": "track", "private": "include"}  # whatever the listener's rule is by now
        assert server.client("admin").get("/v1/listeners/ada/summary", params=everything).json()["plays"] > 0
    assert asked.returncode == 0, asked.stdout[-8_000:] + asked.stderr
    assert "generated" in asked.stdout
