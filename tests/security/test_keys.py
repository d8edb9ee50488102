"""Keys in the store: what is kept of them, who sees them, what becomes of them when a listener goes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from stats_core.clock import utc_now
from stats_core.documents.keys import AccessKey
from stats_core.documents.listeners import Listener
from stats_core.documents.words import Scope
from stats_core.errors import BeyondRights, InvalidParameter, UnknownKey, UnknownListener
from stats_core.listeners import erase_listener
from stats_core.security.access import ADMIN, Access, Limits, access_of_key
from stats_core.security.keys import (
    NOTED_AFTER,
    key_digest,
    made_key,
    may_be_key,
    note_uses,
    own_key,
    own_keys,
    revoke,
    short_id,
)
from stats_core.security.links import made_link
from stats_core.settings import Settings
from stats_core.store import collections
from stats_core.store.port import Collection, Query, Store
from stats_core.store.revisions import revisions
from tests.security.conftest import Made

SOON = datetime(2100, 1, 1, tzinfo=UTC)


def stored(store: Store) -> dict[str, AccessKey]:
    return {document.id: document for document in store.find(collections.access_keys)}


def test_only_a_digest_is_kept(people: Store) -> None:
    key, document = made_key(people, name="phone", scopes=["write", "read"], listeners=["bob", "ada"])
    assert may_be_key(key.encode())
    assert document.id == key_digest(key.encode())
    assert stored(people) == {document.id: document}
    assert key not in repr(document)
    assert document.scopes == ["read", "write"]
    assert document.listeners == ["ada", "bob"]
    assert access_of_key(document) == Access(document.id, frozenset({"read", "write"}), frozenset({"ada", "bob"}))


def test_whatever_changes_what_keys_open_is_told(people: Store, made: Made, tmp_path: Path) -> None:
    document = made("ada")
    assert revisions(people)["keys"] == 1
    revoke(people, document)
    assert revisions(people)["keys"] == 2
    note_uses(people, [made("ada").id])
    assert revisions(people)["keys"] == 3
    erase_listener(people, Settings(_env_file=None, data_dir=tmp_path), "ada")
    assert revisions(people)["keys"] > 3


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [
        ({"scopes": []}, "scopes"),
        ({"listeners": []}, "listeners"),
        ({"scopes": ["admin"]}, "listeners"),
        ({"scopes": ["metrics"]}, "listeners"),
        ({"scopes": ["metrics"], "listeners": None}, "listeners"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "\x1b[31mred"}, "name"),
        ({"expires_at": datetime(2024, 1, 1, tzinfo=UTC)}, "expires_at"),
        ({"expires_at": datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=5)))}, "expires_at"),
    ],
)
def test_what_no_key_can_be_is_not_made(people: Store, wrong: dict[str, Any], parameter: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        made_key(people, **{"name": "x", "scopes": ["read"], "listeners": ["ada"], **wrong})
    assert caught.value.parameter == parameter
    assert not stored(people)


@pytest.mark.parametrize("user", ["nobody", "NO-NAME", "a|b", "\x00"])
def test_a_key_is_made_for_listeners_only(people: Store, user: str) -> None:
    with pytest.raises(UnknownListener):
        made_key(people, name="x", scopes=["read"], listeners=["ada", user])
    assert not stored(people)


def test_a_key_makes_none_that_outlives_it(people: Store, made: Made) -> None:
    maker = access_of_key(made("ada", expires_at=SOON))
    _, made_with_it = made_key(people, name="x", scopes=["read"], listeners=["ada"], by=maker)
    assert made_with_it.expires_at == SOON
    assert made_with_it.made_by == maker.key
    with pytest.raises(BeyondRights):
        made_key(people, name="x", scopes=["read"], listeners=["ada"], expires_at=SOON + timedelta(1), by=maker)


def test_who_may_see_a_key(people: Store, made: Made) -> None:
    mine, other = made("ada"), made("ada")
    access = access_of_key(mine)
    _, child = made_key(people, name="x", scopes=["read"], listeners=["ada"], by=access)
    _, grandchild = made_key(people, name="x", scopes=["read"], listeners=["ada"], by=access_of_key(child))
    assert {each.id for each in own_keys(people, access)} == {mine.id, child.id}
    assert {each.id for each in own_keys(people, ADMIN)} == {mine.id, other.id, child.id, grandchild.id}
    for document in (mine, other, child, grandchild):
        assert own_key(people, ADMIN, short_id(document.id)) == document
    for document in (other, grandchild):
        with pytest.raises(UnknownKey):
            own_key(people, access, short_id(document.id))
    for wrong in ("", "0", mine.id, "g" * 16, short_id(mine.id).upper() + "~", "0" * 16):
        with pytest.raises(UnknownKey):
            own_key(people, ADMIN, wrong)


def test_a_link_sees_no_key_not_even_itself(people: Store, made: Made) -> None:
    _, link = made_link(
        people, "ada", name="x", statistics=["summary"], start=None, end=None, expires_at=None,
        by=access_of_key(made("ada")),
    )  # fmt: skip
    access = access_of_key(link)
    assert not list(own_keys(people, access))
    with pytest.raises(UnknownKey):
        own_key(people, access, short_id(link.id))


def test_a_link_is_of_one_listener_within_its_period(people: Store, made: Made) -> None:
    start, end = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    key, document = made_link(
        people, "ada", name="x", statistics=["clock", "summary", "clock"], start=start, end=end, expires_at=SOON,
        by=access_of_key(made("ada", "bob")),
    )  # fmt: skip
    assert key.startswith("link_")
    assert may_be_key(key.encode())
    access = access_of_key(document)
    assert access.statistics == frozenset({"summary", "clock"})
    assert access.listeners == frozenset({"ada"})
    assert access.limits == Limits(round(start.timestamp() * 1000), round(end.timestamp() * 1000))
    assert stored(people)[document.id] == document


@pytest.mark.parametrize("scopes", [("write",), ("metrics", "write")])
def test_who_does_not_read_makes_no_link(people: Store, made: Made, scopes: tuple[Scope, ...]) -> None:
    for by in (made("ada", scopes=scopes), made("bob")):
        with pytest.raises(BeyondRights):
            made_link(
                people, "ada", name="x", statistics=["summary"], start=None, end=None, expires_at=None,
                by=access_of_key(by),
            )  # fmt: skip


def test_the_last_use_is_written_once_a_minute(people: Store, made: Made) -> None:
    document = made("ada")
    began = utc_now()
    note_uses(people, [document.id, "no key"])
    used = stored(people)[document.id].last_used_at
    assert used is not None
    assert used >= began
    note_uses(people, [document.id])
    assert stored(people)[document.id].last_used_at == used
    people.update(collections.access_keys, document.id, {"last_used_at": used - NOTED_AFTER})
    note_uses(people, [document.id])
    assert (stored(people)[document.id].last_used_at or began) >= used


def test_a_use_brings_no_revoked_key_back(people: Store, made: Made) -> None:
    document = made("ada")

    class Late:
        """Finds a key that is revoked before its use is written."""

        def find(self, collection: Collection[Any], query: Query) -> Iterator[Any]:
            found = list(people.find(collection, query))
            revoke(people, document)
            return iter(found)

        def update(self, *changes: Any) -> bool:
            return people.update(*changes)

    note_uses(Late(), [document.id])  # type: ignore[arg-type]
    assert not stored(people)


def test_erasing_closes_a_listener_to_every_key(people: Store, made: Made, tmp_path: Path) -> None:
    only, both, others, everybody = made("ada"), made("ada", "bob"), made("bob"), made()
    erase_listener(people, Settings(_env_file=None, data_dir=tmp_path), "ada")
    assert {each.id: each.listeners for each in stored(people).values()} == {
        both.id: ["bob"], others.id: ["bob"], everybody.id: None,
    }  # fmt: skip
    assert only.id not in stored(people)


def test_erasing_two_at_once_leaves_neither_open(people: Store, made: Made, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path)
    keys = [made("ada", "bob", "carl") for _ in range(20)]
    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(erase_listener, people, settings, user) for user in ("ada", "bob")]:
            done.result()
    assert {each.id: each.listeners for each in stored(people).values()} == {key.id: ["carl"] for key in keys}


def test_a_key_made_while_its_listener_is_erased_opens_no_namesake(people: Store) -> None:
    class Erasing:
        """A store in which the listener goes just before a key of theirs is inserted."""

        def __getattr__(self, name: str) -> Any:
            return getattr(people, name)

        def insert(self, collection: Collection[Any], documents: list[Any]) -> list[str]:
            people.delete(collections.listeners, Query(equal={"_id": "ada"}))
            return people.insert(collection, documents)

    with pytest.raises(UnknownListener):
        made_key(Erasing(), name="x", scopes=["read"], listeners=["ada"])  # type: ignore[arg-type]
    people.insert(collections.listeners, [Listener(id="ada", created_at=utc_now())])
    assert not stored(people)
