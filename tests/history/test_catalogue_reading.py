"""A reader's catalogue is the one last written, and names the histories that are read from then on."""

from pathlib import Path

from stats_core.documents.catalogue import Album, Artist, Credit, Track
from stats_core.history.catalogue_reading import CatalogueReader
from stats_core.history.present import Lookout
from stats_core.history.reader import HistoryReader
from stats_core.imports.importer import Dropped, import_file
from stats_core.sample import sample_export
from stats_core.settings import Settings
from stats_core.store import collections
from stats_core.store.port import Store
from stats_core.store.revisions import raise_revision, revisions


def track(identity: str, revision: int, *artists: str) -> Track:
    return Track(
        id=identity, revision=revision, name="Known", artists=[Credit(id=one, name=one.upper()) for one in artists]
    )


def test_only_what_changed_is_read_again(store: Store) -> None:
    lookout = Lookout(store)
    reader = CatalogueReader(store, lookout)
    assert reader.read().revision == 0
    store.put(collections.tracks, [track("t1", 1, "a"), track("t2", 1, "a")])
    store.put(collections.albums, [Album(id="b1", revision=1, name="Tides")])
    assert not reader.read().tracks, "not before its revision is raised"
    raise_revision(store, "catalogue")
    lookout.forget()
    first = reader.read()
    assert set(first.tracks) == {"t1", "t2"}
    assert set(first.albums) == {"b1"}
    assert reader.read() is first
    store.put(collections.tracks, [track("t2", 2, "b")])
    store.put(collections.artists, [Artist(id="b", revision=2, name="Bee")])
    raise_revision(store, "catalogue")
    lookout.forget()
    second = reader.read()
    assert second.tracks["t1"] is first.tracks["t1"]
    assert second.credits("t2") == ("b",)
    assert second.artist_names == {"a": "A", "b": "Bee"}
    assert first.credits("t2") == ("a",)


def test_revisions_are_counted_one_by_one(store: Store) -> None:
    assert revisions(store) == {}
    assert [raise_revision(store, "keys"), raise_revision(store, "keys"), raise_revision(store, "cache")] == [1, 2, 1]
    assert revisions(store) == {"keys": 2, "cache": 1}


def test_a_history_is_named_by_the_catalogue_of_the_moment(store: Store, tmp_path: Path) -> None:
    export = tmp_path / "export.zip"
    sample_export(300, 1, 3, output=export)
    import_file(store, Settings(_env_file=None, data_dir=tmp_path), "me", Dropped(export, export.name))
    reader = HistoryReader(store, 1 << 30)
    before = reader.read("me").history
    played = before.tracks.entries[int(before.tracks.of_item[before.item[-1]])]
    store.put(collections.tracks, [track(played.id, 1, "one", "two")])
    raise_revision(store, "catalogue")
    reader.lookout.forget()
    after = reader.read("me").history
    assert after is not before
    assert {"one", "two"} <= {entry.id for entry in after.artists.entries}
    assert len(after) == len(before)
