"""Two listeners are compared once each has named the other, and not a moment longer."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stats_core.clock import utc_now
from stats_core.documents.listeners import Listener
from stats_core.errors import InvalidParameter, UnknownListener
from stats_core.listeners import erase_listener, known_listener
from stats_core.security.consent import agree, both_agreed, named_by, withdraw
from stats_core.settings import Settings
from stats_core.store import collections
from stats_core.store.port import Store

USERS = ("ada", "bob", "carl")


def test_only_what_both_named_holds(people: Store) -> None:
    assert not agree(people, "ada", "bob")[1]
    assert not both_agreed(people, "ada", "bob")
    assert agree(people, "bob", "ada")[1]
    assert both_agreed(people, "ada", "bob")
    assert both_agreed(people, "bob", "ada")
    assert not both_agreed(people, "ada", "carl")
    assert not both_agreed(people, "ada", "ada")
    withdraw(people, "ada", "bob")
    assert not both_agreed(people, "bob", "ada")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.booleans(), st.permutations(USERS)), max_size=12))
def test_any_sequence_leaves_what_was_named_last(sqlite_store: Store, steps: list[tuple[bool, list[str]]]) -> None:
    sqlite_store.insert(collections.listeners, [Listener(id=user, created_at=utc_now()) for user in USERS])
    sqlite_store.drop(collections.comparisons)
    named: set[tuple[str, str]] = set()
    for agreeing, (user, other, _) in steps:
        if agreeing:
            named.add((user, other))
            assert agree(sqlite_store, user, other)[1] == ((other, user) in named)
        else:
            named.discard((user, other))
            withdraw(sqlite_store, user, other)
    for user in USERS:
        told = [(consent.other, agreed) for consent, agreed in named_by(sqlite_store, user)]
        assert told == [(other, (other, user) in named) for other in USERS if (user, other) in named]
        assert all(both_agreed(sqlite_store, user, other) == agreed for other, agreed in told)


@pytest.mark.parametrize("change", [agree, withdraw])
def test_a_change_makes_the_answers_of_both_old(people: Store, change: Callable[[Store, str, str], object]) -> None:
    if change is withdraw:
        agree(people, "ada", "bob")
    before = [known_listener(people, user) for user in USERS]
    change(people, "ada", "bob")
    after = [known_listener(people, user) for user in USERS]
    assert [new.revision - old.revision for old, new in zip(before, after, strict=True)] == [1, 1, 0]


def test_naming_twice_changes_nothing(people: Store) -> None:
    first = agree(people, "ada", "bob")
    revision = known_listener(people, "ada").revision
    assert agree(people, "ada", "bob") == first
    assert known_listener(people, "ada").revision == revision


def test_anybody_else_may_be_named_there_or_not(people: Store) -> None:
    consent, agreed = agree(people, "ada", "nobody")
    assert (consent.other, agreed) == ("nobody", False)
    withdraw(people, "ada", "nobody")
    withdraw(people, "ada", "nobody")
    assert named_by(people, "ada") == []


@pytest.mark.parametrize("other", ["ada", "", "NO-NAME", "a|b", "a/b", "x" * 65])
def test_oneself_and_what_is_no_name_cannot_be_named(people: Store, other: str) -> None:
    for change in (agree, withdraw):
        with pytest.raises(InvalidParameter) as caught:
            change(people, "ada", other)
        assert caught.value.parameter == "other"
    assert not people.count(collections.comparisons)


def test_who_is_not_there_names_nobody(people: Store) -> None:
    for asked in (lambda: agree(people, "nobody", "ada"), lambda: named_by(people, "nobody")):
        with pytest.raises(UnknownListener):
            asked()
    assert not people.count(collections.comparisons)


def test_a_later_namesake_has_agreed_to_nothing(people: Store, tmp_path: Path) -> None:
    for user, other in (("ada", "bob"), ("bob", "ada"), ("carl", "bob")):
        agree(people, user, other)
    erase_listener(people, Settings(_env_file=None, data_dir=tmp_path), "ada")
    people.insert(collections.listeners, [Listener(id="ada", created_at=utc_now())])
    agree(people, "ada", "bob")
    assert not both_agreed(people, "ada", "bob")
    assert [consent.other for consent, _ in named_by(people, "carl")] == ["bob"]
