"""The stores that are measured: SQLite in a temporary folder, and a MongoDB where the settings name one."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from pymongo import MongoClient

from bench.figures import Figure

_REACHED_WITHIN_MS: Final = 5_000
_OTHERS: Final = {"secantus": "SecantusDB", "ferret": "FerretDB", "documentdb": "DocumentDB", "cosmos": "Cosmos DB"}


class Measured(Protocol):
    """A store to measure."""

    @property
    def label(self) -> str:
        """What it is, as the figures name it."""

    @property
    def published(self) -> bool:
        """Whether its figures may stand in the results: those of a stand-in are not those of what it stands in for."""

    def fresh(self) -> str:
        """The URI of an empty store; those asked for before are gone."""


class SqliteFiles:
    """SQLite, a file for each fresh store."""

    label = "SQLite"
    published = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0

    def fresh(self) -> str:
        for file in self._folder.glob(f"bench{self._number}.sqlite*"):
            file.unlink()
        self._number += 1
        return f"sqlite:///{self._folder / f'bench{self._number}.sqlite'}"


@dataclass(frozen=True)
class MongodbDatabase:
    """A MongoDB, in a database of the benchmark's own."""

    label: str
    published: bool
    uri: str

    def fresh(self) -> str:
        drop_database(self.uri)
        return self.uri


def published(figures: Iterable[Figure], stores: Iterable[Measured]) -> list[Figure]:
    """The figures that may stand in the results."""
    stand_ins = {store.label for store in stores if not store.published}
    return [figure for figure in figures if figure.store not in stand_ins]


@contextmanager
def mongodb_of(uri: str) -> Iterator[MongodbDatabase]:
    """The server of a URI with an empty database of a name that nothing else has, dropped at the end."""
    own = with_database(uri, f"spotify_stats_bench_{uuid4().hex[:12]}")
    label, published = label_of(_build_info(own))
    try:
        yield MongodbDatabase(label, published, own)
    finally:
        drop_database(own)


def with_database(uri: str, name: str) -> str:
    """The URI of another database of the same server, for the same user."""
    parts = urlsplit(uri)
    query, named = parts.query, parts.path.strip("/")
    if "@" in parts.netloc and named and "authsource=" not in query.lower():
        # Where nothing is said, a user is looked up in the database that the URI names.
        query = f"{query}&authSource={named}".lstrip("&")
    return parts._replace(path=f"/{name}", query=query).geturl()


def label_of(build_info: Mapping[str, Any]) -> tuple[str, bool]:
    """What a server says it is, and whether that is MongoDB itself: others speak its language too."""
    for mark, name in _OTHERS.items():
        for key in build_info:
            if mark in key.lower():
                told = build_info[key]
                return f"{name} {told}" if isinstance(told, str) else name, False
    version = build_info.get("version", "of an unknown version")
    if "storageEngines" in build_info:
        return f"MongoDB {version}", True
    return f"a server that speaks as MongoDB {version} does", False


def drop_database(uri: str) -> None:
    """Drop the database that a URI names."""
    with _client(uri) as client:
        client.drop_database(client.get_default_database().name)


def _build_info(uri: str) -> dict[str, Any]:
    with _client(uri) as client:
        info: dict[str, Any] = client.server_info()
        return info


def _client(uri: str) -> MongoClient[dict[str, Any]]:
    return MongoClient(uri, serverSelectionTimeoutMS=_REACHED_WITHIN_MS)
