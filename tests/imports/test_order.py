"""Plays are a function of the set of files: no order, repetition or packing matters; undo takes back exactly one."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stats_core.documents.listeners import Covered
from stats_core.documents.plays import Play
from stats_core.history.reader import HistoryReader
from stats_core.imports.undo import undo_import
from stats_core.insights import answered
from stats_core.listeners import known_listener
from stats_core.settings import Settings
from stats_core.store import open_store
from stats_core.store.port import Store
from tests.imports.exported import imported, json_files, packed, plays_in

few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
packings = st.lists(st.lists(json_files(), min_size=1, max_size=3), min_size=1, max_size=3)


@contextmanager
def fresh_store() -> Iterator[tuple[Store, Settings, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        own = Settings(data_dir=Path(folder) / "data")
        store = open_store(f"sqlite:///{folder}/stats.sqlite")
        try:
            yield store, own, Path(folder)
        finally:
            store.close()


Outcome = tuple[list[Play], bytes, list[Covered]]


def outcome(packs: list[list[bytes]]) -> Outcome:
    """The plays, the totals and what is covered after importing these packs one after the other."""
    with fresh_store() as (store, own, folder):
        for number, files in enumerate(packs):
            document = imported(store, own, packed(files, folder / str(number)))
            assert document.rows == sum(document.states.values())
            assert all(file.rows == sum(file.states.values()) for file in document.files)
        return outcome_in(store)


def outcome_in(store: Store) -> Outcome:
    return plays_in(store), totals(store), known_listener(store, "me").coverage


def totals(store: Store) -> bytes:
    heard = HistoryReader(store, 0).read("me")
    return answered("summary", heard, {"min_ms": "0", "kinds": "track,episode,unknown"}, now=0).json


@few
@given(packings, st.data())
def test_any_order_repetition_and_packing_gives_the_same_plays(packs: list[list[bytes]], data: st.DataObject) -> None:
    files = [file for pack in packs for file in pack]
    again = data.draw(st.permutations([*files, *data.draw(st.lists(st.sampled_from(files), max_size=2))]))
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(again) - 1)), max_size=2)))
    repacked = [again[a:b] for a, b in zip([0, *cuts], [*cuts, len(again)], strict=True) if again[a:b]]
    assert outcome(repacked)[:2] == outcome(packs)[:2]


@few
@given(packings, st.data())
def test_any_order_and_repetition_gives_the_same_coverage(packs: list[list[bytes]], data: st.DataObject) -> None:
    again = data.draw(st.permutations([*packs, *data.draw(st.lists(st.sampled_from(packs), max_size=2))]))
    assert outcome(again) == outcome(packs)


@few
@given(packings, st.data())
def test_undoing_an_import_gives_what_there_was_without_it(packs: list[list[bytes]], data: st.DataObject) -> None:
    undone = data.draw(st.integers(0, len(packs) - 1))
    with fresh_store() as (store, own, folder):
        documents = [imported(store, own, packed(files, folder / str(n))) for n, files in enumerate(packs)]
        same = [document.id for document in documents]
        undo_import(store, own, documents[undone])
        rest = [pack for pack, identity in zip(packs, same, strict=True) if identity != same[undone]]
        if not rest:
            assert plays_in(store) == []
            assert known_listener(store, "me").months == {}
            assert known_listener(store, "me").coverage == []
        else:
            assert outcome_in(store) == outcome(rest)


@few
@given(packings)
def test_columns_built_for_readers_equal_those_built_from_plays(packs: list[list[bytes]]) -> None:
    with fresh_store() as (store, own, folder):
        for number, files in enumerate(packs):
            imported(store, own, packed(files, folder / str(number)))
        _, history = HistoryReader(store, 0).read("me")
        keys = [int(play.start.timestamp() * 1000) for play in sorted(plays_in(store), key=lambda p: (p.start, p.id))]
        assert history.start.tolist() == keys
