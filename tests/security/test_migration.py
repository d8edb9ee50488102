"""Keys of the first layout open what they opened, however often and with whomever the store is migrated."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from stats_core.documents.document import Document
from stats_core.documents.keys import AccessKey
from stats_core.documents.upkeep import Layout
from stats_core.security.keys import key_digest, revoke
from stats_core.store import collections, migrations, open_store
from stats_core.store.adapter import Adapter
from stats_core.store.port import EVERYTHING, Collection, Index, Query, Store

MADE = datetime(2024, 7, 1, 18, tzinfo=UTC)


class OldKey(Document, kw_only=True, omit_defaults=True):
    """A key as the first layout had it."""

    name: str
    created_at: datetime
    user: str | None = None


OLD = Collection("access_keys", OldKey, (Index(("user",)),))


def digest(user: str) -> str:
    return key_digest(f"the key of {user}".encode())


def migrated(user: str) -> AccessKey:
    return AccessKey(
        id=digest(user), name="phone", created_at=MADE, revision=1, scopes=["read", "write"], listeners=[user]
    )


@pytest.fixture
def old(store_uri: str) -> Iterator[Store]:
    """A store of the first layout with two keys."""
    store = open_store(store_uri, [OLD])
    store.put(collections.layout, [Layout(id="layout", version=1)])
    store.insert(OLD, [OldKey(id=digest(user), name="phone", created_at=MADE, user=user) for user in ("ada", "bob")])
    yield store
    store.close()


def test_a_key_of_one_listener_reads_and_changes_what_is_theirs(old: Store, store_uri: str) -> None:
    for _ in range(2):
        new = open_store(store_uri)
        for user in ("ada", "bob"):
            assert new.get(collections.access_keys, digest(user)) == migrated(user)
        new.check()
        assert list(new.find(collections.access_keys, Query(equal={"made_by": "x"}))) == []
        new.close()


def test_a_migration_that_was_stopped_is_finished(old: Store, store_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    really = Adapter.replace

    def stopping(self: Adapter, collection: Collection[Any], document: Any, revision: int) -> bool:
        written = really(self, collection, document, revision)
        if collection.name == "access_keys":
            raise KeyboardInterrupt
        return written

    with monkeypatch.context() as patch:
        patch.setattr(Adapter, "replace", stopping)
        with pytest.raises(KeyboardInterrupt):
            open_store(store_uri)
    new = open_store(store_uri)
    assert {each.id: each for each in new.find(collections.access_keys)} == {
        digest(user): migrated(user) for user in ("ada", "bob")
    }
    new.close()


def test_a_key_revoked_by_a_faster_process_stays_revoked(old: Store, store_uri: str) -> None:
    class Slow:
        """Reads, and finds that meanwhile another process has migrated all and revoked a key."""

        def find(self, collection: Collection[Any], query: Query = EVERYTHING) -> Iterator[Any]:
            found = list(old.find(collection, query))
            new = open_store(store_uri)
            revoke(new, migrated("ada"))
            new.close()
            return iter(found)

        def replace(self, collection: Collection[Any], document: Any, revision: int) -> bool:
            return old.replace(collection, document, revision)

    migrations.keys_get_scopes(Slow())  # type: ignore[arg-type]
    new = open_store(store_uri)
    assert list(new.find(collections.access_keys)) == [migrated("bob")]
    new.close()
