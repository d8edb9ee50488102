"""An import killed at any write, then run again: the same plays and the same ledger as if nothing had happened."""

import json
import warnings
from pathlib import Path

import msgspec

from stats_core.documents.imports import Import
from stats_core.documents.listeners import Covered
from stats_core.documents.plays import Play
from stats_core.history.reader import HistoryReader
from stats_core.imports.importer import Dropped, import_file
from stats_core.imports.undo import undo_import
from stats_core.insights import answered
from stats_core.settings import Settings
from stats_core.store import collections, open_store
from stats_core.store.port import Store
from tests.imports.exported import Listened, account_row, extended_row, imported, packed, plays_in
from tests.imports.mortal import MortalStore, died

HEARD = [
    Listened(0, 31_000, 1, "One"),
    Listened(0, 31_000, 2, "Two"),
    Listened(0, 31_000, 2, "Two"),
    Listened(61, 200_000, None, None),
    Listened(3600, 200_000, 1, "One", episode=True),
]


def file_of(generation: int, plays: list[Listened]) -> bytes:
    return json.dumps([extended_row(generation, p) if generation else account_row(p) for p in plays]).encode()


def earlier_files() -> list[bytes]:
    """What was imported before: account data that will be superseded, and rows that will change places."""
    return [file_of(0, HEARD), file_of(1, [*HEARD[1:3], Listened(0, 31_000, None, "Aaa")])]


def later_files() -> list[bytes]:
    return [
        file_of(5, [*HEARD, Listened(1, 31_000, 1, "Renamed"), Listened(0, 31_000, 1, "Renamed")]),
        file_of(0, HEARD),
    ]


Outcome = tuple[list[Play], Import | None, bytes, list[Covered]]


def outcome(store: Store, user: str, document: Import | None) -> Outcome:
    """Plays, ledger, answers and coverage, with what differs by nature made equal."""
    plays = [msgspec.structs.replace(play, id=play.id.partition("|")[2], user="") for play in plays_in(store, user)]
    heard = HistoryReader(store, 0).read(user)
    answer = answered("top/tracks", heard, {"min_ms": "0", "kinds": "track,episode"}, now=0).json
    if document is not None:
        assert document.finished_at is not None
        then = HEARD[0].end
        document = msgspec.structs.replace(document, id="", user="", received_at=then, finished_at=then)
    return plays, document, answer, heard.listener.coverage


def test_an_import_killed_at_any_write_ends_the_same_when_run_again(store_uri: str, tmp_path: Path) -> None:
    own = Settings(data_dir=tmp_path / "data")
    before, now = packed(earlier_files(), tmp_path / "before"), packed(later_files(), tmp_path / "now")
    store = open_store(store_uri)
    imported(store, own, before, "calm")
    expected = outcome(store, "calm", imported(store, own, now, "calm"))
    lives, killed = 0, True
    while killed:
        user = f"killed{lives}"
        imported(store, own, before, user)
        store.close()  # a child must not share a connection

        def mortal(user: str = user, lives: int = lives) -> None:
            inner = open_store(store_uri)
            import_file(MortalStore(inner, lives), own, user, Dropped(now, now.name))

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads: the child starts none
            killed = died(mortal)
        store = open_store(store_uri)
        again = imported(store, own, now, user)
        assert outcome(store, user, again) == expected, f"killed after {lives} writes"
        lives += 1
    store.close()
    assert lives > 20


def test_an_undo_killed_at_any_write_ends_the_same_when_run_again(store_uri: str, tmp_path: Path) -> None:
    own = Settings(data_dir=tmp_path / "data")
    before, now = packed(earlier_files(), tmp_path / "before"), packed(later_files(), tmp_path / "now")
    store = open_store(store_uri)
    imported(store, own, before, "calm")
    expected = outcome(store, "calm", None)
    lives, killed = 0, True
    while killed:
        user = f"killed{lives}"
        imported(store, own, before, user)
        document = imported(store, own, now, user)
        store.close()

        def mortal(document: Import = document, lives: int = lives) -> None:
            undo_import(MortalStore(open_store(store_uri), lives), own, document)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            killed = died(mortal)
        store = open_store(store_uri)
        if store.get(collections.imports, document.id) is not None:
            undo_import(store, own, document)
        assert outcome(store, user, None) == expected, f"killed after {lives} writes"
        lives += 1
    store.close()
