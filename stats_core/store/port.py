"""The port: what a store can do, the same on SQLite and MongoDB. Small, so that both stay honest.

Every query is indexed: one that is not raises before it reaches a database.
"""

from collections.abc import Collection as Several
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from stats_core.errors import UnindexedQuery

Scalar = str | int | bool | object
"""What a field compares with: str, int, bool or an aware datetime."""


class Stored(Protocol):
    """Any document struct: it has a key."""

    id: str


D = TypeVar("D", bound=Stored)
D_co = TypeVar("D_co", bound=Stored, covariant=True)


@dataclass(frozen=True)
class Index:
    """An index over top-level fields, in this order."""

    fields: tuple[str, ...]
    unique: bool = False


@dataclass(frozen=True)
class Collection(Generic[D_co]):
    """A collection, declared once: its name, its documents' struct, its indexes besides `_id`."""

    name: str
    document: type[D_co]
    indexes: tuple[Index, ...] = ()


@dataclass(frozen=True)
class Range:
    """A half-open range `[low, high)` of one field; None: no bound."""

    field: str
    low: Scalar | None = None
    high: Scalar | None = None


@dataclass(frozen=True)
class Query:
    """Which documents, in which order. Equal fields, then at most one of `one_of`, then at most one range or order.

    `order` names `_id` or an index field; ties come in the order of `_id`, in the same direction. Without an order,
    documents come in any order. A field that is None equals None, sorts first and lies in no range.
    """

    equal: Mapping[str, Scalar] = field(default_factory=dict)
    one_of: Mapping[str, Several[Scalar]] = field(default_factory=dict)
    range: Range | None = None
    order: str | None = None
    descending: bool = False
    limit: int | None = None


EVERYTHING = Query()
"""The whole collection, in any order."""


def check_indexed(collection: Collection[Stored], query: Query) -> tuple[str, ...]:
    """The fields of the index that serves the whole query, in its order; raise UnindexedQuery if none does.

    Every index but a unique one ends in `_id`, so the answered fields together are unique. The compared fields must be
    its leading ones, range and order the field after them, and nothing but `_id` may follow an order.
    """
    if query.limit is not None and query.limit < 0:
        raise ValueError(f"{collection.name}: a limit is not negative: {query.limit}")
    fixed = {*query.equal, *query.one_of}
    sweep = {part for part in (query.range and query.range.field, query.order) if part}
    if len(query.one_of) < 2 and len(sweep) < 2 and len(fixed) == len(query.equal) + len(query.one_of):
        for fields in (("_id",), *map(ordered_fields, collection.indexes)):
            leading, following = fields[: len(fixed)], fields[len(fixed) :]
            ranged = query.range is None or following[:1] == (query.range.field,)
            if set(leading) == fixed and ranged and _in_order(query, following):
                return fields
    raise UnindexedQuery(
        f"No index of {collection.name} serves equal {list(query.equal)}, one of {list(query.one_of)}, "
        f"range {query.range and query.range.field}, order {query.order}."
    )


def _in_order(query: Query, following: tuple[str, ...]) -> bool:
    """Whether documents come in the asked order where these fields of an index follow the compared ones."""
    if query.order is None:
        return True
    if query.order in query.one_of:  # value after value, and within one only ties are left
        return following in {(), ("_id",)}
    return not query.one_of and following[:1] == (query.order,) and following[1:] in {(), ("_id",)}


def ordered_fields(index: Index) -> tuple[str, ...]:
    """The fields an index really holds: `_id` ends every one that is not unique, so that ties are in order too."""
    return index.fields if index.unique else (*index.fields, "_id")


class Store(Protocol):
    """Where documents live. Safe to share between threads; one instance a process.

    Every call raises StoreUnavailable when the store cannot be reached or is locked for too long, StoreFull when it has
    no room, each with a text for a person.
    """

    def insert(self, collection: Collection[D], documents: Iterable[D]) -> list[str]:
        """Insert new documents, in batches; answer the ids that were there already, which stay untouched.

        A document that violates another unique index counts as already there too.
        """
        ...

    def put(self, collection: Collection[D], documents: Iterable[D]) -> None:
        """Write whole documents, in batches, replacing those of the same id."""
        ...

    def replace(self, collection: Collection[D], document: D, revision: int) -> bool:
        """Compare and set: write `document` only if the stored one has this `revision`; say whether it was written."""
        ...

    def update(self, collection: Collection[D], identity: str, fields: Mapping[str, object]) -> bool:
        """Set some fields of one document (built-in values or structs); say whether it was there."""
        ...

    def get(self, collection: Collection[D], identity: str) -> D | None:
        """The document of that id."""
        ...

    def find(self, collection: Collection[D], query: Query = EVERYTHING) -> Iterator[D]:
        """Documents one after the other, never all in memory. Writing while iterating is allowed.

        Without any field the whole collection is read, in any order.
        """
        ...

    def count(self, collection: Collection[D], query: Query = EVERYTHING) -> int:
        """How many documents match (`limit` and `order` are ignored)."""
        ...

    def delete(self, collection: Collection[D], query: Query) -> int:
        """Delete what matches, in batches; answer how many. A query with a limit raises ValueError.

        A `revision` among `equal` beside `_id` makes it compare and delete, and needs no index.
        """
        ...

    def drop(self, collection: Collection[D]) -> None:
        """Empty a collection (derived ones, to be rebuilt)."""
        ...

    def check(self) -> None:
        """Answer quickly whether the store answers with the right layout: raises StoreError."""
        ...

    def close(self) -> None:
        """End all connections of this process."""
        ...
