"""Pages of recent plays become one truth with the exports, whatever came first; polling without news costs nothing."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stats_core.documents.plays import Play
from stats_core.documents.sync import Gap
from stats_core.history.publishing import month_tables
from stats_core.imports.undo import undo_import
from stats_core.listeners import known_listener, made_listener
from stats_core.settings import Settings
from stats_core.store import collections, open_store
from stats_core.store.port import Query, Store
from stats_core.sync.recent import DEPTH, sync_name, take_in
from tests.imports.exported import (
    BASE,
    Listened,
    entries,
    extended_row,
    imported,
    json_files,
    packed,
    page_entry,
    plays_in,
)

few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NOW = BASE + timedelta(days=400)
Entry = dict[str, object]


@contextmanager
def fresh_store() -> Iterator[tuple[Store, Settings, Path]]:
    """A store with a listener."""
    with tempfile.TemporaryDirectory() as folder:
        own = Settings(_env_file=None, data_dir=Path(folder) / "data")
        store = open_store(f"sqlite:///{folder}/stats.sqlite")
        made_listener(store, own.inbox_dir, "me", "UTC")
        try:
            yield store, own, Path(folder)
        finally:
            store.close()


Step = list[Entry] | bytes
"""A page, or a file."""


def plays_after(steps: list[Step]) -> list[Play]:
    """The plays after these polls and imports, one after the other; the columns say the same."""
    with fresh_store() as (store, own, folder):
        for number, step in enumerate(steps):
            if isinstance(step, bytes):
                imported(store, own, packed([step], folder / str(number)))
            else:
                take_in(store, "me", list(step), NOW)
        plays = plays_in(store)
        months = known_listener(store, "me").months
        assert sum(table.plays for month in months for table in month_tables(store, "me", month)) == len(plays)
        return plays


polls = st.lists(entries, min_size=1, max_size=5)
steps = st.lists(st.one_of(polls, json_files()), min_size=1, max_size=4)


@few
@given(steps, st.data())
def test_any_order_of_polls_and_imports_gives_the_same_plays(steps: list[Step], data: st.DataObject) -> None:
    again = data.draw(st.permutations([*steps, *data.draw(st.lists(st.sampled_from(steps), max_size=2))]))
    assert plays_after(again) == plays_after(steps)


@few
@given(polls, st.data())
def test_one_poll_or_many_or_a_saved_page_tell_the_same(told: list[Entry], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(told)))
    assert plays_after([told[:cut], told[cut:]]) == plays_after([told])


@few
@given(steps, json_files())
def test_undoing_an_export_brings_the_apis_plays_back(steps: list[Step], export: bytes) -> None:
    with fresh_store() as (store, own, folder):
        for number, step in enumerate(steps):
            if isinstance(step, bytes):
                imported(store, own, packed([step], folder / str(number)))
            else:
                take_in(store, "me", list(step), NOW)
        before = plays_in(store)
        known = store.count(collections.imports)
        document = imported(store, own, packed([export], folder / "undone"))
        if store.count(collections.imports) > known:
            undo_import(store, own, document)
        assert plays_in(store) == before


def heard(seconds: int, *, track: int = 1, length: int = 200_000, millis: int = 460) -> Entry:
    """An entry of a page."""
    return page_entry(Listened(seconds, 0, track, f"Song {track}"), length, millis)


def test_what_the_api_told_is_an_estimate_until_an_export_tells(store: Store, tmp_path: Path) -> None:
    own = Settings(_env_file=None, data_dir=tmp_path)
    made_listener(store, own.inbox_dir, "me", "UTC")
    told = take_in(store, "me", [heard(0), heard(90, track=2), heard(95, track=3), heard(1_000, track=2)], NOW)
    assert (told.page, told.new, told.known, told.superseded) == (4, 4, 0, 0)
    found = [(play.ms, play.length, play.source) for play in plays_in(store)]
    assert found == [
        (200_000, 200_000, "api"),  # nothing is known before
        (90_000, 200_000, "api"),
        (30_000, 200_000, "api"),  # what the API tells of was heard for half a minute at least
        (200_000, 200_000, "api"),
    ]
    rows = [
        extended_row(5, Listened(at, ms, track, f"Song {track}"))
        for at, ms, track in ((0, 180_000, 1), (91, 60_500, 2))
    ]
    document = imported(store, own, packed([_json(rows)], tmp_path / "export"))
    assert document.states == {"superseding": 2}
    found = [(play.ms, play.length, play.source) for play in plays_in(store)]
    assert found == [
        (180_000, None, "extended"),
        (60_500, None, "extended"),
        (30_000, 200_000, "api"),
        (200_000, 200_000, "api"),
    ]
    again = take_in(store, "me", [heard(90, track=2, millis=471)], NOW)
    assert (again.new, again.superseded) == (0, 1), "a slightly other time of a play that an export tells of"
    undo_import(store, own, document)
    assert [play.source for play in plays_in(store)] == ["api"] * 4


def test_an_estimate_follows_a_play_that_came_to_lie_before_it_in_another_month(store: Store, tmp_path: Path) -> None:
    own = Settings(_env_file=None, data_dir=tmp_path)
    made_listener(store, own.inbox_dir, "me", "UTC")
    take_in(store, "me", [heard(200)], NOW)  # at 00:02:20 of the next month
    assert [play.ms for play in plays_in(store)] == [200_000]
    imported(store, own, packed([_json([extended_row(5, Listened(50, 31_000, 9, "Song 9"))])], tmp_path / "late"))
    assert [(play.source, play.ms) for play in plays_in(store)] == [("extended", 31_000), ("api", 150_460)]


def test_both_months_are_marked_where_an_estimate_moves_a_start(store: Store, tmp_path: Path) -> None:
    own = Settings(_env_file=None, data_dir=tmp_path)
    made_listener(store, own.inbox_dir, "me", "UTC")
    take_in(store, "me", [heard(200, length=400_000)], NOW)
    store.drop(collections.marks)
    imported(store, own, packed([_json([extended_row(5, Listened(190, 31_000, 9, "Song 9"))])], tmp_path / "late"))
    assert [(play.source, play.ms) for play in plays_in(store)] == [("extended", 31_000), ("api", 30_000)]
    assert {mark.month for mark in store.find(collections.marks)} == {"2022-03", "2022-04"}


def test_a_poll_without_news_writes_one_document(sqlite_store: Store, tmp_path: Path) -> None:
    made_listener(sqlite_store, tmp_path, "me", "UTC")
    page = [heard(300 * number, track=number) for number in range(1, 30)]
    take_in(sqlite_store, "me", page, NOW)
    counting = Counting(sqlite_store)
    soon = NOW + timedelta(minutes=15)
    told = take_in(counting, "me", page, soon)
    assert (told.new, told.known) == (0, 29)
    assert counting.written == ["syncs"]
    sync = sqlite_store.get(collections.syncs, "me")
    assert sync is not None
    assert (sync.polled_at, sync.empty_polls, sync.next_poll_at) == (soon, 1, soon + timedelta(minutes=15))


class Counting:
    """A store that notes which collections are written to."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.written: list[str] = []

    def __getattr__(self, name: str) -> Any:
        called = getattr(self._store, name)
        if name not in {"insert", "put", "replace", "update", "delete", "drop"}:
            return called

        def noted(collection: Any, *given: Any, **named: Any) -> Any:
            self.written.append(collection.name)
            return called(collection, *given, **named)

        return noted


def test_polls_come_later_when_nothing_is_heard_and_sooner_when_something_is(store: Store, tmp_path: Path) -> None:
    made_listener(store, tmp_path, "me", "UTC")
    at = NOW
    pauses = []
    for entry in (heard(1), heard(1), heard(1), heard(1), heard(900)):
        told = take_in(store, "me", [entry], at)
        pauses.append((told.next_poll_at - at) / timedelta(minutes=1))
        at = told.next_poll_at
    assert pauses == [15, 15, 15, 30, 15]


def full_page(first: int) -> list[Entry]:
    """Fifty plays in a row, five minutes each."""
    return [heard(300 * number, track=number) for number in range(first, first + DEPTH)]


def test_a_full_page_of_which_nothing_was_known_leaves_a_gap_until_an_export_covers_it(
    store: Store, tmp_path: Path
) -> None:
    own = Settings(_env_file=None, data_dir=tmp_path)
    made_listener(store, own.inbox_dir, "me", "UTC")
    assert take_in(store, "me", full_page(1), NOW).gap is None, "nobody polled before"
    assert take_in(store, "me", full_page(2), NOW + timedelta(hours=1)).gap is None
    told = take_in(store, "me", full_page(100), NOW + timedelta(hours=9))
    last, oldest = end_of(51), end_of(100) - timedelta(seconds=200)
    assert told.gap is not None
    assert (told.gap.start, told.gap.end) == (last, oldest)
    covered = {(each.by, each.start, each.end) for each in known_listener(store, "me").coverage}
    assert ("gap", last, oldest) in covered
    rows = [extended_row(5, Listened(300 * number, 200_000, number, f"Song {number}")) for number in range(45, 110)]
    export = tmp_path / "Streaming_History_Audio_2022_0.json"
    export.write_bytes(_json(rows))
    imported(store, own, export)
    assert {each.by for each in known_listener(store, "me").coverage} == {"complete", "preview"}
    sync = store.get(collections.syncs, "me")
    assert sync is not None
    assert sync.gaps == [Gap(start=last, end=oldest, cause=told.gap.cause)], "what happened stays known"


def end_of(number: int) -> datetime:
    return BASE + timedelta(seconds=300 * number, milliseconds=460)


def test_entries_that_cannot_be_read_are_counted_and_lose_no_others(store: Store, tmp_path: Path) -> None:
    made_listener(store, tmp_path, "me", "UTC")
    odd: list[object] = [
        None, {}, {"played_at": "yesterday"}, {**heard(1), "played_at": "2999-01-01T00:00:00Z"},
        {**heard(2), "track": None}, heard(3), {**heard(4), "context": "none"}, {**heard(5, track=2), "played_at": 7},
    ]  # fmt: skip
    told = take_in(store, "me", odd, NOW)
    assert (told.page, told.new, told.invalid) == (8, 1, 6), "3 and 4 are one play, told twice"
    assert len(plays_in(store)) == 1


def test_what_the_sync_brought_is_one_document_a_month(store: Store, tmp_path: Path) -> None:
    made_listener(store, tmp_path, "me", "UTC")
    for number in range(1, 4):
        take_in(store, "me", [heard(300 * number, track=number)], NOW)
    carried = list(store.find(collections.carried, Query(equal={"import_id": sync_name("me")})))
    assert [(part.month, len(part.rows)) for part in carried] == [("2022-04", 3)]


def _json(rows: list[dict[str, object]]) -> bytes:
    return json.dumps(rows).encode()
