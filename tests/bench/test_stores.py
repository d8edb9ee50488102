"""What is measured where, and that a stand-in's figures are never published as MongoDB's."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient

from bench.figures import figure_of
from bench.stores import Measured, MongodbDatabase, SqliteFiles, label_of, mongodb_of, published, with_database
from stats_core.store import open_store


@pytest.mark.parametrize(
    ("told", "label", "is_mongodb"),
    [
        ({"version": "8.0.4", "gitVersion": "bc35ab", "storageEngines": ["wiredTiger"]}, "MongoDB 8.0.4", True),
        ({"version": "8.2.11", "secantusVersion": "0.7.0b3"}, "SecantusDB 0.7.0b3", False),
        ({"version": "7.0.77", "ferretdb": {"version": "v2"}, "storageEngines": []}, "FerretDB", False),
        ({"version": "7.0.0"}, "a server that speaks as MongoDB 7.0.0 does", False),
    ],
)
def test_a_server_is_labelled_by_what_it_says_it_is(told: Mapping[str, object], label: str, is_mongodb: bool) -> None:
    assert label_of(told) == (label, is_mongodb)


def test_the_figures_of_a_stand_in_are_not_published(tmp_path: Path) -> None:
    stores: list[Measured] = [
        SqliteFiles(tmp_path),
        MongodbDatabase("SecantusDB 0.7", published=False, uri="mongodb://x/y"),
    ]
    own, other, of_none = (figure_of("import", "rows/s", [1.0], label) for label in ("SQLite", "SecantusDB 0.7", None))
    assert published([own, other, of_none], stores) == [own, of_none]


@pytest.mark.parametrize(
    ("uri", "own"),
    [
        ("mongodb://h", "mongodb://h/own"),
        ("mongodb://h:1/stats?w=1", "mongodb://h:1/own?w=1"),
        ("mongodb://u:p@h/stats", "mongodb://u:p@h/own?authSource=stats"),
        ("mongodb://u:p@h/stats?w=1", "mongodb://u:p@h/own?w=1&authSource=stats"),
        ("mongodb+srv://u:p@h/stats?authSource=admin", "mongodb+srv://u:p@h/own?authSource=admin"),
    ],
)
def test_a_database_of_its_own_is_reached_by_the_same_user(uri: str, own: str) -> None:
    assert with_database(uri, "own") == own


def test_the_own_database_is_dropped_at_the_end(mongodb_server: str) -> None:
    with MongoClient[dict[str, object]](mongodb_server) as client:
        with mongodb_of(with_database(mongodb_server, "stats")) as database:
            open_store(database.fresh()).close()
            name = client.get_database(urlsplit(database.uri).path.strip("/")).name
            assert name in client.list_database_names()
        assert name not in client.list_database_names()


def test_a_fresh_sqlite_store_takes_the_place_of_the_last(tmp_path: Path) -> None:
    stores = SqliteFiles(tmp_path)
    first, second = stores.fresh(), stores.fresh()
    assert first != second
    open_store(second).close()
    assert list(tmp_path.iterdir())
    stores.fresh()
    assert not list(tmp_path.iterdir())
