"""What the files say that start everything in containers."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"
DAGSTER_SERVICES = ("pipelines", "webserver", "daemon")
OWN_SERVICES = (*DAGSTER_SERVICES, "api")


def compose() -> dict[str, Any]:
    """docker-compose.yml, with its anchors filled in."""
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return loaded


def services() -> dict[str, dict[str, Any]]:
    """Its services, by name."""
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def stages() -> dict[str, list[tuple[str, str]]]:
    """The Dockerfile's stages by name, each with those it is built upon: (instruction, the rest) line by line."""
    text = re.sub(r"\\\n\s*", " ", DOCKERFILE.read_text())
    found: dict[str, list[tuple[str, str]]] = {}
    current: list[tuple[str, str]] = []
    for line in text.splitlines():
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            base, _, name = rest.partition(" AS ")
            current = found[name] = [*found.get(base, [("FROM", base)])]
        elif instruction and not instruction.startswith("#"):
            current.append((instruction, rest))
    return found


def pinned(lock: Path) -> dict[tuple[str, str], set[str]]:
    """(package, version) -> the hashes of a lock file."""
    found: dict[tuple[str, str], set[str]] = {}
    current: set[str] = set()
    for line in lock.read_text().splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;]+)", line):
            current = found.setdefault((match[1].lower(), match[2]), set())
        current.update(re.findall(r"--hash=(\S+)", line))
    return found
