"""The store: where documents live, in SQLite or MongoDB, and the leases of those who write."""

from collections.abc import Iterable
from pathlib import Path

from stats_core.errors import StoreUnavailable
from stats_core.store import collections
from stats_core.store.adapter import Adapter, without_password
from stats_core.store.port import Collection, Store, Stored

FORMS = "sqlite:///path/to/file, mongodb://host/database or mongodb+srv://host/database"


def open_store(uri: str, declared: Iterable[Collection[Stored]] = collections.ALL) -> Store:
    """The store of a URI, brought to this version's layout. Raise a StoreError that says what to do.

    `sqlite:///stats.db` is relative to the current folder, `sqlite:////var/stats.db` absolute.
    """
    adapter = _adapter(uri)
    try:
        adapter.prepare(declared)
    except BaseException:
        adapter.close()
        raise
    return adapter


def _adapter(uri: str) -> Adapter:
    # Each adapter is imported only where it is used: pymongo alone costs a process 15 MB.
    if uri.startswith("sqlite:///") and (path := uri.removeprefix("sqlite:///")):
        from stats_core.store.sqlite import SqliteStore  # noqa: PLC0415

        return SqliteStore(Path(path))
    if uri.startswith(("mongodb://", "mongodb+srv://")):
        from stats_core.store.mongodb import MongodbStore  # noqa: PLC0415

        return MongodbStore(uri)
    raise StoreUnavailable(f"{without_password(uri)!r} names no store. Set STATS_DATABASE_URI to {FORMS}.")
