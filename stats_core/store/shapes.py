"""How a collection's documents become what a store keeps, and come back: the same for every store."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, cast

import msgspec

from stats_core.errors import StoreError
from stats_core.store.port import Collection, D, Stored

KEPT_AS_THEY_ARE = (datetime, bytes)
"""Types a store takes without turning them into text."""


class Shape(Generic[D]):
    """A collection's document struct, seen by a store.

    `beside` are the fields a store must be able to compare: those of the indexes, and `revision` for compare-and-set.
    Unlike other fields they are stored even when they hold their default.
    """

    def __init__(self, collection: Collection[D]) -> None:
        self.collection = collection
        self.document = collection.document
        fields = msgspec.structs.fields(cast("type[msgspec.Struct]", self.document))
        self.types = {part.name: part.type for part in fields if part.name != "id"}
        self._fields = {part.name: part for part in fields}
        indexed = dict.fromkeys(name for index in collection.indexes for name in index.fields if name != "_id")
        unknown = [name for name in indexed if name not in self.types]
        if unknown:
            raise ValueError(f"{collection.name}: no such fields to index: {', '.join(unknown)}")
        self.beside = tuple(indexed | dict.fromkeys({"revision"} & self.types.keys()))
        self.decoder = msgspec.json.Decoder(self.document)

    def default(self, name: str) -> Any:
        """What a document has that was stored without this field, as a store takes it; NODEFAULT if it must have it."""
        part = self._fields[name]
        if part.default_factory is not msgspec.NODEFAULT:
            return built_in(part.default_factory())
        return part.default if part.default is msgspec.NODEFAULT else built_in(part.default)

    def changes(self, fields: Mapping[str, object]) -> dict[str, Any]:
        """The fields of an update as the struct would hold them; raise ValueError where it would not."""
        changes = {}
        for name, value in fields.items():
            if name not in self.types:
                raise ValueError(f"{self.collection.name}: a document has no field {name!r} that can be set")
            try:
                changes[name] = msgspec.convert(built_in(value), self.types[name])
            except msgspec.ValidationError as error:
                raise ValueError(f"{self.collection.name}: {name!r} cannot be set: {error}") from error
        return changes

    def from_json(self, body: bytes | str) -> D:
        """The document of a JSON body."""
        try:
            return self.decoder.decode(body)
        except msgspec.DecodeError as error:
            raise self._unreadable(error) from error

    def from_built_in(self, body: Mapping[str, Any]) -> D:
        """The document of a mapping of built-in values."""
        try:
            return msgspec.convert(body, self.document)
        except msgspec.ValidationError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: msgspec.DecodeError) -> StoreError:
        return StoreError(
            f"A document in `{self.collection.name}` is not what this version writes ({error}). "
            "Was the store changed by other means? Restore it from a backup, or run the version that wrote it."
        )


def built_in(value: object) -> Any:
    """A value without structs: what MongoDB takes and what msgspec converts."""
    return msgspec.to_builtins(value, builtin_types=KEPT_AS_THEY_ARE, str_keys=True)


@lru_cache(maxsize=256)
def _shape(collection: Collection[Stored]) -> Shape[Stored]:
    return Shape(collection)


def shape_of(collection: Collection[D]) -> Shape[D]:
    """The shape of a collection, worked out once."""
    return cast("Shape[D]", _shape(collection))
