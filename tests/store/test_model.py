"""Random operations give the same answers as a plain dictionary, on both stores."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeAlias

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stats_core.store.adapter import none_first
from stats_core.store.port import Query, Range, Store
from tests.store.things import NOON, Piece, Thing, things

Model: TypeAlias = dict[str, Thing]
Operation: TypeAlias = tuple[str, Any]

ids = st.sampled_from("abcdefgh")
users = st.sampled_from(["me", "you", ""])
numbers = st.integers(-3, 3)
instants = numbers.map(lambda number: NOON + timedelta(milliseconds=number))
labels = st.sampled_from([None, "x", "y", "Ω"])
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)

documents = st.builds(
    Thing,
    id=ids,
    user=users,
    rank=numbers,
    at=instants,
    label=labels,
    flag=st.booleans(),
    revision=st.integers(0, 2),
    data=st.binary(max_size=4),
    pieces=st.lists(st.builds(Piece, name=text, at=st.none() | instants), max_size=2),
    counts=st.dictionaries(st.sampled_from(["2024-01", "x"]), st.integers(-(2**63), 2**63 - 1)),
)
changes = st.fixed_dictionaries(
    {},
    optional={"rank": numbers, "label": labels, "at": instants, "flag": st.booleans(), "data": st.binary(max_size=3)},
)


@st.composite
def queries(draw: st.DrawFn) -> Query:
    """A query that some index of `things` serves."""
    leading, swept, values = draw(
        st.sampled_from(
            [
                ((), "_id", ids),
                (("user",), "rank", numbers),
                (("user",), "at", instants),
                ((), "label", labels),
                (("flag",), "rank", numbers),
                (("label",), "_id", ids),
                ((), "user", users),
            ]
        )
    )
    fixed = {"user": users, "flag": st.booleans(), "label": labels}
    equal: dict[str, Any] = {name: draw(fixed[name]) for name in leading}
    one_of: dict[str, Any] = {}
    between = None
    order = swept if swept != "user" and draw(st.booleans()) else None
    match draw(st.sampled_from(["all", "equal", "one_of", "range", "one_of leading"])):
        case "equal" if not order:
            equal[swept] = draw(values)
        case "one_of":
            one_of[swept] = draw(st.lists(values, max_size=4))
        case "range":
            between = Range(swept, draw(st.none() | values), draw(st.none() | values))
        case "one_of leading" if leading and not order:
            one_of[leading[0]] = draw(st.lists(fixed[leading[0]], max_size=3))
            equal = {}
    limit = draw(st.none() | st.integers(0, 5))
    return Query(equal, one_of, between, order, descending=draw(st.booleans()), limit=limit)


operations = st.one_of(
    st.tuples(st.just("insert"), st.lists(documents, max_size=6)),
    st.tuples(st.just("put"), st.lists(documents, max_size=4)),
    st.tuples(st.just("replace"), st.tuples(documents, st.integers(0, 2))),
    st.tuples(st.just("update"), st.tuples(ids, changes)),
    st.tuples(st.just("get"), ids),
    st.tuples(st.just("find"), queries()),
    st.tuples(st.just("find"), queries()),
    st.tuples(st.just("count"), queries()),
    st.tuples(st.just("delete"), queries()),
    st.tuples(st.just("compare and delete"), st.tuples(ids, st.integers(0, 2))),
)
histories = st.lists(operations, min_size=1, max_size=12)


def value(document: Thing, name: str) -> Any:
    return document.id if name == "_id" else getattr(document, name)


def matching(model: Model, query: Query) -> list[Thing]:
    """What a query means, in plain words."""
    found = [
        document
        for document in model.values()
        if all(value(document, name) == wanted for name, wanted in query.equal.items())
        and all(value(document, name) in wanted for name, wanted in query.one_of.items())
        and (query.range is None or within(value(document, query.range.field), query.range))
    ]
    order = query.order or "_id"
    return sorted(found, key=lambda one: (none_first(value(one, order)), one.id), reverse=query.descending)


def within(found: Any, between: Range) -> bool:
    if between.low is None and between.high is None:
        return True
    if found is None:
        return False
    return (between.low is None or found >= between.low) and (between.high is None or found < between.high)


def insert(model: Model, new: list[Thing]) -> list[str]:
    there = []
    for document in new:
        if document.id in model:
            there.append(document.id)
        else:
            model[document.id] = document
    return there


def agree(store: Store, model: Model, operation: Operation) -> None:  # noqa: C901 - a case each
    """Do one operation to both, and compare what they answer."""
    match operation:
        case "insert", new:
            assert store.insert(things, new) == insert(model, new)
        case "put", new:
            store.put(things, new)
            model.update({document.id: document for document in new})
        case "replace", (document, revision):
            expected = document.id in model and model[document.id].revision == revision
            assert store.replace(things, document, revision) == expected
            if expected:
                model[document.id] = document
        case "update", (identity, fields):
            assert store.update(things, identity, fields) == (identity in model)
            if identity in model:
                model[identity] = msgspec.structs.replace(model[identity], **fields)
        case "get", identity:
            assert store.get(things, identity) == model.get(identity)
        case "find", query:
            agree_on_found(list(store.find(things, query)), model, query)
        case "count", query:
            assert store.count(things, query) == len(matching(model, query))
        case "delete", query:
            agree_on_deleted(store, model, Query(query.equal, query.one_of, query.range))
        case "compare and delete", (identity, revision):
            agree_on_deleted(store, model, Query({"_id": identity, "revision": revision}))


def agree_on_deleted(store: Store, model: Model, query: Query) -> None:
    gone = matching(model, query)
    assert store.delete(things, query) == len(gone)
    for document in gone:
        del model[document.id]


def agree_on_found(found: list[Thing], model: Model, query: Query) -> None:
    expected = matching(model, query)
    if query.order:
        assert found == expected[: query.limit]
    elif query.limit is None:
        assert sorted(found, key=lambda one: one.id) == sorted(expected, key=lambda one: one.id)
    else:
        assert len(found) == min(query.limit, len(expected))
        assert all(one in expected for one in found)


def check(store: Store, history: list[Operation]) -> None:
    store.drop(things)
    model: Model = {}
    for operation in history:
        agree(store, model, operation)
    assert list(store.find(things, Query(order="_id"))) == matching(model, Query())


def run(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    quiet = settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    return lambda test: quiet(given(history=histories)(test))


@run(300)
def test_sqlite_agrees_with_a_dictionary(sqlite_store: Store, history: list[Operation]) -> None:
    check(sqlite_store, history)


@run(40)  # a tenth of SQLite's speed
def test_mongodb_agrees_with_a_dictionary(mongodb_store: Store, history: list[Operation]) -> None:
    check(mongodb_store, history)
