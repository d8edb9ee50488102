"""Writing the catalogue: readers see all of it or nothing, in the order it was written, and aggregates follow."""

import threading
from pathlib import Path

import pytest

from stats_core.documents.catalogue import Album, Artist, Credit, Track
from stats_core.documents.derived import Mark
from stats_core.errors import LeaseLost
from stats_core.history import catalogue_writing
from stats_core.history.catalogue_reading import CatalogueReader
from stats_core.history.catalogue_writing import catalogue_lease, write_catalogue
from stats_core.history.marks import clear_mark, marked_months
from stats_core.history.present import Lookout
from stats_core.history.reader import HistoryReader
from stats_core.imports.importer import Dropped, import_file
from stats_core.sample import sample_catalogue, sample_export
from stats_core.settings import Settings
from stats_core.store import collections
from stats_core.store.port import Store
from stats_core.store.revisions import raise_revision, revisions


def track(identity: str, name: str = "Known") -> Track:
    return Track(id=identity, revision=0, name=name, artists=[Credit(id="a", name="A")])


def imported(store: Store, folder: Path) -> None:
    export = folder / "export.zip"
    sample_export(300, 1, 3, output=export)
    import_file(store, Settings(_env_file=None, data_dir=folder), "me", Dropped(export, export.name))
    for mark in marked_months(store, "me").values():
        clear_mark(store, mark)


def test_documents_bear_the_revision_that_they_are_told_at(store: Store) -> None:
    assert write_catalogue(store, [track("t1")], [Album(id="b", revision=0, name="B")]) == 1
    assert (
        write_catalogue(store, [track("t1", "Renamed"), track("t2")], artists=[Artist(id="a", revision=0, name="A")])
        == 2
    )
    assert revisions(store) == {"catalogue": 2}
    known = CatalogueReader(store, Lookout(store)).read()
    assert {document.id: document.revision for document in known.tracks.values()} == {"t1": 2, "t2": 2}
    assert known.tracks["t1"].name == "Renamed"
    assert known.albums["b"].revision == 1
    assert known.artists["a"].revision == 2
    assert write_catalogue(store) == 2, "nothing to write is nothing to tell"


def test_a_reader_sees_the_new_catalogue_and_the_months_are_marked(store: Store, tmp_path: Path) -> None:
    imported(store, tmp_path)
    reader = HistoryReader(store, 1 << 30)
    before = reader.read("me").history
    known = sample_catalogue(300, 1, 3, 1)
    write_catalogue(store, *known)
    reader.lookout.forget()
    heard = reader.read("me")
    credited = {artist.id for track in known.tracks for artist in track.artists[:1]}
    assert credited <= {entry.id for entry in heard.history.primary_artists.entries}
    assert not credited & {entry.id for entry in before.primary_artists.entries}
    assert heard.history.lengths.ms.max() == max(track.length or 0 for track in known.tracks)
    assert marked_months(store, "me").keys() == heard.listener.months.keys()


def test_who_counts_while_it_is_written_is_told_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(store, tmp_path)
    counted: list[Mark] = []

    def raised(store: Store, name: str) -> int:
        """Somebody counts between the last document and the revision, and clears what they saw."""
        counted.extend(marked_months(store, "me").values())
        assert all(clear_mark(store, mark) for mark in counted)
        return raise_revision(store, name)  # type: ignore[arg-type]

    monkeypatch.setattr(catalogue_writing, "raise_revision", raised)
    write_catalogue(store, [track("t")])
    assert counted
    assert marked_months(store, "me").keys() == {mark.month for mark in counted}


def test_what_a_stopped_writer_left_is_told_by_the_next(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    write_catalogue(store, [track("t1")])
    lookout = Lookout(store)
    reader = CatalogueReader(store, lookout)
    known = reader.read()
    with monkeypatch.context() as stopped:
        stopped.setattr(catalogue_writing, "raise_revision", _stop)
        with pytest.raises(LeaseLost):
            write_catalogue(store, [track("t1", "Renamed"), track("t2")])
    lookout.forget()
    assert reader.read() is known
    # One who comes now never knew what `t1` was before.
    assert set(CatalogueReader(store, Lookout(store)).read().tracks) == {"t1", "t2"}
    assert write_catalogue(store, [track("t3")]) == 2
    lookout.forget()
    assert {each.name for each in reader.read().tracks.values()} == {"Renamed", "Known"}
    assert set(reader.read().tracks) == {"t1", "t2", "t3"}


def test_of_two_writers_one_waits_for_the_other(store: Store) -> None:
    waited = threading.Event()
    told: list[int] = []
    with catalogue_lease(store):
        other = threading.Thread(
            target=lambda: told.append(write_catalogue(store, [track("t")], waiting=lambda _: waited.set()))
        )
        other.start()
        assert waited.wait(10)
        assert store.get(collections.tracks, "t") is None
    other.join(10)
    assert told == [1]


def _stop(*_: object) -> int:
    raise LeaseLost("stopped")
