"""The store in MongoDB: ordinary documents in ordinary collections, readable with MongoDB's own tools."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC
from typing import Any, TypeAlias

import msgspec
from bson import CodecOptions
from bson.errors import BSONError
from pymongo import ASCENDING, DESCENDING, DeleteMany, IndexModel, MongoClient, ReplaceOne
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)

from stats_core.errors import StoreError, StoreFull, StoreUnavailable
from stats_core.store.adapter import BATCH, Adapter, batches, without_password
from stats_core.store.port import Collection, D, Query, ordered_fields
from stats_core.store.shapes import Shape, built_in

REACHED_WITHIN = 5_000
ANSWERED_WITHIN = 30_000
"""Milliseconds."""
PAGE = 1_001
"""Documents a round trip: one more than a part names ids, so that its answer is whole at once."""
DUPLICATE_KEY = 11000
NO_ROOM = {14031, 12501}
"""OutOfDiskSpace, and a quota that was exceeded."""
NOT_ALLOWED = {13, 18, 8000}
TOO_LARGE = {10334, 17280}

_Body: TypeAlias = dict[str, Any]


class MongodbStore(Adapter):
    """The store in a MongoDB database. One client serves every thread of the process."""

    values_at_once = 1_000

    def __init__(self, uri: str) -> None:
        super().__init__(without_password(uri))
        try:
            with self._speaking():
                # Retryable writes are the driver's default, and it leaves them out where a server has none. `journal`:
                # some servers acknowledge a majority of one before it is on disk, and lose it on kill -9.
                self._client: MongoClient[_Body] = MongoClient(
                    uri,
                    appname="spotify-stats",
                    w="majority",
                    journal=True,
                    serverSelectionTimeoutMS=REACHED_WITHIN,
                    connectTimeoutMS=REACHED_WITHIN,
                    socketTimeoutMS=ANSWERED_WITHIN,
                )
        except (InvalidURI, ValueError, TypeError):
            # Not told why: the driver may quote what it could not read, and that may be the password.
            raise StoreUnavailable(
                f"{self.name} is no address of a MongoDB. Set STATS_DATABASE_URI to mongodb://host/database or "
                "mongodb://user:password@host/database, with special characters in the password percent-encoded."
            ) from None
        try:
            self._database = self._client.get_default_database(
                codec_options=CodecOptions(document_class=dict[str, Any], tz_aware=True, tzinfo=UTC)
            )
        except ConfigurationError:
            self._client.close()
            raise StoreUnavailable(
                f"{self.name} names no database. Set STATS_DATABASE_URI to mongodb://host/database."
            ) from None

    def close(self) -> None:
        self._client.close()

    def drop(self, collection: Collection[D]) -> None:
        # Not dropped: that would take the indexes along, and cut off whoever is reading.
        with self._speaking():
            self._database[collection.name].delete_many({})

    def _create(self, shape: Shape[D]) -> None:
        found = self._database[shape.collection.name]
        models = [
            IndexModel([(name, ASCENDING) for name in ordered_fields(index)], unique=index.unique)
            for index in shape.collection.indexes
        ]
        with self._speaking():
            there = found.index_information() if models else {}
            missing = [model for model in models if model.document["name"] not in there]
            if not missing:
                return
            # An index may be new to a collection with documents, whose fields at their default were left out.
            for name in shape.beside:
                if (default := shape.default(name)) is not msgspec.NODEFAULT:
                    found.update_many({name: {"$exists": False}}, {"$set": {name: default}})
            found.create_indexes(missing)

    def _insert(self, shape: Shape[D], batch: Sequence[D]) -> list[str]:
        bodies = [body(shape, document) for document in batch]
        with self._speaking():
            try:
                self._database[shape.collection.name].insert_many(bodies, ordered=False)
            except BulkWriteError as error:
                failures = error.details["writeErrors"]
                if error.details["writeConcernErrors"] or any(one["code"] != DUPLICATE_KEY for one in failures):
                    raise
                return [batch[one["index"]].id for one in failures]
        return []

    def _put(self, shape: Shape[D], batch: Sequence[D]) -> None:
        writes = [ReplaceOne({"_id": document.id}, body(shape, document), upsert=True) for document in batch]
        with self._speaking():
            # Ordered, so that of two documents with one id the later stays.
            self._database[shape.collection.name].bulk_write(writes, ordered=True)

    def _replace(self, shape: Shape[D], document: D, revision: int) -> bool:
        written = body(shape, document)
        with self._speaking():
            result = self._database[shape.collection.name].replace_one(
                {"_id": document.id, "revision": revision}, written
            )
            return result.matched_count == 1

    def _update(self, shape: Shape[D], identity: str, changes: dict[str, Any], expected: Mapping[str, object]) -> bool:
        if not changes:
            return self._get(shape, identity) is not None
        with self._speaking():
            result = self._database[shape.collection.name].update_one(
                {**expected, "_id": identity}, {"$set": built_in(changes)}
            )
            return result.matched_count == 1

    def _get(self, shape: Shape[D], identity: str) -> D | None:
        with self._speaking():
            found = self._database[shape.collection.name].find_one({"_id": identity})
        return None if found is None else shape.from_built_in(found)

    def _find(self, shape: Shape[D], part: Query, index: tuple[str, ...]) -> Iterator[D]:
        direction = DESCENDING if part.descending else ASCENDING
        order = [(name, direction) for name in index if name not in part.equal] if part.order else None
        with self._speaking():
            cursor = self._database[shape.collection.name].find(
                condition(part), sort=order, limit=part.limit or 0, batch_size=PAGE
            )
        with closing(cursor):
            while True:
                # One at a time, so that an error of whoever reads them is never taken for the store's.
                with self._speaking():
                    found = next(cursor, None)
                if found is None:
                    return
                yield shape.from_built_in(found)

    def _count(self, shape: Shape[D], part: Query, index: tuple[str, ...]) -> int:
        with self._speaking():
            return self._database[shape.collection.name].count_documents(condition(part))

    def _delete(self, shape: Shape[D], part: Query, index: tuple[str, ...]) -> int:
        found = self._database[shape.collection.name]
        if "_id" in part.equal or "_id" in part.one_of:
            with self._speaking():
                return found.delete_many(condition(part)).deleted_count
        deleted = 0
        while True:
            with self._speaking():
                some = [one["_id"] for one in found.find(condition(part), {"_id": True}, limit=BATCH, batch_size=BATCH)]
                # The condition again: what was changed meanwhile may no longer match. A few ids at a time, for the
                # server the tests run on takes the square of their number (13 s for 3,000, against 0.8 s).
                writes = [DeleteMany({**condition(part), "_id": {"$in": ids}}) for ids in batches(some, 100)]
                deleted += found.bulk_write(writes, ordered=False).deleted_count if writes else 0
            if len(some) < BATCH:
                return deleted

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Say in words what the driver or the server answered."""
        try:
            yield
        except InvalidURI:
            raise
        except BulkWriteError as error:
            first = [*error.details["writeErrors"], *error.details["writeConcernErrors"]][0]
            raise self._refused(first.get("code"), first.get("errmsg", "")) from error
        except OperationFailure as error:
            raise self._refused(error.code, (error.details or {}).get("errmsg", str(error))) from error
        except PyMongoError as error:
            # The driver goes on about its whole topology after the first reason.
            reason = str(error).partition(" (configured")[0].partition(", Timeout:")[0]
            raise StoreUnavailable(
                f"Cannot reach the store {self.name}: {reason}. Is MongoDB running there, and does the address fit?"
            ) from error
        except BSONError as error:
            raise StoreError(f"MongoDB cannot hold this document: {error}") from error

    def _refused(self, code: int | None, message: str) -> StoreError:
        if code == DUPLICATE_KEY:
            return StoreError(f"Another document holds that value: {message}")
        if code in TOO_LARGE:
            return StoreError(f"MongoDB cannot hold this document: {message}")
        if code in NO_ROOM:
            return StoreFull(f"No room left for the store {self.name}: {message}. Make room.")
        if code in NOT_ALLOWED:
            return StoreUnavailable(f"The store {self.name} refuses this user: {message}. Check STATS_DATABASE_URI.")
        return StoreUnavailable(f"The store {self.name} failed: {message} (code {code}). Look into MongoDB's log.")


def body(shape: Shape[D], document: D) -> _Body:
    """A document as MongoDB takes it. Compared fields are written even at their default, or no query would find it."""
    made: _Body = built_in(document)
    for name in shape.beside:
        if name not in made:
            made[name] = built_in(getattr(document, name))
    return made


def condition(part: Query) -> _Body:
    """The filter of a query."""
    made: _Body = dict(part.equal)
    for name, values in part.one_of.items():
        made[name] = {"$in": list(values)}
    if part.range:
        low, high = part.range.low, part.range.high
        bounds = ({} if low is None else {"$gte": low}) | ({} if high is None else {"$lt": high})
        if bounds:
            made[part.range.field] = bounds
    return made
