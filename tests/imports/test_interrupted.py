"""What one import was killed in the middle of, and what others do before it is run again."""

import json
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stats_core.aggregates.recounting import recount
from stats_core.errors import StoreUnavailable, UnknownListener
from stats_core.history.reader import HistoryReader
from stats_core.imports.importer import Dropped, Watcher, import_file
from stats_core.insights import answered
from stats_core.insights.summary import Summary
from stats_core.listeners import erase_listener, made_listener
from stats_core.settings import Settings
from stats_core.store import collections, open_store
from stats_core.store.port import Query, Store
from tests.imports.exported import Listened, account_row, extended_row, imported, plays_in
from tests.imports.mortal import MortalStore, died

FEBRUARY = round((datetime(2022, 2, 1, tzinfo=UTC) - datetime(2022, 3, 31, 23, 59, tzinfo=UTC)) / timedelta(seconds=1))
"""A play that ends at the first second of February, and so starts in January."""


def written(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text(json.dumps(rows))
    return path


def all_plays(store: Store) -> int:
    heard = HistoryReader(store, 0).read("me")
    answer = answered("summary", heard, {"min_ms": "0", "kinds": "track,episode,unknown"}, now=0).answer
    assert isinstance(answer, Summary)
    return answer.plays


def killed_imports(uri: str, own: Settings, path: Path) -> Iterator[int]:
    """Kill an import of this file after one write, two, ...: yields each time, until it gets through."""
    for lives in range(1, 200):

        def mortal(lives: int = lives) -> None:
            import_file(MortalStore(open_store(uri), lives), own, "me", Dropped(path, path.name))

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads: the child starts none
            if not died(mortal):
                return
        yield lives


def test_whatever_is_imported_after_a_kill_the_plays_are_those_of_the_files(tmp_path: Path) -> None:
    """The killed import and the next touch one month of start, but different months of end."""
    play = Listened(FEBRUARY, 40_000, 1, "One")
    weak = written(tmp_path / "account.json", [account_row(play)])
    strong = written(tmp_path / "strong.json", [extended_row(5, play)])
    later = written(tmp_path / "later.json", [extended_row(5, Listened(FEBRUARY - 86_400, 40_000, 2, "Two"))])
    own = Settings(data_dir=tmp_path / "data")
    for number in range(1, 60):
        uri = f"sqlite:///{tmp_path}/{number}.sqlite"
        store = open_store(uri)
        imported(store, own, weak)
        store.close()

        def mortal(lives: int = number, uri: str = uri) -> None:
            import_file(MortalStore(open_store(uri), lives), own, "me", Dropped(strong, strong.name))

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            killed = died(mortal)
        store = open_store(uri)
        imported(store, own, later)
        recount(store, "me")
        assert all_plays(store) == len(plays_in(store)) == 2, f"killed after {number} writes"
        first = imported(store, own, strong)
        assert all_plays(store) == 2
        assert sum(first.states.values()) == 1
        store.close()
        if not killed:
            break
    assert number > 5


def test_a_play_is_claimed_by_one_ledger(tmp_path: Path) -> None:
    """Killed, then another import of the same rows, then again: each play is new in one of them."""
    rows = [extended_row(5, Listened(at, 40_000, 1, "One")) for at in (0, 100, 200)]
    one = written(tmp_path / "one.json", rows)
    more = written(tmp_path / "more.json", [*rows, extended_row(5, Listened(300, 40_000, 2, "Two"))])
    own = Settings(data_dir=tmp_path / "data")
    for number in range(1, 60):
        uri = f"sqlite:///{tmp_path}/{number}.sqlite"

        def mortal(lives: int = number, uri: str = uri) -> None:
            import_file(MortalStore(open_store(uri), lives), own, "me", Dropped(one, one.name))

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            killed = died(mortal)
        store = open_store(uri)
        documents = [imported(store, own, path) for path in (more, one)]
        assert sum(document.states.get("stored", 0) for document in documents) == len(plays_in(store)) == 4
        store.close()
        if not killed:
            break
    assert number > 5


def test_a_crowd_that_changes_places_takes_no_more_room_than_it_needs(sqlite_store: Store, tmp_path: Path) -> None:
    own = Settings(data_dir=tmp_path / "data")
    same = Listened(0, 40_000, 1, "One")
    imported(sqlite_store, own, written(tmp_path / "old.json", [extended_row(2, same)] * 1_500))
    imported(sqlite_store, own, written(tmp_path / "new.json", [extended_row(5, same)] * 1_499))
    assert len(plays_in(sqlite_store)) == 1_500
    assert max(len(play.others) for play in plays_in(sqlite_store)) <= 1
    assert sum(path.stat().st_size for path in tmp_path.glob("stats.db*")) < 30 << 20


@pytest.mark.parametrize("moment", ["reading", "storing"])
def test_erasing_waits_for_an_import_and_leaves_nothing(store_uri: str, tmp_path: Path, moment: str) -> None:
    own = Settings(data_dir=tmp_path / "data")
    path = written(tmp_path / "a.json", [extended_row(5, Listened(0, 40_000, 1, "One"))])
    store = open_store(store_uri)
    reached, go_on = threading.Event(), threading.Event()

    def pause(*_: object) -> None:
        reached.set()
        assert go_on.wait(20)

    watcher = Watcher(read=pause) if moment == "reading" else Watcher(written=pause)
    importing = threading.Thread(target=lambda: import_file(store, own, "me", Dropped(path, "a.json", watcher=watcher)))
    importing.start()
    assert reached.wait(20)
    with pytest.raises(StoreUnavailable, match=r"importing a\.json"):
        erase_listener(store, own, "me", timeout=0.3)
    go_on.set()
    importing.join()
    erase_listener(store, own, "me")
    assert list((tmp_path / "data").rglob("*.zip")) == []
    assert store.count(collections.imports, Query(equal={"user": "me"})) == 0
    store.close()


def test_an_import_that_waited_for_an_erasure_makes_nobody_anew(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Settings(data_dir=tmp_path / "data")
    path = written(tmp_path / "a.json", [extended_row(5, Listened(0, 40_000, 1, "One"))])

    def made_and_erased(store: Store, inbox: Path, user: str, timezone: str) -> None:
        made_listener(store, inbox, user, timezone)
        erase_listener(store, own, user)

    monkeypatch.setattr("stats_core.imports.importer.made_listener", made_and_erased)
    with pytest.raises(UnknownListener):
        imported(sqlite_store, own, path)
    assert sqlite_store.count(collections.imports, Query(equal={"user": "me"})) == 0
    assert list((tmp_path / "data").rglob("*.zip")) == []


def test_a_library_is_seen_with_its_import_and_not_before(store_uri: str, tmp_path: Path) -> None:
    own = Settings(data_dir=tmp_path / "data")
    store = open_store(store_uri)
    imported(store, own, written(tmp_path / "a.json", [account_row(Listened(0, 40_000, None, "One"))]))
    library = {"tracks": [{"artist": "Artist of One", "track": "One", "uri": f"spotify:track:{7:022}"}], "albums": []}
    (tmp_path / "YourLibrary.json").write_text(json.dumps(library))

    def ids() -> list[str]:
        listener, history = HistoryReader(store, 0).read("me")
        return [entry.id for entry in history.tracks.entries] + [str(listener.revision)]

    before = ids()
    store.close()
    for lives in killed_imports(store_uri, own, tmp_path / "YourLibrary.json"):
        store = open_store(store_uri)
        seen = ids()
        assert seen == before or seen[-1] != before[-1], f"killed after {lives} writes"
        store.close()
    store = open_store(store_uri)
    assert ids()[0] == f"{7:022}"
    store.close()


def test_what_stops_an_import_stands_in_its_document(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Settings(data_dir=tmp_path / "data")
    path = written(tmp_path / "a.json", [extended_row(5, Listened(0, 40_000, 1, "One"))])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stats_core.imports.importer.write_archive", full)
    with pytest.raises(OSError, match="No space left"):
        imported(sqlite_store, own, path)
    (document,) = sqlite_store.find(collections.imports, Query(equal={"user": "me"}))
    assert document.status == "failed"
    assert "No space left" in (document.reason or "")
    monkeypatch.undo()
    assert imported(sqlite_store, own, path).status == "imported"
