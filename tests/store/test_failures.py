"""A store that cannot work says so in one clear error, at the start and in the middle."""

import sqlite3
from pathlib import Path

import pytest
from pymongo.errors import OperationFailure
from pymongo.synchronous.collection import Collection as PymongoCollection

from stats_core.documents.upkeep import Layout
from stats_core.errors import StoreError, StoreFull, StoreTooNew, StoreUnavailable
from stats_core.store import collections, mongodb, open_store, sqlite
from stats_core.store.leases import lease
from stats_core.store.port import Collection, Index, Query, Store
from stats_core.store.sqlite import SqliteStore
from tests.store.server import MongodServer
from tests.store.things import DECLARED, NOON, Thing, thing, things


def test_a_newer_layout_is_refused_and_left_alone(store: Store, store_uri: str) -> None:
    newer = Layout(id="layout", version=collections.LAYOUT_VERSION + 1)
    store.put(collections.layout, [newer])
    with pytest.raises(StoreTooNew, match="Update"):
        open_store(store_uri, DECLARED)
    with pytest.raises(StoreTooNew):  # in the middle: whoever begins to write asks for a lease
        store.check()
    with pytest.raises(StoreTooNew), lease(store, "plays|me", purpose="importing"):
        pass
    assert store.get(collections.layout, "layout") == newer


def test_an_older_layout_without_a_way_up_is_an_error(store: Store, store_uri: str) -> None:
    store.put(collections.layout, [Layout(id="layout", version=0)])
    with pytest.raises(StoreError, match="layout 0"):
        open_store(store_uri, DECLARED)


def test_an_older_layout_is_migrated_step_by_step(
    store: Store, store_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.insert(things, [thing(1)])
    ours = collections.LAYOUT_VERSION
    monkeypatch.setattr(collections, "LAYOUT_VERSION", ours + 2)
    steps = {
        ours: lambda store: store.update(things, thing(1).id, {"rank": 10}),
        ours + 1: lambda store: store.update(things, thing(1).id, {"label": "new"}),
    }
    monkeypatch.setattr(collections, "MIGRATIONS", steps)
    for _ in range(2):
        newer = open_store(store_uri, DECLARED)
        newer.check()
        assert newer.get(things, thing(1).id) == thing(1, rank=10, label="new")
        newer.close()


def test_a_migration_may_fill_a_new_collection_and_ask_by_a_new_index(
    store: Store, store_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.insert(things, [thing(1), thing(2)])
    indexed = Collection("things", Thing, (*things.indexes, Index(("user", "revision", "rank"))))
    fresh = Collection("fresh", Thing, (Index(("user",)),))

    def filled(migrating: Store) -> None:
        found = migrating.find(indexed, Query(equal={"user": "me", "revision": 0}, order="rank"))
        migrating.put(fresh, [Thing(id=one.id, label="copied") for one in found])

    ours = collections.LAYOUT_VERSION
    monkeypatch.setattr(collections, "LAYOUT_VERSION", ours + 1)
    monkeypatch.setattr(collections, "MIGRATIONS", {ours: filled})
    newer = open_store(store_uri, [indexed, fresh])
    assert [one.id for one in newer.find(fresh, Query(equal={"user": "me"}))] == [thing(1).id, thing(2).id]
    newer.close()


def test_a_slow_process_never_sets_the_layout_back(
    store: Store, store_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = collections.LAYOUT_VERSION
    ran: list[int] = []

    def first(_: Store) -> None:
        ran.append(1)
        if len(ran) == 1:  # another process does all of it while this one is still at the first step
            open_store(store_uri, DECLARED).close()
            assert store.get(collections.layout, "layout") == Layout(id="layout", version=ours + 2)

    monkeypatch.setattr(collections, "LAYOUT_VERSION", ours + 2)
    monkeypatch.setattr(collections, "MIGRATIONS", {ours: first, ours + 1: lambda _: ran.append(2)})
    open_store(store_uri, DECLARED).close()
    assert ran == [1, 1, 2]
    assert store.get(collections.layout, "layout") == Layout(id="layout", version=ours + 2)


def test_an_index_may_be_added_to_a_collection_with_documents(store: Store, store_uri: str) -> None:
    before = Collection("later", Thing)
    after = Collection("later", Thing, (Index(("flag", "label")), Index(("user", "at"))))
    older = open_store(store_uri, [before])
    older.insert(before, [Thing(id="plain"), Thing(id="full", flag=True, label="x", user="you")])
    older.close()
    newer = open_store(store_uri, [after])
    plain = newer.find(after, Query(equal={"flag": False, "label": None}))
    assert [one.id for one in plain] == ["plain"]
    assert [one.id for one in newer.find(after, Query(equal={"user": "you", "at": NOON}))] == ["full"]
    newer.close()


def test_an_emptied_store_is_noticed(store: Store) -> None:
    store.check()
    store.drop(collections.layout)
    with pytest.raises(StoreError, match="layout"):
        store.check()


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreUnavailable):
        store.get(things, "a")
    with pytest.raises(StoreUnavailable):
        list(store.find(things))


@pytest.mark.parametrize(
    "uri",
    ["", "stats.db", "sqlite://", "sqlite:///", "postgres://me:secret@host/db", "mongodb://me:secret@127.0.0.1",
     "mongodb://me:se/cret@127.0.0.1/db", "mongodb://me:se:c@ret@127.0.0.1/db", "mongodb://"],
)  # fmt: skip
def test_an_address_that_is_none_says_what_one_looks_like(uri: str) -> None:
    with pytest.raises(StoreUnavailable, match=r"STATS_DATABASE_URI to .*mongodb://host/database") as caught:
        open_store(uri)
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize("path", ["/dev/null/stats.db", "/", "/proc/nowhere/stats.db"])
def test_a_path_where_no_file_can_be_is_one_clear_error(path: str) -> None:
    with pytest.raises(StoreUnavailable, match=path):
        open_store(f"sqlite:///{path}")


def test_a_file_that_is_no_store_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("my diary\n" * 1_000)
    with pytest.raises(StoreUnavailable, match="no SQLite database"):
        open_store(f"sqlite:///{tmp_path}/notes.txt")
    assert (tmp_path / "notes.txt").read_text().startswith("my diary")


def test_the_folder_of_a_store_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_store("sqlite:///new/folder/stats.db", DECLARED).close()
    assert (tmp_path / "new/folder/stats.db").exists()


def test_a_removed_file_is_noticed_and_not_made_anew(sqlite_store: Store, sqlite_uri: str) -> None:
    Path(sqlite_uri.removeprefix("sqlite:///")).unlink()
    with pytest.raises(StoreUnavailable, match="gone"):
        sqlite_store.check()
    assert not Path(sqlite_uri.removeprefix("sqlite:///")).exists()


def with_pragma(monkeypatch: pytest.MonkeyPatch, store: Store, pragma: str) -> None:
    """Let every connection from now on have it."""
    assert isinstance(store, SqliteStore)
    plain = store._connect

    def connect() -> sqlite3.Connection:
        connection = plain()
        connection.execute(f"PRAGMA {pragma}")
        return connection

    while store._idle:
        store._idle.pop().close()
    monkeypatch.setattr(store, "_connect", connect)


def test_a_full_disk_writes_nothing_of_the_batch(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite_store.insert(things, [thing(1)])
    with_pragma(monkeypatch, sqlite_store, "max_page_count = 40")
    for write in (sqlite_store.insert, sqlite_store.put):
        with pytest.raises(StoreFull, match="room"):
            write(things, (thing(number, data=bytes(4_096)) for number in range(1, 1_000)))
    assert list(sqlite_store.find(things)) == [thing(1)]
    assert sqlite_store.update(things, thing(1).id, {"label": "still works"})


def test_a_read_only_store_reads_and_refuses_writes(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite_store.insert(things, [thing(1)])
    with_pragma(monkeypatch, sqlite_store, "query_only = 1")
    with pytest.raises(StoreUnavailable, match="writable"):
        sqlite_store.insert(things, [thing(2)])
    assert list(sqlite_store.find(things)) == [thing(1)]


def test_a_store_that_stays_locked_is_one_clear_error(sqlite_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE", 0.2)
    store = open_store(sqlite_uri, DECLARED)
    other = sqlite3.connect(sqlite_uri.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="another process"):
        store.insert(things, [thing(1)])
    assert store.count(things) == 0  # readers never wait for a writer
    other.execute("ROLLBACK")
    assert store.insert(things, [thing(1)]) == []
    other.close()
    store.close()


def test_a_mongodb_that_is_not_there_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mongodb, "REACHED_WITHIN", 300)
    with pytest.raises(StoreUnavailable, match="refused") as caught:
        open_store("mongodb://me:secret@127.0.0.1:9/db?tls=false")
    assert "secret" not in str(caught.value)
    assert "mongodb://me:***@127.0.0.1:9/db" in str(caught.value)


def test_a_mongodb_that_goes_away_is_one_clear_error_each_time(
    own_server: MongodServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongodb, "REACHED_WITHIN", 1_000)
    store = open_store(f"{own_server.address}/db", DECLARED)
    store.insert(things, map(thing, range(2_000)))
    reading = store.find(things)
    assert next(reading).id
    own_server.kill()
    with pytest.raises(StoreUnavailable, match=str(own_server.port)):
        list(reading)
    for attempt in (
        lambda: store.insert(things, [thing(1)]),
        lambda: store.put(things, [thing(1)]),
        lambda: store.get(things, "a"),
        store.check,
    ):
        with pytest.raises(StoreUnavailable, match=str(own_server.port)):
            attempt()
    own_server.start()
    store.check()
    assert store.count(things) == 2_000
    store.close()


@pytest.mark.parametrize(
    ("code", "kind", "word"),
    [(14031, StoreFull, "room"), (13, StoreUnavailable, "refuses"), (8, StoreUnavailable, "log")],
)
def test_what_a_mongodb_refuses_is_said(
    mongodb_store: Store, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[StoreError], word: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OperationFailure("no", code)

    monkeypatch.setattr(PymongoCollection, "insert_many", refuse)
    with pytest.raises(kind, match=word):
        mongodb_store.insert(things, [thing(1)])


def test_a_document_too_big_for_mongodb_is_one_clear_error(mongodb_store: Store) -> None:
    with pytest.raises(StoreError, match="hold this document"):
        mongodb_store.insert(things, [thing(1, data=bytes(17 << 20))])
