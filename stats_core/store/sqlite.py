"""The embedded store: one SQLite file, used by several processes at once.

A collection is a table: `_id`, one column for each field that is compared, and the whole document as JSON in `body`. An
ordinary table, not WITHOUT ROWID: reading 250,000 plays along an index took 0.13 s against 0.18 s, and bodies of
megabytes do not belong into a tree of keys.
"""
# ruff: noqa: S608 - statements are built from declared names only; every value is a parameter

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

from stats_core.errors import StoreError, StoreFull, StoreUnavailable
from stats_core.store.adapter import BATCH, Adapter
from stats_core.store.port import Collection, D, Query
from stats_core.store.shapes import Shape
from stats_core.store.statements import (
    Conditions,
    code,
    column,
    indexes_of,
    insertion,
    listed,
    overwriting,
    quoted,
    row,
    selection,
    source,
    table_of,
)

PATIENCE = 30.0
"""Seconds to wait for another process's write."""
PAGE_DOCUMENTS = 1_000
PAGE_BYTES = 4 << 20


class SqliteStore(Adapter):
    """The store in a SQLite file. Every call takes a connection of its own from a pool and gives it back."""

    # A page is read along one index by its last key, which an IN over the index's first field would break.
    values_at_once = 1

    def __init__(self, path: Path) -> None:
        super().__init__(f"sqlite:///{path}")
        self.path = path.absolute()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        with self._speaking("open"):
            self._settle_file()

    def close(self) -> None:
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def check(self) -> None:
        if not self.path.exists():
            raise StoreUnavailable(f"The store's file {self.path} is gone. Put it back, and start again.")
        super().check()

    def drop(self, collection: Collection[D]) -> None:
        with self._writing() as connection:
            connection.execute(f"DELETE FROM {quoted(collection.name)}")

    def _create(self, shape: Shape[D]) -> None:
        table = quoted(shape.collection.name)
        with self._writing() as connection:
            connection.execute(table_of(shape))
            there = {name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")}
            for name in shape.beside:
                if name not in there:
                    self._add_column(connection, shape, name)
            for statement in indexes_of(shape):
                connection.execute(statement)

    @staticmethod
    def _add_column(connection: sqlite3.Connection, shape: Shape[D], name: str) -> None:
        """Let a field be compared that was not until now: an index was added to a collection with documents."""
        connection.create_function("compared", 1, lambda body: column(getattr(shape.from_json(body), name)))
        connection.execute(f"ALTER TABLE {quoted(shape.collection.name)} ADD COLUMN {quoted(name)}")
        connection.execute(f"UPDATE {quoted(shape.collection.name)} SET {quoted(name)} = compared(body)")

    def _insert(self, shape: Shape[D], batch: Sequence[D]) -> list[str]:
        statement = insertion(shape) + " ON CONFLICT DO NOTHING"
        rows = [row(shape, document) for document in batch]
        with self._writing() as connection:
            connection.execute("SAVEPOINT batch")
            if connection.executemany(statement, rows).rowcount == len(rows):
                return []
            # Some were there. Which, only one row at a time says: half as fast, and only where it is needed.
            connection.execute("ROLLBACK TO batch")
            return [values[0] for values in rows if not connection.execute(statement, values).rowcount]

    def _put(self, shape: Shape[D], batch: Sequence[D]) -> None:
        replaced = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in (*shape.beside, "body"))
        rows = [row(shape, document) for document in batch]
        with self._writing() as connection:
            connection.executemany(f"{insertion(shape)} ON CONFLICT (_id) DO UPDATE SET {replaced}", rows)

    def _replace(self, shape: Shape[D], document: D, revision: int) -> bool:
        with self._writing() as connection:
            return self._overwrite(connection, shape, document, " AND revision = ?", revision)

    def _update(self, shape: Shape[D], identity: str, changes: dict[str, Any], expected: Mapping[str, object]) -> bool:
        with self._writing() as connection:
            found = connection.execute(selection(shape), (identity,)).fetchone()
            if found is None:
                return False
            document = shape.from_json(found[0])
            if any(getattr(document, name) != value for name, value in expected.items()):
                return False
            for name, value in changes.items():
                setattr(document, name, value)
            return self._overwrite(connection, shape, document)

    @staticmethod
    def _overwrite(
        connection: sqlite3.Connection, shape: Shape[D], document: D, condition: str = "", *compared: int
    ) -> bool:
        identity, *values = row(shape, document)
        statement = overwriting(shape) + condition
        return connection.execute(statement, (*values, identity, *compared)).rowcount == 1

    def _get(self, shape: Shape[D], identity: str) -> D | None:
        with self._reading() as connection:
            found = connection.execute(selection(shape), (identity,)).fetchone()
        return shape.from_json(found[0]) if found else None

    def _find(self, shape: Shape[D], part: Query, index: tuple[str, ...]) -> Iterator[D]:
        pages = self._named(shape, part) if "_id" in part.one_of else self._swept(shape, part, index)
        return (shape.from_json(body) for page in pages for body in page)

    def _swept(self, shape: Shape[D], part: Query, index: tuple[str, ...]) -> Iterator[list[bytes]]:
        """Bodies along an index, page by page, each from the last key of the one before.

        No statement stays open between pages: the caller may write, and checkpoints are never held up.
        """
        keys = [name for name in index if name not in {*part.equal, *part.one_of}]
        direction, beyond = (" DESC", "<") if part.descending else ("", ">")
        order = f" ORDER BY {', '.join(quoted(name) + direction for name in keys)}" if keys else ""
        last: tuple[Any, ...] = ()
        left = part.limit
        while left is None or left > 0:
            conditions = Conditions.of(part, after=bool(last))
            if last:
                conditions.add(f"({listed(keys)}) {beyond} ({', '.join('?' * len(keys))})", *last)
            most = min(PAGE_DOCUMENTS, PAGE_DOCUMENTS if left is None else left)
            statement = (
                f"SELECT {', '.join(['CAST(body AS BLOB)', *map(quoted, keys)])} FROM {source(shape, index)}"
                f"{conditions.text}{order} LIMIT {most}"
            )
            rows, exhausted = self._page(statement, conditions.values, most)
            if rows:
                yield [found[0] for found in rows]
                last = rows[-1][1:]
            if exhausted or not keys:
                return
            left = None if left is None else left - len(rows)

    def _named(self, shape: Shape[D], part: Query) -> Iterator[list[bytes]]:
        """Bodies of named documents, in the order of the names."""
        names = list(part.one_of["_id"])
        conditions = Conditions.of(changed(part, one_of={}))
        statement = (
            f"SELECT CAST(body AS BLOB), _place FROM (SELECT key AS _place, value AS _name FROM json_each(?)) "
            f"CROSS JOIN {quoted(shape.collection.name)} ON _id = _name{conditions.text} LIMIT ?"
        )
        left = len(names) if part.limit is None else part.limit
        while left > 0:
            rows, exhausted = self._page(statement, (json.dumps(names), *conditions.values, left), left)
            if rows:
                yield [found[0] for found in rows]
            if exhausted:
                return
            names = names[rows[-1][1] + 1 :]
            left -= len(rows)

    def _page(self, statement: str, values: Sequence[Any], most: int) -> tuple[list[tuple[Any, ...]], bool]:
        """Rows until they are `most` or weigh PAGE_BYTES, and whether there are no more."""
        rows: list[tuple[Any, ...]] = []
        size = 0
        with self._reading() as connection, closing(connection.execute(statement, values)) as cursor:
            for found in cursor:
                rows.append(found)
                size += len(found[0])
                if size >= PAGE_BYTES:
                    return rows, False
        return rows, len(rows) < most

    def _count(self, shape: Shape[D], part: Query, index: tuple[str, ...]) -> int:
        conditions = Conditions.of(part)
        statement = f"SELECT count(*) FROM {source(shape, index)}{conditions.text}"
        with self._reading() as connection:
            return int(connection.execute(statement, conditions.values).fetchone()[0])

    def _delete(self, shape: Shape[D], part: Query, index: tuple[str, ...]) -> int:
        conditions = Conditions.of(part)
        some = f"SELECT rowid FROM {source(shape, index)}{conditions.text} LIMIT {BATCH}"
        statement = f"DELETE FROM {quoted(shape.collection.name)} WHERE rowid IN ({some})"
        deleted = 0
        while True:
            with self._writing() as connection:
                now = connection.execute(statement, conditions.values).rowcount
            deleted += now
            if now < BATCH:
                return deleted

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the write lock from its start: it never fails for what others wrote meanwhile."""
        with self._connected("write to") as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                # A full disk ends the transaction by itself.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _reading(self) -> AbstractContextManager[sqlite3.Connection]:
        return self._connected("read")

    @contextmanager
    def _connected(self, doing: str) -> Iterator[sqlite3.Connection]:
        with self._speaking(doing):
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._connect()
            try:
                yield connection
            finally:
                if self._closed:
                    connection.close()
                else:
                    self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        if self._closed:
            raise StoreUnavailable(f"The store {self.name} was closed by this process.")
        # mode=rw: a file that was removed must be an error, not a new and empty store.
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?mode=rw", uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            # NORMAL survives kill -9, but a power cut takes the last commits. At 5,000 plays a commit FULL costs no
            # time to speak of: both insert 175,000 to 208,000 documents/s.
            connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _settle_file(self) -> None:
        """Make the file if need be, and let readers and a writer work at once (WAL) from then on."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A listening history is private; SQLite gives its -wal and -shm files the same mode.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        patient_until = time.monotonic() + PATIENCE
        while True:
            with closing(self._connect()) as connection:
                try:
                    connection.execute("PRAGMA page_size = 8192")
                    connection.execute("PRAGMA journal_mode = WAL")
                except sqlite3.OperationalError as error:
                    # The one switch SQLite does not wait for when several processes start at once.
                    if code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > patient_until:
                        raise
                else:
                    return
            time.sleep(0.05)

    @contextmanager
    def _speaking(self, doing: str) -> Iterator[None]:
        """Say in words what SQLite or the disk answered."""
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise StoreError(
                f"Nothing of this batch was written: another document holds the same value ({error})."
            ) from error
        except (sqlite3.Error, OSError) as error:
            match code(error):
                case sqlite3.SQLITE_FULL:
                    raise StoreFull(
                        f"No room left for the store {self.path}: nothing of this batch was written. Make room."
                    ) from error
                case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                    reason = f"another process has been writing for more than {PATIENCE:.0f} s; try again"
                case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
                    reason = f"the file is damaged or no SQLite database ({error}); put back a backup of it"
                case _:
                    reason = f"{error}; are the file and its folder there, writable, and on a disk with room?"
            raise StoreUnavailable(f"Cannot {doing} the store {self.path}: {reason}") from error
