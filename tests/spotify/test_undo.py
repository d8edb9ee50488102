"""Undoing the sync: what it alone told of is gone, and what exports tell is as if it had never been."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stats_core.documents.accounts import Account
from stats_core.history.reader import HistoryReader
from stats_core.imports.importer import Dropped, import_file
from stats_core.listeners import known_listener, made_listener
from stats_core.settings import Settings
from stats_core.spotify.errors import NotLinked
from stats_core.spotify.login import disconnect
from stats_core.store import collections
from stats_core.store.port import EVERYTHING, Query, Store
from stats_core.sync.recent import sync_name, take_in
from stats_core.sync.undo import undo_sync

START = datetime(2026, 2, 27, 12, tzinfo=UTC)
EMPTIED = (
    collections.plays, collections.imports, collections.carried, collections.columns, collections.marks,
    collections.syncs, collections.listeners,
)  # fmt: skip


def page(numbers: list[int]) -> list[object]:
    return [
        {
            "track": {
                "id": f"{number:022}", "uri": f"spotify:track:{number:022}", "name": f"Song {number}",
                "duration_ms": 180_000, "artists": [{"id": "a" * 22, "name": "The Invented"}],
                "album": {"id": "b" * 22, "name": "First Light", "artists": [{"id": "a" * 22, "name": "The Invented"}]},
            },
            "played_at": f"{START + timedelta(hours=number):%Y-%m-%dT%H:%M:%S}.250Z",
        }
        for number in numbers
    ]  # fmt: skip


def export(path: Path, numbers: list[int]) -> Path:
    path.write_text(json.dumps([
        {
            "ts": f"{START + timedelta(hours=number):%Y-%m-%dT%H:%M:%SZ}", "ms_played": 95_000,
            "spotify_track_uri": f"spotify:track:{number:022}", "master_metadata_track_name": f"Song {number}",
            "master_metadata_album_artist_name": "The Invented",
            "master_metadata_album_album_name": "First Light", "platform": "android", "conn_country": "DE",
            "reason_start": "clickrow", "reason_end": "fwdbtn", "shuffle": False, "skipped": True, "offline": False,
            "incognito_mode": False,
        }
        for number in numbers
    ]))  # fmt: skip
    return path


def told(store: Store) -> object:
    """Everything that readers see, without revisions."""
    plays = sorted(store.find(collections.plays, Query(equal={"user": "ann"})), key=lambda play: play.id)
    history = HistoryReader(store, 0).read("ann").history
    listener = known_listener(store, "ann")
    uris = [item.uri for item in history.items]
    return msgspec.to_builtins([plays, uris, history.start.tolist(), sorted(listener.months), listener.coverage])


numbers = st.lists(st.integers(0, 80), max_size=12, unique=True)


@given(numbers, numbers, numbers, st.integers(0, 1))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_imported_it_is_as_if_the_sync_had_never_been(
    sqlite_store: Store, tmp_path: Path, first: list[int], second: list[int], exported: list[int], early: int
) -> None:
    store, own = sqlite_store, Settings(_env_file=None, data_dir=tmp_path / "data")
    outcomes = []
    for with_sync in (False, True):
        for collection in EMPTIED:
            store.delete(collection, EVERYTHING)
        made_listener(store, own.inbox_dir, "ann", "UTC")
        pages = [sorted(first), sorted(second)] if with_sync else []
        file = export(tmp_path / "Streaming_History_Audio_2026_0.json", exported)
        if exported and early:
            import_file(store, own, "ann", Dropped(file, file.name))
        for number, each in enumerate(pages):
            take_in(store, "ann", page(each), START + timedelta(days=5 + number))
        if exported and not early:
            import_file(store, own, "ann", Dropped(file, file.name))
        if with_sync:
            undo_sync(store, "ann")
            undo_sync(store, "ann")
        outcomes.append(told(store))
    assert outcomes[0] == outcomes[1]
    assert store.count(collections.carried, Query(equal={"import_id": sync_name("ann")})) == 0
    assert store.count(collections.syncs) == 0


def test_on_both_stores(store: Store, tmp_path: Path) -> None:
    own = Settings(_env_file=None, data_dir=tmp_path / "data")
    made_listener(store, own.inbox_dir, "ann", "UTC")
    file = export(tmp_path / "Streaming_History_Audio_2026_0.json", [2, 3])
    import_file(store, own, "ann", Dropped(file, file.name))
    before = told(store)
    take_in(store, "ann", page([2, 3, 30, 60]), START + timedelta(days=5))
    assert told(store) != before
    undo_sync(store, "ann")
    assert told(store) == before


@pytest.mark.parametrize("polls", [1, 2])
def test_the_next_poll_brings_what_spotify_still_knows(sqlite_store: Store, tmp_path: Path, polls: int) -> None:
    store, own = sqlite_store, Settings(_env_file=None, data_dir=tmp_path / "data")
    made_listener(store, own.inbox_dir, "ann", "UTC")
    for _ in range(polls):
        take_in(store, "ann", page([1, 2, 3]), START + timedelta(days=5))
    undo_sync(store, "ann")
    assert store.count(collections.plays) == 0
    assert take_in(store, "ann", page([1, 2, 3]), START + timedelta(days=5)).new == 3


@pytest.mark.parametrize("numbers", [[1, 2, 3, 4], [1, 2, 3]])
def test_a_poll_that_is_under_way_brings_nothing_back(sqlite_store: Store, tmp_path: Path, numbers: list[int]) -> None:
    store, own = sqlite_store, Settings(_env_file=None, data_dir=tmp_path / "data")
    made_listener(store, own.inbox_dir, "ann", "UTC")
    account = Account(id="ann", account_id="a", authorized_at=START)
    store.insert(collections.accounts, [account])
    take_in(store, "ann", page([1, 2, 3]), START + timedelta(days=5), account)
    disconnect(store, "ann")
    undo_sync(store, "ann")
    with pytest.raises(NotLinked):  # with new plays, and with none: its page was asked for before
        take_in(store, "ann", page(numbers), START + timedelta(days=5, minutes=15), account)
    assert (store.count(collections.plays), store.count(collections.syncs)) == (0, 0)
    assert known_listener(store, "ann").coverage == []


def test_a_stop_before_its_end_leaves_no_time_claimed(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, own = sqlite_store, Settings(_env_file=None, data_dir=tmp_path / "data")
    made_listener(store, own.inbox_dir, "ann", "UTC")
    take_in(store, "ann", page([1, 2, 3]), START + timedelta(days=5))
    with monkeypatch.context() as patch:
        patch.setattr("stats_core.sync.undo.mark_months", lambda *_, **__: sys.exit(9))
        with pytest.raises(SystemExit):
            undo_sync(store, "ann")
    file = export(tmp_path / "Streaming_History_Audio_2026_0.json", [70])
    import_file(store, own, "ann", Dropped(file, file.name))
    assert {stretch.by for stretch in known_listener(store, "ann").coverage} <= {"complete"}
    undo_sync(store, "ann")
    assert [play.source for play in store.find(collections.plays)] == ["extended"]
