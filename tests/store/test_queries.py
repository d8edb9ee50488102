"""Queries: indexed or refused, in order, half-open, one document after the other."""

import tracemalloc
from collections.abc import Iterator
from itertools import pairwise

import pytest

from stats_core.errors import UnindexedQuery
from stats_core.store.port import Query, Range, Store
from stats_core.store.sqlite import PAGE_DOCUMENTS
from tests.store.things import Thing, thing, things


def ranks(found: Iterator[Thing]) -> list[int]:
    return [one.rank for one in found]


@pytest.mark.parametrize(
    "query",
    [
        Query(equal={"revision": 1}),
        Query(equal={"nonsense": 1}),
        Query(equal={"rank": 1}),
        Query(equal={"_id": "a", "revision": 1}),
        Query(equal={"user": "me", "label": "a"}),
        Query(equal={"user": "me", "at": 1, "rank": 2}),
        Query(equal={"user": "me"}, order="_id"),
        Query(equal={"user": "me"}, order="user"),
        Query(equal={"user": "me"}, one_of={"user": ["me"]}),
        Query(equal={"user": "me"}, range=Range("rank", 1), order="at"),
        Query(order="rank"),
        Query(order="user"),
        Query(range=Range("rank", 1)),
        Query(range=Range("user", "a"), order="_id"),
        Query(one_of={"user": ["me"], "rank": [1]}),
        Query(one_of={"user": ["me"]}, order="rank"),
        Query(one_of={"_id": ["a"]}, range=Range("_id", "a")),
    ],
    ids=str,
)
def test_an_unindexed_query_is_refused_before_it_runs(store: Store, query: Query) -> None:
    store.close()  # whoever asked the database would fail otherwise
    with pytest.raises(UnindexedQuery, match="things"):
        store.find(things, query)
    if query.order is None:
        with pytest.raises(UnindexedQuery):
            store.count(things, query)
        if "revision" not in query.equal or "_id" not in query.equal:
            with pytest.raises(UnindexedQuery):
                store.delete(things, query)


def test_ranges_are_half_open(store: Store) -> None:
    store.insert(things, map(thing, range(10)))
    mine = {"user": "me"}
    found = store.find(things, Query(equal=mine, range=Range("rank", 3, 6), order="rank"))
    assert ranks(found) == [3, 4, 5]
    at = Range("at", thing(8).at)
    assert ranks(store.find(things, Query(equal=mine, range=at, order="at"))) == [8, 9]
    assert ranks(store.find(things, Query(range=Range("_id", None, thing(2).id), order="_id"))) == [0, 1]
    assert store.count(things, Query(equal=mine, range=Range("rank", 6, 6))) == 0
    assert store.count(things, Query(equal=mine, range=Range("rank"))) == 10


def test_none_sorts_first_and_lies_in_no_range(store: Store) -> None:
    labels = ["b", None, "a", None]
    store.insert(things, [thing(number, label=label) for number, label in enumerate(labels)])
    assert ranks(store.find(things, Query(order="label"))) == [1, 3, 2, 0]
    assert ranks(store.find(things, Query(order="label", descending=True))) == [0, 2, 3, 1]
    assert ranks(store.find(things, Query(range=Range("label", None, "b"), order="label"))) == [2]
    assert sorted(ranks(store.find(things, Query(one_of={"label": [None, "a"]})))) == [1, 2, 3]


@pytest.mark.parametrize("descending", [False, True])
def test_ties_come_in_the_order_of_ids_over_many_pages(store: Store, descending: bool) -> None:
    count = 2 * PAGE_DOCUMENTS + 7
    store.insert(things, (thing(number, rank=number // 900) for number in reversed(range(count))))
    expected = [thing(number).id for number in range(count)]
    query = Query(equal={"user": "me"}, order="rank", descending=descending)
    assert [one.id for one in store.find(things, query)] == (expected[::-1] if descending else expected)
    some = Query(equal={"user": "me"}, range=Range("rank", 1, 2), order="rank", descending=descending, limit=850)
    within = expected[900:1800]
    assert [one.id for one in store.find(things, some)] == (within[::-1] if descending else within)[:850]


def test_a_limit_holds_across_pages_and_values(store: Store) -> None:
    store.insert(things, (thing(number, label="ab"[number % 2]) for number in range(PAGE_DOCUMENTS + 100)))
    for limit in (0, 1, PAGE_DOCUMENTS, PAGE_DOCUMENTS + 5):
        assert len(list(store.find(things, Query(limit=limit)))) == limit
        assert len(list(store.find(things, Query(one_of={"label": ["a", "b"]}, limit=limit)))) == limit
    with pytest.raises(ValueError, match="limit"):
        store.find(things, Query(limit=-1))


def test_many_ids_are_found_in_order_and_counted_once(store: Store) -> None:
    store.insert(things, map(thing, range(1_500)))
    wanted = [thing(number).id for number in range(1_400, 2_000)] * 2
    query = Query(one_of={"_id": wanted}, order="_id", descending=True)
    assert ranks(store.find(things, query)) == list(range(1_499, 1_399, -1))
    assert store.count(things, query) == 100
    assert ranks(store.find(things, Query(one_of={"_id": []}))) == []
    store.update(things, thing(1_450).id, {"label": "x"})
    assert ranks(store.find(things, Query(equal={"label": "x"}, one_of={"_id": wanted}))) == [1_450]


def test_count_takes_an_indexed_query(store: Store) -> None:
    store.insert(things, (thing(number, flag=number % 3 == 0) for number in range(10)))
    assert store.count(things) == 10
    assert store.count(things, Query(equal={"flag": True})) == 4
    assert store.count(things, Query(equal={"flag": True}, range=Range("rank", 3), limit=1)) == 3
    assert store.count(things, Query(one_of={"flag": [True, False]})) == 10


def test_delete_takes_what_matches_and_nothing_else(store: Store) -> None:
    store.insert(things, (thing(number, revision=7) for number in range(10)))
    assert store.delete(things, Query(equal={"user": "me"}, range=Range("rank", 2, 5))) == 3
    assert store.delete(things, Query(one_of={"_id": [thing(0).id, thing(3).id]})) == 1
    assert store.delete(things, Query(equal={"_id": thing(9).id, "revision": 6})) == 0
    assert store.delete(things, Query(equal={"_id": thing(9).id, "revision": 7})) == 1
    assert ranks(store.find(things, Query(order="_id"))) == [1, 5, 6, 7, 8]
    with pytest.raises(ValueError, match="limit"):
        store.delete(things, Query(limit=1))
    assert store.delete(things, Query()) == 5


def test_a_delete_of_more_than_a_batch_leaves_nothing(sqlite_store: Store) -> None:
    sqlite_store.insert(things, map(thing, range(12_000)))
    assert sqlite_store.delete(things, Query(equal={"user": "me"})) == 12_000


def test_writing_while_iterating_is_allowed(store: Store) -> None:
    store.insert(things, map(thing, range(PAGE_DOCUMENTS + 50)))
    seen = []
    for one in store.find(things, Query(order="_id")):
        seen.append(one.rank)
        if one.rank % 400 == 0:
            store.update(things, one.id, {"label": "seen"})
            store.delete(things, Query(equal={"_id": one.id}))
    assert seen == list(range(PAGE_DOCUMENTS + 50))
    assert all(before < after for before, after in pairwise(ranks(store.find(things, Query(order="_id")))))


def test_find_never_holds_everything(store: Store) -> None:
    size, count = 8_192, 6_000
    store.insert(things, (thing(number, data=bytes(size)) for number in range(count)))
    tracemalloc.start()
    try:
        assert sum(len(one.data) for one in store.find(things)) == size * count
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < size * count / 2


def test_an_iterator_given_up_early_leaves_nothing_open(store: Store) -> None:
    store.insert(things, map(thing, range(PAGE_DOCUMENTS + 50)))
    assert next(store.find(things, Query(order="_id"))) == thing(0)
    store.drop(things)
    assert store.count(things) == 0
