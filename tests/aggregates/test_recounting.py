"""Marks drive the aggregates: nothing marked is left stale, nothing stopped is left half done."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from stats_core.aggregates import recounting
from stats_core.aggregates.checking import checked
from stats_core.aggregates.rebuilding import rebuild_derived
from stats_core.aggregates.recounting import Recounted, recount, recount_marked, repair
from stats_core.documents.derived import Columns, DailyTotal, ListenerTotals, MonthlyTop
from stats_core.documents.document import Document
from stats_core.documents.listeners import StreamRule
from stats_core.documents.upkeep import Layout
from stats_core.errors import UnknownListener
from stats_core.history.marks import clear_mark, mark_everything, mark_months, marked_months
from stats_core.history.reader import HistoryReader
from stats_core.history.tables import TEXTS, unpacked
from stats_core.imports import importer
from stats_core.imports.importer import import_archived
from stats_core.imports.undo import undo_import
from stats_core.listeners import erase_listener, known_listener, plays_lease_name
from stats_core.settings import Settings
from stats_core.store import collections, open_store
from stats_core.store.leases import lease
from stats_core.store.port import Collection, Query, Store, Stored
from tests.aggregates.conftest import Importing
from tests.pipelines.exports import START, row, rows

Derived = tuple[list[DailyTotal], list[MonthlyTop], list[ListenerTotals]]


def derived(store: Store) -> Derived:
    """All aggregates, without the revisions they were counted at."""
    totals = [msgspec.structs.replace(one, revision=0) for one in store.find(collections.listener_totals)]
    days = sorted(store.find(collections.daily_totals), key=lambda one: one.id)
    return days, sorted(store.find(collections.monthly_tops), key=lambda one: one.id), totals


def columns(store: Store) -> dict[str, list[dict[str, object]]]:
    """What the columns hold, by month."""

    def place(part: Columns) -> tuple[str, int]:
        return part.month, part.part

    held: dict[str, list[dict[str, object]]] = {}
    for part in sorted(store.find(collections.columns), key=place):
        columns, texts = unpacked(part.table)
        told = {name: column.tolist() for name, column in columns.items()}
        told.update({name: [texts[name][code] for code in told[name]] for name in TEXTS})
        rows = (dict(zip(told, row, strict=True)) for row in zip(*told.values(), strict=True))
        held.setdefault(part.month, []).extend(rows)
    return held


def rezoned(store: Store, timezone: str, **rule: object) -> None:
    mark_everything(store, "me")
    changed = {"timezone": timezone, "rule": msgspec.structs.replace(StreamRule(), **rule)}
    assert store.update(collections.listeners, "me", changed)
    mark_everything(store, "me")


def test_an_import_ends_in_aggregates_that_equal_its_plays_and_no_marks(store: Store, imported: Importing) -> None:
    imported(store, rows(60))
    (round_,) = recount_marked(store)
    assert round_.months == ["2024-01", "2024-02"]
    assert not marked_months(store, "me")
    assert round_.wrote["daily_totals"].documents == store.count(collections.daily_totals) > 0
    seen = checked(store, "me", ["2024-01", "2024-02"])
    assert (seen.differences, seen.months) == ([], ["2024-01", "2024-02"])
    assert recount_marked(store) == []


def test_an_order_of_imports_leaves_no_trace_in_the_aggregates(sqlite_store: Store, imported: Importing) -> None:
    imported(sqlite_store, rows(40))
    recount_marked(sqlite_store)
    imported(sqlite_store, rows(40, START - timedelta(days=9)))
    imported(sqlite_store, rows(9, START + timedelta(days=90)))
    recount_marked(sqlite_store)
    before = derived(sqlite_store), columns(sqlite_store)
    rebuild_derived(sqlite_store)
    assert (derived(sqlite_store), columns(sqlite_store)) == before


def test_a_rebuild_makes_everything_derived_from_the_plays_alone(store: Store, imported: Importing) -> None:
    imported(store, rows(60))
    recount_marked(store)
    before = derived(store), columns(store)
    for collection in collections.DERIVED:
        store.drop(collection)
    listener = known_listener(store, "me")
    store.replace(collections.listeners, msgspec.structs.replace(listener, months={"1999-01": 1}), listener.revision)
    told: list[str] = []
    rebuild_derived(store, "me", done=lambda one: told.append(one.user))
    assert (derived(store), columns(store)) == before
    assert told == ["me"]
    assert sorted(known_listener(store, "me").months) == ["2024-01", "2024-02"]
    with pytest.raises(UnknownListener):
        rebuild_derived(store, "nobody")


def test_changing_the_zone_or_the_rule_counts_every_month_anew(sqlite_store: Store, imported: Importing) -> None:
    imported(sqlite_store, [row(START.replace(day=31, hour=23, minute=30))])
    recount_marked(sqlite_store)
    for zone, month in (("Pacific/Kiritimati", "2024-02"), ("UTC", "2024-01")):
        rezoned(sqlite_store, zone)
        recount_marked(sqlite_store)
        days, tops, _ = derived(sqlite_store)
        assert {one.month for one in days} == {one.month for one in tops} == {month}, (
            "nothing of the zone before is left"
        )
    rezoned(sqlite_store, "UTC", min_ms=90_000)
    recount_marked(sqlite_store)
    days, tops, (totals,) = derived(sqlite_store)
    assert (days, tops, totals.plays) == ([], [], 0)


def test_what_is_marked_while_it_is_counted_stays_marked(
    sqlite_store: Store, imported: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(sqlite_store, rows(60))
    really = HistoryReader.read

    def marked_meanwhile(reader: HistoryReader, user: str) -> object:
        mark_months(sqlite_store, user, ["2024-02"], published=True)
        return really(reader, user)

    monkeypatch.setattr(HistoryReader, "read", marked_meanwhile)
    recount(sqlite_store, "me")
    assert list(marked_months(sqlite_store, "me")) == ["2024-02"]


def test_a_mark_is_cleared_only_as_it_was_seen(store: Store) -> None:
    mark_months(store, "me", ["2024-01"])
    seen = marked_months(store, "me")["2024-01"]
    mark_months(store, "me", ["2024-01"], "another import")
    assert not clear_mark(store, seen)
    assert clear_mark(store, marked_months(store, "me")["2024-01"])


def test_while_an_import_writes_its_listener_is_left_for_the_next_round(
    sqlite_store: Store, imported: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(sqlite_store, rows(5))
    monkeypatch.setattr(recounting, "PATIENCE_SECONDS", 0.1)
    with lease(sqlite_store, plays_lease_name("me"), purpose="importing something"):
        (round_,) = recount_marked(sqlite_store)
    assert round_.busy is not None
    assert "importing something" in round_.busy
    assert marked_months(sqlite_store, "me")
    assert recount_marked(sqlite_store)[0].busy is None


class Killed(BaseException):
    """The import ends here, as by `kill -9`."""


@pytest.mark.parametrize("dies_in", ["publish", "mark_months"])
def test_what_a_killed_import_left_is_repaired_and_its_rerun_ends_as_ever(
    store: Store, imported: Importing, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    def dies(*_: object, **__: object) -> None:
        raise Killed

    imported(store, rows(20))
    recount_marked(store)
    with monkeypatch.context() as patch:
        patch.setattr(importer, dies_in, dies)
        with pytest.raises(Killed):
            imported(store, rows(50))
    assert marked_months(store, "me")
    recount_marked(store)
    assert not marked_months(store, "me")
    seen = checked(store, "me", ["2024-01", "2024-02"])
    assert seen.differences == []
    assert store.count(collections.plays, Query(equal={"user": "me"})) == sum(map(len, columns(store).values())) == 50
    after_repair = derived(store)
    document = imported(store, rows(50))
    assert document.states == {"stored": 30, "duplicate": 20}
    recount_marked(store)
    assert derived(store) == after_repair


def test_a_rerun_that_was_killed_is_repaired_though_its_import_had_ended(
    sqlite_store: Store, settings: Settings, imported: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object, **__: object) -> None:
        raise Killed

    document = imported(sqlite_store, rows(20))
    recount_marked(sqlite_store)
    lost = next(iter(sqlite_store.find(collections.plays))).id
    sqlite_store.delete(collections.plays, Query(equal={"_id": lost}))  # as other code once had it
    with monkeypatch.context() as patch:
        patch.setattr(importer, "publish", dies)
        with pytest.raises(Killed):
            import_archived(sqlite_store, settings, "me", document.digest)
    assert repair(sqlite_store, "me")
    assert sum(map(len, columns(sqlite_store).values())) == 20
    assert repair(sqlite_store, "me") == []


def test_undoing_an_import_takes_it_out_of_the_aggregates_too(
    sqlite_store: Store, settings: Settings, imported: Importing
) -> None:
    imported(sqlite_store, rows(20))
    recount_marked(sqlite_store)
    before = derived(sqlite_store)
    undo_import(sqlite_store, settings, imported(sqlite_store, rows(30, START + timedelta(days=3))))
    recount_marked(sqlite_store)
    assert derived(sqlite_store) == before


def test_marks_of_somebody_erased_go_and_bring_nobody_back(
    sqlite_store: Store, settings: Settings, imported: Importing
) -> None:
    imported(sqlite_store, rows(5))
    recount_marked(sqlite_store)
    erase_listener(sqlite_store, settings, "me")
    mark_months(sqlite_store, "me", ["2024-01"])
    recount_marked(sqlite_store)
    assert not sqlite_store.count(collections.marks)
    assert not sqlite_store.count(collections.daily_totals)
    assert not sqlite_store.count(collections.listener_totals)


def test_the_check_sees_a_wrong_total_and_leaves_marked_months_alone(sqlite_store: Store, imported: Importing) -> None:
    imported(sqlite_store, rows(60))
    recount_marked(sqlite_store)
    day = next(iter(sqlite_store.find(collections.daily_totals, Query(equal={"user": "me", "month": "2024-02"}))))
    sqlite_store.put(collections.daily_totals, [msgspec.structs.replace(day, ms=day.ms + 1)])
    seen = checked(sqlite_store, "me", ["2024-01", "2024-02"])
    assert len(seen.differences) == 2
    assert seen.differences[0].startswith("2024-02 of me: plays give")
    mark_months(sqlite_store, "me", ["2024-03"], published=True)
    seen = checked(sqlite_store, "me", ["2024-01", "2024-02"])
    assert (seen.differences, seen.months) == ([], ["2024-01"])


@pytest.mark.parametrize("zone", ["UTC", "America/St_Johns", "Pacific/Apia"])
def test_the_check_counts_what_the_aggregates_count(sqlite_store: Store, imported: Importing, zone: str) -> None:
    nameless = [row(START + timedelta(hours=at), track=at % 4, spotify_track_uri=None) for at in range(6)]
    fall_back = datetime(2009, 10, 31, 22, tzinfo=UTC)  # in St. John's from 1 November back into 31 October
    crowd = [row(fall_back + timedelta(minutes=9 * at), 60_000 + at % 3, track=at % 130) for at in range(300)]
    imported(sqlite_store, [*rows(60), *nameless, *crowd])
    rezoned(sqlite_store, zone, kinds=("track", "episode"))
    (round_,) = recount_marked(sqlite_store)
    seen = checked(sqlite_store, "me", [*round_.months, "2009-12"])
    assert (seen.differences, seen.plays) == ([], 366)
    assert "2009-11" in seen.months


def test_the_check_sees_wrong_distinct_counts_and_tops(sqlite_store: Store, imported: Importing) -> None:
    imported(sqlite_store, rows(60))
    recount_marked(sqlite_store)
    months = ["2024-01", "2024-02"]

    def told(collection: Collection[Stored], document: Document) -> list[str]:
        right = sqlite_store.get(collection, document.id)
        assert right is not None
        sqlite_store.put(collection, [document])
        seen = checked(sqlite_store, "me", months)
        sqlite_store.put(collection, [right])
        assert checked(sqlite_store, "me", months).differences == []
        return seen.differences

    days, tops, _ = derived(sqlite_store)
    for name in ("tracks", "artists"):
        (told_of_day,) = told(collections.daily_totals, msgspec.structs.replace(days[3], **{name: 99}))
        assert told_of_day.startswith("2024-02 of me: plays give")
    totals = sqlite_store.get(collections.listener_totals, "me")
    assert totals is not None
    for name in ("tracks", "artists", "albums", "active_days"):
        (told_of_totals,) = told(collections.listener_totals, msgspec.structs.replace(totals, **{name: 99}))
        assert told_of_totals.startswith("listener_totals of me say")
    for top in tops:
        swapped = msgspec.structs.replace(top, entries=top.entries[::-1] if len(top.entries) > 1 else [])
        assert told(collections.monthly_tops, swapped) == [
            f"{top.month} of me: monthly_tops of {top.of} are not those of its plays"
        ]


def test_a_library_that_names_old_tracks_changes_the_tops_of_their_months(
    store: Store, settings: Settings, imported: Importing
) -> None:
    imported(store, [row(START, spotify_track_uri=None)])
    recount_marked(store)
    before = top_track(store)
    library = {"tracks": [{"artist": "Artist 1", "album": "A", "track": "Track 1", "uri": f"spotify:track:{7:022}"}]}
    document = imported(store, json.dumps({**library, "albums": [], "shows": [], "episodes": []}).encode())
    assert document.generations == ["library"]
    recount_marked(store)
    assert top_track(store) == f"{7:022}"
    undo_import(store, settings, document)
    recount_marked(store)
    assert top_track(store) == before


def top_track(store: Store) -> str:
    (top,) = (one for one in store.find(collections.monthly_tops) if one.of == "tracks")
    return top.entries[0].id


def test_a_store_of_an_older_layout_has_its_columns_again_after_the_next_count(
    store: Store, store_uri: str, imported: Importing
) -> None:
    imported(store, rows(60))
    recount_marked(store)
    expected, heard = columns(store), HistoryReader(store, 0).read("me").history
    store.put(
        collections.columns, [msgspec.structs.replace(part, table=b"") for part in store.find(collections.columns)]
    )
    store.put(collections.layout, [Layout(id="layout", version=3)])
    with closing(open_store(store_uri)) as newer:
        read = HistoryReader(newer, 0).read("me").history
        assert read.items == heard.items
        assert read.start.tolist() == heard.start.tolist()
        assert not any(mark.published for mark in marked_months(newer, "me").values())
        (round_,) = recount_marked(newer)
        assert round_.published == sorted(expected)
        assert columns(newer) == expected
        assert not marked_months(newer, "me")


def test_one_whose_count_fails_keeps_nobody_from_theirs(
    store: Store, imported: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(store, rows(9))
    mark_months(store, "ada", ["2024-01"])  # a listener before `me`, who is not there
    really = recounting.recount

    def failing(store: Store, user: str) -> Recounted:
        if user == "ada":
            raise OverflowError("a number of theirs is too large")
        return really(store, user)

    monkeypatch.setattr(recounting, "recount", failing)
    with pytest.raises(OverflowError):
        recount_marked(store)
    assert not marked_months(store, "me")
    assert store.count(collections.daily_totals) > 0
