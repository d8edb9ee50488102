"""Erasing a listener: everything of theirs is gone, or the listener is still there."""

import shutil
from pathlib import Path

import pytest

from stats_core.errors import StatsError
from stats_core.imports.importer import digest_of
from stats_core.imports.inbox import files_in, import_key_of
from stats_core.imports.inbox_claims import take_in
from stats_core.listeners import erase_listener, known_listener, made_listener
from stats_core.settings import Settings
from stats_core.store import collections
from stats_core.store.port import Query, Store
from tests.pipelines.exports import drop, rows


def test_what_waits_for_the_default_listener_goes_with_them(sqlite_store: Store, settings: Settings) -> None:
    for user in ("me", "anna"):
        made_listener(sqlite_store, settings.inbox_dir, user, "UTC")
    for name in ("a.json", "some/where/b.json", "me/c.json", "anna/d.json"):
        drop(settings.inbox_dir / name, rows(2))
    erase_listener(sqlite_store, settings, "me")
    left = list(files_in(settings.inbox_dir, {"anna"}, "me"))
    assert [(file.path, file.user) for file in left] == [("anna/d.json", "anna")]
    erase_listener(sqlite_store, settings, "anna")
    assert not list(files_in(settings.inbox_dir, set(), "me"))


def test_another_listener_takes_nothing_of_the_default_ones_along(sqlite_store: Store, settings: Settings) -> None:
    made_listener(sqlite_store, settings.inbox_dir, "anna", "UTC")
    drop(settings.inbox_dir / "a.json", rows(2))
    erase_listener(sqlite_store, settings, "anna")
    assert [file.path for file in files_in(settings.inbox_dir, set(), "me")] == ["a.json"]


def test_an_archive_that_cannot_be_removed_keeps_the_listener(
    sqlite_store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop(settings.inbox_dir / "a.json", rows(2))
    take_in(sqlite_store, settings, import_key_of("me", path.name, digest_of(path)))
    archive = settings.archive_dir / "me"
    really = shutil.rmtree

    def refused(folder: Path, ignore_errors: bool = False) -> None:
        if folder != archive:
            really(folder, ignore_errors)
        elif not ignore_errors:
            raise PermissionError(13, "Permission denied", str(folder))

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", refused)
        with pytest.raises(StatsError, match="archive/me of the listener 'me' could not be removed: Permission denied"):
            erase_listener(sqlite_store, settings, "me")
    assert known_listener(sqlite_store, "me")
    erase_listener(sqlite_store, settings, "me")
    assert not archive.exists()
    assert not sqlite_store.count(collections.plays, Query(equal={"user": "me"}))
