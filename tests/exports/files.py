"""Export files made up for one test each, and a place to drop them."""

import json
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from stats_core.documents.imports import Import, ImportFile
from stats_core.documents.plays import Play
from stats_core.settings import Settings
from stats_core.store import open_store
from stats_core.store.port import Store
from tests.imports.exported import Listened, account_row, extended_row, imported, plays_in

Row = dict[str, Any]
Members = Iterable[tuple[str, bytes]]

ONE = Listened(0, 200_000, 1, "One")
AUDIO, MUSIC = "Streaming_History_Audio_2022_0.json", "StreamingHistory_music_0.json"


def extended(generation: int = 5, play: Listened = ONE, /, **fields: object) -> Row:
    """A row of the extended history with some fields of its own."""
    return {**extended_row(generation, play), **fields}


def account(play: Listened = ONE, /, **fields: object) -> Row:
    """A row of account music with some fields of its own."""
    return {**account_row(play), **fields}


def podcast(**fields: object) -> Row:
    return {"endTime": "2022-03-31 23:59", "podcastName": "Show", "episodeName": "One", "msPlayed": 1, **fields}


def audiobook(**fields: object) -> Row:
    names = {"audiobookName": "Book", "chapterName": "One", "authorName": "Author"}
    return {"endTime": "2022-03-31 23:59", **names, "msPlayed": 1, **fields}


def without(row: Row, *names: str) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def plays_of(count: int) -> list[Listened]:
    """So many different plays, a minute apart."""
    return [Listened(60 * number, 31_000, number, f"Name {number}") for number in range(count)]


def text(rows: object, **how: Any) -> bytes:
    return json.dumps(rows, **how).encode()


def zip_file(path: Path, members: Members, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = method
            archive.writestr(entry, content)
    return path


@dataclass
class Inbox:
    """An empty store, and what it makes of dropped files."""

    store: Store
    settings: Settings
    folder: Path

    def drop(self, content: bytes, name: str = AUDIO) -> Import:
        """Import bytes as a file of that name."""
        path = self.folder / name
        path.write_bytes(content)
        return self.drop_path(path)

    def drop_rows(self, rows: list[Any], name: str = AUDIO) -> ImportFile:
        """Import a loose JSON file of these rows: what its ledger says of it."""
        document = self.drop(text(rows), name)
        assert len(document.files) == 1
        return document.files[0]

    def drop_zip(self, members: Members, name: str = "my_spotify_data.zip") -> Import:
        return self.drop_path(zip_file(self.folder / name, members))

    def drop_path(self, path: Path) -> Import:
        document = imported(self.store, self.settings, path)
        assert document.rows == sum(document.states.values()) == sum(file.rows for file in document.files)
        for file in document.files:
            assert file.rows == sum(file.states.values())
            assert len(file.invalid) <= file.states.get("invalid", 0)
            assert (file.reason is not None) == (file.status == "refused")
        return document

    def plays(self) -> list[Play]:
        return plays_in(self.store)

    def archived(self, document: Import) -> Path:
        return self.settings.archive_dir / "me" / f"{document.digest}.zip"


@contextmanager
def fresh_inbox() -> Iterator[Inbox]:
    """An inbox of its own, for each example of a property."""
    with TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/stats.db")
        try:
            yield Inbox(store, Settings(data_dir=Path(folder) / "data"), Path(folder))
        finally:
            store.close()
