"""What is written comes back, on both stores alike."""

from datetime import UTC, datetime, timedelta

import pytest

from stats_core.documents.derived import Columns
from stats_core.documents.listeners import StreamRule
from stats_core.documents.plays import Observation, Play
from stats_core.errors import StoreError
from stats_core.store import collections, open_store
from stats_core.store.port import Collection, Query, Store
from tests.store.things import NOON, Coded, Piece, Thing, coded, thing, things

TRICKY = 'naïve ☕ 東京 🎧 "quoted" \\ \' $where a.b\n\t\x7f\u2028 e\u0301'


def test_every_type_survives(store: Store) -> None:
    made = Thing(
        id=TRICKY,
        user=TRICKY,
        rank=-(2**63),
        at=datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
        label="",
        flag=True,
        revision=2**63 - 1,
        data=bytes(range(256)),
        pieces=[Piece(name=TRICKY, at=NOON, data=b"\x00"), Piece(name="")],
        counts={TRICKY.replace(".", "").replace("$", ""): 2**53 + 1, "2024-02": 0},
    )
    store.insert(things, [made])
    found = store.get(things, TRICKY)
    assert found == made
    assert found.at.tzinfo is UTC
    assert type(found.revision) is int
    assert list(store.find(things, Query(equal={"user": TRICKY}))) == [made]


def test_fields_at_their_default_can_be_asked_for(store: Store) -> None:
    store.insert(things, [Thing(id="plain")])
    asked = {"label": None}, {"flag": False, "rank": 0}, {"user": "me", "at": NOON}
    assert [store.count(things, Query(equal=equal)) for equal in asked] == [1, 1, 1]


def test_megabytes_of_bytes_survive(sqlite_uri: str, mongodb_uri: str) -> None:
    for uri in (sqlite_uri, mongodb_uri):
        columns = Columns(
            id="me|2024-02|1|0", user="me", month="2024-02", revision=1, part=0, parts=1, plays=1, table=bytes(4 << 20)
        )
        store = open_store(uri)
        store.put(collections.columns, [columns])
        assert store.get(collections.columns, columns.id) == columns
        store.close()


def test_documents_of_this_project_survive(sqlite_uri: str, mongodb_uri: str) -> None:
    end = datetime(2024, 2, 29, 12, tzinfo=UTC)
    play = Play(
        id="me|20240229T120000Z|00030001|0000", user="me", end=end, start=end - timedelta(milliseconds=30_001),
        ms=30_001, source="extended", kind="track", name="Låt", skipped=False,
    )  # fmt: skip
    play.others = [Observation(end=end, ms=30_001, source="api", kind="track", name="Lat")]
    for uri in (sqlite_uri, mongodb_uri):
        store = open_store(uri)
        assert store.insert(collections.plays, [play]) == []
        assert list(store.find(collections.plays, Query(equal={"user": "me"}, order="start"))) == [play]
        store.close()


def test_duplicates_are_named_and_stop_nothing(store: Store) -> None:
    assert store.insert(things, [thing(1, label="first"), thing(3)]) == []
    again = [thing(0), thing(1, label="second"), thing(2), thing(3), thing(4), thing(4, label="twice")]
    assert store.insert(things, again) == [thing(1).id, thing(3).id, thing(4).id]
    assert [found.rank for found in store.find(things, Query(order="_id"))] == [0, 1, 2, 3, 4]
    assert [found.label for found in store.find(things, Query(order="_id"))] == [None, "first", None, None, None]


def test_a_unique_index_admits_a_value_once(store: Store) -> None:
    assert store.insert(coded, [Coded(id="a", user="me", code="x"), Coded(id="b", user="me", code="x")]) == ["b"]
    assert store.insert(coded, [Coded(id="c", user="you", code="x"), Coded(id="d", user="you")]) == []
    assert store.insert(coded, [Coded(id="e", user="you")]) == ["e"]
    with pytest.raises(StoreError, match="nother document"):
        store.put(coded, [Coded(id="c", user="me", code="x")])
    with pytest.raises(StoreError, match="nother document"):
        store.update(coded, "c", {"user": "me"})
    assert store.get(coded, "c") == Coded(id="c", user="you", code="x")
    assert [one.id for one in store.find(coded, Query(equal={"user": "you"}, order="code"))] == ["d", "c"]


def test_put_replaces_whole_documents(store: Store) -> None:
    store.insert(things, [thing(1, label="old", counts={"a": 1})])
    store.put(things, [thing(1, user="you"), thing(2), thing(2, label="later")])
    assert list(store.find(things, Query(order="_id"))) == [thing(1, user="you"), thing(2, label="later")]
    assert store.count(things, Query(equal={"label": "old"})) == 0


def test_replace_writes_only_over_the_revision_it_names(store: Store) -> None:
    assert not store.replace(things, thing(1, revision=1), 0)
    store.insert(things, [thing(1)])
    assert store.replace(things, thing(1, revision=1, label="one"), 0)
    assert not store.replace(things, thing(1, revision=1, label="two"), 0)
    assert store.get(things, thing(1).id) == thing(1, revision=1, label="one")
    with pytest.raises(ValueError, match="revision"):
        store.replace(coded, Coded(id="a", user="me"), 0)


def test_update_sets_some_fields(store: Store) -> None:
    store.insert(things, [thing(1, counts={"kept": 1})])
    assert store.update(things, thing(1).id, {"label": "new", "pieces": [Piece(name="p", at=NOON)], "at": NOON})
    assert store.update(things, thing(1).id, {})
    assert not store.update(things, "nobody", {"label": "new"})
    expected = thing(1, counts={"kept": 1}, label="new", pieces=[Piece(name="p", at=NOON)], at=NOON)
    assert list(store.find(things, Query(equal={"label": "new"}))) == [expected]
    assert store.count(things, Query(equal={"user": "me", "at": NOON})) == 1
    assert store.update(things, thing(1).id, {"label": None, "flag": False})
    assert store.count(things, Query(equal={"label": None})) == 1


@pytest.mark.parametrize("fields", [{"unknown": 1}, {"id": "other"}, {"rank": "much"}, {"pieces": [StreamRule()]}])
def test_update_refuses_what_the_document_could_not_hold(store: Store, fields: dict[str, object]) -> None:
    store.insert(things, [thing(1)])
    with pytest.raises(ValueError, match="things"):
        store.update(things, thing(1).id, fields)
    assert store.get(things, thing(1).id) == thing(1)


def test_a_document_of_another_shape_is_one_clear_error(store: Store) -> None:
    store.insert(things, [thing(1)])
    other = Collection("things", Coded)
    store.put(other, [Coded(id=thing(1).id, user="me")])
    wrong = Collection("things", Play)
    with pytest.raises(StoreError, match="`things`"):
        store.get(wrong, thing(1).id)


def test_drop_empties_a_collection_and_keeps_its_indexes(store: Store) -> None:
    store.insert(coded, [Coded(id="a", user="me", code="x")])
    store.drop(coded)
    assert store.count(coded) == 0
    assert store.insert(coded, [Coded(id="a", user="me", code="x"), Coded(id="b", user="me", code="x")]) == ["b"]
