"""Stores for any test: one SQLite file or one MongoDB database each, empty at the start."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from stats_core.store import collections, open_store
from stats_core.store.port import Collection, Store, Stored
from tests.store.server import PROGRAM, MongodServer


def needed(reason: str) -> None:
    """Skip where something is missing, but never in CI: there the suite would be green and say nothing."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def mongodb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a MongoDB-wire server without a database: the one named by STATS_TEST_MONGODB_URI, or our own."""
    named = os.environ.get("STATS_TEST_MONGODB_URI")
    if named:
        yield named.rstrip("/")
        return
    if not PROGRAM.exists():
        needed(f"no MongoDB: neither {PROGRAM} nor STATS_TEST_MONGODB_URI is there")
    with MongodServer(tmp_path_factory.mktemp("mongodb")) as server:
        yield server.address


@pytest.fixture
def sqlite_uri(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/stats.db"


@pytest.fixture
def mongodb_uri(mongodb_server: str) -> Iterator[str]:
    from pymongo import MongoClient  # noqa: PLC0415 - most tests need none

    name = f"test_{uuid4().hex[:12]}"
    address, _, options = mongodb_server.partition("?")
    yield f"{address.rstrip('/')}/{name}" + (f"?{options}" if options else "")
    with MongoClient[dict[str, object]](mongodb_server, serverSelectionTimeoutMS=5_000) as client:
        client.drop_database(name)


@pytest.fixture(params=["sqlite", "mongodb"])
def store_uri(request: pytest.FixtureRequest) -> str:
    """The address of an empty store, once for each kind."""
    return str(request.getfixturevalue(f"{request.param}_uri"))


@pytest.fixture
def declared() -> Iterable[Collection[Stored]]:
    """The collections that stores are opened with."""
    return collections.ALL


@pytest.fixture
def sqlite_store(sqlite_uri: str, declared: Iterable[Collection[Stored]]) -> Iterator[Store]:
    store = open_store(sqlite_uri, declared)
    yield store
    store.close()


@pytest.fixture
def mongodb_store(mongodb_uri: str, declared: Iterable[Collection[Stored]]) -> Iterator[Store]:
    store = open_store(mongodb_uri, declared)
    yield store
    store.close()


@pytest.fixture
def store(store_uri: str, declared: Iterable[Collection[Stored]]) -> Iterator[Store]:
    """An empty store, once for each kind."""
    store = open_store(store_uri, declared)
    yield store
    store.close()
