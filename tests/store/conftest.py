from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from stats_core.store.port import Collection, Stored
from tests.conftest import needed
from tests.store.server import PROGRAM, MongodServer
from tests.store.things import DECLARED


@pytest.fixture
def declared() -> Iterable[Collection[Stored]]:
    return DECLARED


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[MongodServer]:
    """A server that a test may kill."""
    if not PROGRAM.exists():
        needed(f"no MongoDB to kill: {PROGRAM} is not there")
    with MongodServer(tmp_path / "mongodb") as server:
        yield server
