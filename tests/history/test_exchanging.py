"""A history that follows the store month by month is the one that is read anew."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stats_core.documents.plays import Play
from stats_core.history.columns import History, history_of
from stats_core.history.exchanging import exchanged
from stats_core.history.months import month_of
from stats_core.history.reader import HistoryReader
from stats_core.history.tables import Table, packed, table_of, unpacked
from stats_core.imports.importer import Dropped, import_file
from stats_core.imports.undo import undo_import
from stats_core.insights import answered
from stats_core.sample import sample_export
from stats_core.settings import Settings
from stats_core.store import collections
from stats_core.store.port import Store
from tests.insights.plays import some_plays

PLAYS: Final = some_plays("Europe/Berlin", 1, 400)
OTHERS: Final = some_plays("Pacific/Chatham", 2, 400)
MONTHS: Final = sorted({month_of(play.start) for play in (*PLAYS, *OTHERS)})


def tables(plays: Iterable[Play], months: Iterable[str]) -> list[Table]:
    by_start = sorted(plays, key=lambda play: play.start)
    return [table_of(heard) for month, heard in groupby(by_start, lambda play: month_of(play.start)) if month in months]


def rows(history: History) -> list[tuple[object, ...]]:
    """Every play as it reads, whatever the codes."""
    numbers = (history.start, history.span, history.ms, history.n, history.source, history.video)
    flags = (history.shuffle, history.skipped, history.offline, history.private)
    texts = (
        [stands_for[code] for code in codes.tolist()]
        for codes, stands_for in (
            (history.item, history.items),
            (history.platform, history.platforms),
            (history.country, history.countries),
            (history.reason_start, history.reason_starts),
            (history.reason_end, history.reason_ends),
        )
    )
    return list(zip(*(column.tolist() for column in (*numbers, *flags)), *texts, strict=True))


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(MONTHS)), st.sets(st.sampled_from(MONTHS)))
def test_exchanging_months_is_reading_all_of_it_anew(gone: set[str], come: set[str]) -> None:
    before = history_of(tables(PLAYS, MONTHS))
    after = exchanged(before, gone | come, tables(OTHERS, come))
    stays = set(MONTHS) - gone - come
    anew = history_of([*tables(PLAYS, stays), *tables(OTHERS, come)])
    assert rows(after) == rows(anew)
    assert set(after.items) == set(anew.items)
    assert len(after.items) == len(set(after.items))
    for column in ("item", "start", "span", "ms", "n", "source", "private", "platform", "country", "reason_end"):
        assert getattr(after, column).dtype == getattr(anew, column).dtype


@given(st.integers(0, len(PLAYS)))
@settings(max_examples=30, deadline=None)
def test_a_table_comes_out_of_the_store_as_it_went_in(count: int) -> None:
    table = table_of(PLAYS[:count])
    stored = unpacked(packed(table))
    assert stored.texts == table.texts
    assert {name: column.tolist() for name, column in stored.columns.items()} == {
        name: column.tolist() for name, column in table.columns.items()
    }
    assert rows(history_of([stored])) == rows(history_of([table]))


def test_however_many_plays_are_alike_each_keeps_its_number() -> None:
    alike = [msgspec.structs.replace(PLAYS[0], id=f"{PLAYS[0].id[:-4]}{number}") for number in (7, 32_767, 40_000)]
    history = history_of([unpacked(packed(table_of(alike)))])
    assert history.n.tolist() == [7, 32_767, 40_000]
    assert history_of([table_of(alike[:2])]).n.dtype == np.int16


def test_columns_of_another_format_are_taken_from_the_plays(store: Store, tmp_path: Path) -> None:
    own = Settings(_env_file=None, data_dir=tmp_path / "data")
    made = tmp_path / "made.zip"
    sample_export(300, 1, seed=3, output=made)
    import_file(store, own, "me", Dropped(made, made.name))
    expected = rows(HistoryReader(store, 0).read("me").history)
    older = [msgspec.structs.replace(part, format=1, table=b"ARROW1") for part in store.find(collections.columns)]
    store.put(collections.columns, older)
    assert rows(HistoryReader(store, 0).read("me").history) == expected


def test_names_that_many_bear_are_kept_once() -> None:
    history = history_of(tables(PLAYS, MONTHS))
    artists = [item.artist for item in history.items if item.artist is not None]
    assert len({id(artist) for artist in artists}) == len(set(artists)) < len(artists)


def test_a_reader_that_follows_answers_as_one_that_comes_new(store: Store, tmp_path: Path) -> None:
    own = Settings(_env_file=None, data_dir=tmp_path, default_timezone="Europe/Berlin")
    following = HistoryReader(store, 1 << 30)

    def same_answers() -> int:
        following.lookout.forget()
        heard, anew = following.read("me"), HistoryReader(store, 0).read("me")
        for statistic in ("summary", "top/tracks", "top/albums", "timeline", "plays"):
            asked = {"kinds": "track,episode,unknown", "min_ms": "0"}
            assert answered(statistic, heard, asked, now=0).json == answered(statistic, anew, asked, now=0).json
        return len(heard.history)

    counts = []
    for number, (plays, account) in enumerate([(300, False), (400, True), (500, False)]):
        export = tmp_path / f"{number}.zip"
        sample_export(plays, 2, number, account=account, output=export)
        document, _ = import_file(store, own, "me", Dropped(export, export.name))
        counts.append(same_answers())
    undo_import(store, own, document)
    counts.append(same_answers())
    assert counts[0] < counts[1] < counts[2] > counts[3] == counts[1]
