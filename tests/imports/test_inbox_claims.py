"""What becomes of dropped files, whatever dies on the way."""

import errno
import json
import time
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from stats_core.documents.imports import Import
from stats_core.errors import ArchiveMissing, StoreFull
from stats_core.imports import inbox_claims
from stats_core.imports.importer import digest_of, import_file, import_key
from stats_core.imports.inbox import ImportKey, Seen, import_key_of, look, parsed_key
from stats_core.imports.inbox_claims import stuck_files, take_in
from stats_core.listeners import erase_listener, made_listener
from stats_core.settings import Settings
from stats_core.store import collections, open_store
from stats_core.store.port import Query, Store
from tests.pipelines.exports import START, drop, rows


def key_of(path: Path, user: str = "me") -> ImportKey:
    return import_key_of(user, path.name, digest_of(path))


def test_an_imported_file_goes_and_can_be_imported_again_from_the_archive(store: Store, settings: Settings) -> None:
    path = drop(settings.inbox_dir / "a.json", rows(20))
    key = key_of(path)
    first = take_in(store, settings, key, hint="a.json", run_id="run 1")
    assert (first.document.status, first.document.run_id, first.from_archive) == ("imported", "run 1", False)
    assert not path.exists()
    plays = list(store.find(collections.plays))
    again = take_in(store, settings, key, hint="a.json")
    assert again.from_archive
    assert again.document.states == first.document.states
    assert list(store.find(collections.plays)) == plays


def test_the_same_file_dropped_again_changes_nothing_and_goes(store: Store, settings: Settings) -> None:
    path = drop(settings.inbox_dir / "a.json", rows(20))
    key = key_of(path)
    first = take_in(store, settings, key)
    drop(settings.inbox_dir / "deep" / "b.json", rows(20))
    again = take_in(store, settings, key)
    assert again.unchanged
    assert again.document == first.document
    assert not (settings.inbox_dir / "deep" / "b.json").exists()


def test_a_refused_file_is_set_aside_with_its_reason_and_never_over_an_earlier_one(
    sqlite_store: Store, settings: Settings
) -> None:
    for content in (b"no json", b"nor this"):
        path = drop(settings.inbox_dir / "a.json", content)
        taken = take_in(sqlite_store, settings, key_of(path))
        assert taken.document.status == "refused"
        assert not path.exists()
    folder = settings.refused_dir / "me"
    assert (folder / "a.json").read_bytes() == b"no json"
    assert (folder / "a (2).json").read_bytes() == b"nor this"
    assert "a.json was not imported" in (folder / "a (2).json.reason.txt").read_text()
    assert len(list(folder.iterdir())) == 4


def test_a_zip_of_which_members_were_refused_is_set_aside_though_the_others_are_imported(
    sqlite_store: Store, settings: Settings
) -> None:
    path = settings.inbox_dir / "export.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Streaming_History_Audio_2024_0.json", json.dumps(rows(4)))
        archive.writestr("Streaming_History_Audio_2024_1.json", "[{ cut off")
    path.chmod(0o644)
    whole = path.read_bytes()
    taken = take_in(sqlite_store, settings, key_of(path))
    assert (taken.document.status, taken.document.states) == ("partial", {"stored": 4})
    assert not path.exists()
    assert taken.set_aside is not None
    assert taken.set_aside.read_bytes() == whole
    (refused,) = [file for file in taken.document.files if file.status == "refused"]
    assert (settings.refused_dir / "me" / "export.zip.reason.txt").read_text().splitlines() == [
        "export.zip was imported in part. These members were refused, all others are imported:",
        f"Streaming_History_Audio_2024_1.json: {refused.reason}",
    ]


@pytest.mark.parametrize("fails_with", [None, errno.EXDEV, errno.EPERM])
def test_what_is_set_aside_nobody_else_may_read(
    sqlite_store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, fails_with: int | None
) -> None:
    path = drop(settings.inbox_dir / "a.json", b"no json")
    path.chmod(0o644)
    key = key_of(path)
    really = Path.rename

    def renamed(self: Path, target: Path) -> Path:
        if fails_with and self == path:
            raise OSError(fails_with, "not from here")
        return really(self, target)

    monkeypatch.setattr(Path, "rename", renamed)
    take_in(sqlite_store, settings, key)
    assert not path.exists()
    folder = settings.refused_dir / "me"
    assert {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir()} == {
        "a.json": 0o600,
        "a.json.reason.txt": 0o600,
    }
    assert [each.stat().st_mode & 0o777 for each in (folder, settings.refused_dir)] == [0o700, 0o700]


def test_an_upload_that_waits_becomes_its_import(store: Store, settings: Settings) -> None:
    made_listener(store, settings.inbox_dir, "anna", "UTC")
    written = drop(settings.inbox_dir / "anna" / ".x.part", rows(5))
    digest = digest_of(written)
    path = written.rename(written.with_name(f"my_spotify_data~{digest[:12]}.json"))
    waiting = Import(
        id=import_key("anna", digest), user="anna", digest=digest, name="my_spotify_data.json", status="waiting",
        received_at=START + timedelta(days=99), size=path.stat().st_size,
    )  # fmt: skip
    store.insert(collections.imports, [waiting])
    taken = take_in(store, settings, parsed_key(f"anna~my_spotify_data~{digest[:12]}"))
    assert (taken.document.status, taken.document.name) == ("imported", "my_spotify_data.json")
    assert taken.document.states == {"stored": 5}
    assert not path.exists()


def test_a_file_that_took_anothers_place_is_left_for_its_own_turn(
    sqlite_store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop(settings.inbox_dir / "a.json", rows(5))
    key = key_of(path)

    def replaced_meanwhile(*given: object, **named: object) -> object:
        done = import_file(*given, **named)  # type: ignore[arg-type]
        drop(path, rows(6))
        return done

    monkeypatch.setattr(inbox_claims, "import_file", replaced_meanwhile)
    take_in(sqlite_store, settings, key)
    assert path.exists()


def test_after_a_listener_was_deleted_nothing_is_imported_and_nobody_made(store: Store, settings: Settings) -> None:
    made_listener(store, settings.inbox_dir, "anna", "UTC")
    path = drop(settings.inbox_dir / "anna" / "a.json", rows(5))
    key = key_of(path, "anna")
    take_in(store, settings, key)
    erase_listener(store, settings, "anna")
    with pytest.raises(ArchiveMissing, match="There is no listener 'anna': deleted"):
        take_in(store, settings, key)
    assert not store.count(collections.listeners)
    assert not store.count(collections.imports)


def test_a_key_that_stands_for_nothing_says_so(sqlite_store: Store, settings: Settings) -> None:
    made_listener(sqlite_store, settings.inbox_dir, "me", "UTC")
    with pytest.raises(ArchiveMissing, match="Drop the file again"):
        take_in(sqlite_store, settings, parsed_key("me~a~0123456789ab"))


def test_a_failure_is_noted_and_doctor_sees_what_lies_there_for_long(
    sqlite_store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop(settings.inbox_dir / "a.json", rows(5))

    def full(*_: object, **__: object) -> None:
        raise StoreFull("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr("stats_core.imports.importer._stored", full)
        with pytest.raises(StoreFull):
            take_in(sqlite_store, settings, key_of(path))
    assert path.exists()
    document = sqlite_store.get(collections.imports, import_key("me", digest_of(path)))
    assert document is not None
    assert (document.status, document.reason) == ("failed", "The disk is full.")
    assert stuck_files(sqlite_store, settings) == []
    later = time.time() + 1_000
    monkeypatch.setattr(time, "time", lambda: later)
    (stuck,) = stuck_files(sqlite_store, settings)
    assert (stuck.path, stuck.user, stuck.document) == (path, "me", document)
    monkeypatch.undo()
    assert take_in(sqlite_store, settings, key_of(path)).document.status == "imported"


class Killed(BaseException):
    """A run or tick ends here, as by `kill -9`."""


FILES: dict[str, list[dict[str, object]]] = {
    "a.json": rows(4),
    "b.json": rows(6, START + timedelta(days=40)),
    "anna/a.json": rows(4),
    "same as a.json": rows(4),
    "broken.json": [{"ts": 1}],
}
STEPS = st.lists(
    st.sampled_from(["tick", "tick killed", "run", "run killed at once", "run killed before it removes the file"]),
    max_size=12,
)


@hypothesis_settings(max_examples=25, deadline=None)
@given(steps=STEPS, order=st.permutations(sorted(FILES)))
def test_whatever_is_killed_no_file_is_lost_or_doubled(steps: list[str], order: list[str]) -> None:
    with TemporaryDirectory() as folder:
        chosen = Settings(data_dir=Path(folder) / "data", database_uri=f"sqlite:///{folder}/s.db")
        store = open_store(chosen.database_uri)
        made_listener(store, chosen.inbox_dir, "anna", "UTC")
        for name in order:
            drop(chosen.inbox_dir / name, FILES[name])
        _Watched(store, chosen).live_through([*steps, *(["tick", "run", "run"] * 8)])
        assert [path for path in chosen.inbox_dir.rglob("*") if path.is_file()] == []
        assert sorted(path.name for path in (chosen.refused_dir / "me").iterdir()) == [
            "broken.json",
            "broken.json.reason.txt",
        ]
        counts = {user: store.count(collections.plays, Query(equal={"user": user})) for user in ("me", "anna")}
        assert counts == {"me": 10, "anna": 4}
        imports = list(store.find(collections.imports))
        assert sorted((each.user, each.status, each.rows, each.states) for each in imports) == [
            ("anna", "imported", 4, {"stored": 4}),
            ("me", "imported", 4, {"stored": 4}),
            ("me", "imported", 6, {"stored": 6}),
            ("me", "refused", 0, {}),
        ]
        store.close()


class _Watched:
    """A sensor with its memory, and the runs it asked for, by run key as Dagster keeps them."""

    def __init__(self, store: Store, chosen: Settings) -> None:
        self.store, self.settings = store, chosen
        self.seen: Mapping[str, Seen] = {}
        self.now = 4_000_000_000.0
        self.queue: dict[str, tuple[str, str]] = {}
        self.ever: set[str] = set()

    def live_through(self, steps: list[str]) -> None:
        for step in steps:
            self.now += 10_000
            if step.startswith("tick"):
                self.tick(remembers=step == "tick")
            elif self.queue:
                run_key, (key, path) = next(iter(self.queue.items()))
                del self.queue[run_key]
                self.run(key, path, step)

    def tick(self, *, remembers: bool) -> None:
        users = {"anna", "me"}
        found = look(self.settings.inbox_dir, users, "me", self.seen, self.now, unfinished=self.queue.keys())
        for ready in found.ready:
            if ready.run_key not in self.ever:
                self.ever.add(ready.run_key)
                self.queue[ready.run_key] = (ready.key, ready.file.path)
        if remembers:
            self.seen = found.seen

    def run(self, key: str, path: str, step: str) -> None:
        if step == "run killed at once":
            return
        before = inbox_claims._as_it_was
        looks = 0

        def dies(*given: object) -> bool:
            nonlocal looks
            looks += 1
            if looks > 1:
                raise Killed
            return before(*given)  # type: ignore[arg-type]

        try:
            if step != "run":
                inbox_claims._as_it_was = dies  # type: ignore[assignment]
            take_in(self.store, self.settings, parsed_key(key), hint=path)
        except (Killed, ArchiveMissing):
            pass
        finally:
            inbox_claims._as_it_was = before
