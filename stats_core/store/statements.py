"""The words of SQL: how names, values and conditions are written for SQLite."""
# ruff: noqa: S608 - statements are built from declared names only; every value is a parameter

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from stats_core.store.port import D, Query, ordered_fields
from stats_core.store.shapes import Shape

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_NONE = float("-inf")
"""None in a column: sorts before every number and text, as null does in MongoDB, and unlike NULL it compares."""

_encode = msgspec.json.Encoder().encode


@dataclass
class Conditions:
    """A WHERE clause as it grows, and the values of its parameters."""

    parts: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    @classmethod
    def of(cls, part: Query, *, after: bool = False) -> "Conditions":
        """The conditions of a query; `after` a page the bound it started from is left out, for the last key says more.

        With both, SQLite may seek to the weaker one and step over everything that was read before.
        """
        made = cls()
        for name, value in part.equal.items():
            made.add(f"{quoted(name)} = ?", column(value))
        for name, values in part.one_of.items():
            if len(values) == 1:
                made.add(f"{quoted(name)} = ?", *map(column, values))
            else:
                made.add(f"{quoted(name)} IN (SELECT value FROM json_each(?))", json.dumps(list(map(column, values))))
        if part.range:
            name, low, high = quoted(part.range.field), part.range.low, part.range.high
            bounded = low is not None or high is not None
            if bounded and (part.descending or not after):
                made.add(f"{name} > ?" if low is None else f"{name} >= ?", column(low))
            if high is not None and not (part.descending and after):
                made.add(f"{name} < ?", column(high))
        return made

    def add(self, part: str, *values: Any) -> None:
        self.parts.append(part)
        self.values += values

    @property
    def text(self) -> str:
        return f" WHERE {' AND '.join(self.parts)}" if self.parts else ""


def row(shape: Shape[D], document: D) -> tuple[Any, ...]:
    """A document as its row: `_id`, the compared fields, the body."""
    return (document.id, *(column(getattr(document, name)) for name in shape.beside), _encode(document))


def column(value: object) -> str | int | float:
    """A compared value as SQLite keeps it: instants in ms since 1970."""
    match value:
        case str() | int():
            return value
        case datetime():
            return (value - _EPOCH) // _MILLISECOND
        case None:
            return _NONE
    raise TypeError(f"A stored field is compared with text, whole numbers, truth or aware instants, not with {value!r}")


def insertion(shape: Shape[D]) -> str:
    """Insert a row. The body goes in as bytes and lies there as text, without a Python string on the way."""
    names = listed(["_id", *shape.beside, "body"])
    values = "?, " * (len(shape.beside) + 1)
    return f"INSERT INTO {quoted(shape.collection.name)} ({names}) VALUES ({values}CAST(? AS TEXT))"


def selection(shape: Shape[D]) -> str:
    """The body of an `_id`."""
    return f"SELECT CAST(body AS BLOB) FROM {quoted(shape.collection.name)} WHERE _id = ?"


def overwriting(shape: Shape[D]) -> str:
    """Overwrite the row of an `_id`; more conditions may follow."""
    columns = "".join(f"{quoted(name)} = ?, " for name in shape.beside)
    return f"UPDATE {quoted(shape.collection.name)} SET {columns}body = CAST(? AS TEXT) WHERE _id = ?"


def table_of(shape: Shape[D]) -> str:
    """Make a collection's table where it is missing."""
    columns = "".join(f", {quoted(name)}" for name in shape.beside)
    table = quoted(shape.collection.name)
    return f"CREATE TABLE IF NOT EXISTS {table} (_id TEXT PRIMARY KEY NOT NULL{columns}, body TEXT NOT NULL)"


def indexes_of(shape: Shape[D]) -> Iterator[str]:
    """Make a collection's indexes where they are missing."""
    table = quoted(shape.collection.name)
    for index in shape.collection.indexes:
        fields = ordered_fields(index)
        unique = "UNIQUE " if index.unique else ""
        yield f"CREATE {unique}INDEX IF NOT EXISTS {_index(shape, fields)} ON {table} ({listed(fields)})"


def source(shape: Shape[D], index: tuple[str, ...]) -> str:
    """A table read along one index and no other: the planner must not choose to sort instead."""
    return f"{quoted(shape.collection.name)} INDEXED BY {_index(shape, index)}"


def _index(shape: Shape[D], fields: tuple[str, ...]) -> str:
    name = shape.collection.name
    return quoted(f"sqlite_autoindex_{name}_1" if fields == ("_id",) else "__".join((name, *fields)))


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def listed(names: Iterable[str]) -> str:
    return ", ".join(map(quoted, names))


def code(error: Exception) -> int | None:
    """SQLite's primary result code, if it gave one."""
    extended = getattr(error, "sqlite_errorcode", None) if isinstance(error, sqlite3.Error) else None
    return None if extended is None else extended & 0xFF
