"""What both stores share: checks before a database is touched, batches, the layout's version."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace as changed
from itertools import islice
from typing import Any, TypeVar

from stats_core.documents.upkeep import Layout
from stats_core.errors import StoreError, StoreTooNew, StoreUnavailable
from stats_core.store import collections
from stats_core.store.port import EVERYTHING, Collection, D, Query, Stored, check_indexed
from stats_core.store.shapes import Shape, shape_of

BATCH = 5_000
"""Documents written at once: well under a second, so no other process waits long."""

_T = TypeVar("_T")


class Adapter(ABC):
    """A store but for its database: subclasses write batches and read parts, and raise nothing but StoreError."""

    values_at_once: int
    """How many values of a `one_of` besides `_id` one part of a query may name."""

    def __init__(self, name: str) -> None:
        self.name = name
        """Where it lies, for a person: without a password."""

    def prepare(self, declared: Iterable[Collection[Stored]]) -> None:
        """Bring the store to this version's layout: collections, indexes, version. Idempotent, in several processes."""
        self._create(shape_of(collections.layout))
        # Looked at before anything else is made: collections of a version we cannot work with are not ours to touch.
        if self._version() is None:
            self.insert(collections.layout, [Layout(id="layout", version=collections.LAYOUT_VERSION)])
        version = self._version()
        while version is not None and version in collections.MIGRATIONS:
            version += 1
        if version is not None:
            self._check_version(version)
        # Before migrations: they may write to collections, and ask by indexes, that are new.
        for collection in declared:
            self._create(shape_of(collection))
        self._migrate()
        self.check()

    def _migrate(self) -> None:
        # Not a loop over a range: two processes may do this at once, each step counts from what is there.
        while (version := self._version()) is not None and version in collections.MIGRATIONS:
            collections.MIGRATIONS[version](self)
            # Compare and set: another process may have been faster, and gone further.
            self._update(shape_of(collections.layout), "layout", {"version": version + 1}, {"version": version})

    def check(self) -> None:
        version = self._version()
        if version is None:
            raise StoreUnavailable(f"The store {self.name} has lost its layout: was it emptied? Start again.")
        self._check_version(version)

    def _check_version(self, version: int) -> None:
        ours = collections.LAYOUT_VERSION
        if version > ours:
            raise StoreTooNew(
                f"The store {self.name} has layout {version}, this version knows {ours}: a newer version of "
                "Spotify Stats has used it. Update this one."
            )
        if version < ours:
            raise StoreError(f"The store {self.name} has layout {version}, and there is no way from there to {ours}.")

    def _version(self) -> int | None:
        found = self.get(collections.layout, "layout")
        return found.version if found else None

    def insert(self, collection: Collection[D], documents: Iterable[D]) -> list[str]:
        shape = shape_of(collection)
        return [there for batch in batches(documents) for there in self._insert(shape, batch)]

    def put(self, collection: Collection[D], documents: Iterable[D]) -> None:
        shape = shape_of(collection)
        for batch in batches(documents):
            self._put(shape, batch)

    def replace(self, collection: Collection[D], document: D, revision: int) -> bool:
        shape = shape_of(collection)
        if "revision" not in shape.beside:
            raise ValueError(f"{collection.name}: documents without a `revision` cannot be compared and set")
        return self._replace(shape, document, revision)

    def update(self, collection: Collection[D], identity: str, fields: Mapping[str, object]) -> bool:
        shape = shape_of(collection)
        return self._update(shape, identity, shape.changes(fields), {})

    def get(self, collection: Collection[D], identity: str) -> D | None:
        return self._get(shape_of(collection), identity)

    def find(self, collection: Collection[D], query: Query = EVERYTHING) -> Iterator[D]:
        index = check_indexed(collection, query)
        # Checked here and not at the first `next`: a wrong query shows where it is written.
        return self._documents(shape_of(collection), query, index)

    def _documents(self, shape: Shape[D], query: Query, index: tuple[str, ...]) -> Iterator[D]:
        left = query.limit
        for part in self._parts(query):
            if left == 0:
                return
            for document in self._find(shape, changed(part, limit=left), index):
                if left is not None:
                    left -= 1
                yield document

    def count(self, collection: Collection[D], query: Query = EVERYTHING) -> int:
        query = changed(query, order=None, limit=None)
        index = check_indexed(collection, query)
        return sum(self._count(shape_of(collection), part, index) for part in self._parts(query))

    def delete(self, collection: Collection[D], query: Query) -> int:
        if query.limit is not None:
            raise ValueError(f"{collection.name}: a delete has no limit: {query}")
        shape = shape_of(collection)
        compared = {"revision"} & query.equal.keys() & set(shape.beside) if "_id" in query.equal else set()
        kept = {name: value for name, value in query.equal.items() if name not in compared}
        index = check_indexed(collection, changed(query, equal=kept, order=None))
        return sum(self._delete(shape, changed(part, order=None), index) for part in self._parts(query))

    def _parts(self, query: Query) -> Iterator[Query]:
        """The query once for every few values of its `one_of`, in order: no statement grows without bound."""
        if not query.one_of:
            yield query
            return
        ((name, values),) = query.one_of.items()
        ordered = sorted(set(values), key=none_first, reverse=query.descending)
        for some in batches(ordered, 1_000 if name == "_id" else self.values_at_once):
            yield changed(query, one_of={name: some})

    @abstractmethod
    def _create(self, shape: Shape[D]) -> None:
        """Make a collection and its indexes where they are missing."""

    @abstractmethod
    def _insert(self, shape: Shape[D], batch: Sequence[D]) -> list[str]: ...

    @abstractmethod
    def _put(self, shape: Shape[D], batch: Sequence[D]) -> None: ...

    @abstractmethod
    def _replace(self, shape: Shape[D], document: D, revision: int) -> bool: ...

    @abstractmethod
    def _update(self, shape: Shape[D], identity: str, changes: dict[str, Any], expected: Mapping[str, object]) -> bool:
        """Set some fields of a document that still holds what is expected, in fields that are always stored."""

    @abstractmethod
    def _get(self, shape: Shape[D], identity: str) -> D | None: ...

    @abstractmethod
    def _find(self, shape: Shape[D], part: Query, index: tuple[str, ...]) -> Iterator[D]: ...

    @abstractmethod
    def _count(self, shape: Shape[D], part: Query, index: tuple[str, ...]) -> int: ...

    @abstractmethod
    def _delete(self, shape: Shape[D], part: Query, index: tuple[str, ...]) -> int: ...

    @abstractmethod
    def drop(self, collection: Collection[D]) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


def batches(items: Iterable[_T], size: int = BATCH) -> Iterator[list[_T]]:
    """Lists of at most `size` items, one after the other."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def none_first(value: Any) -> tuple[bool, Any]:
    """A sort key that puts None before everything, as both stores do."""
    return (value is not None, value)


def without_password(uri: str) -> str:
    """A URI that may be shown: password and options are left out."""
    return re.sub(r"(://[^:/?#]*:).*@", r"\1***@", uri).partition("?")[0]
