"""A key makes only keys with less rights than it has, or as many."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats_core.documents.words import SCOPES, Scope
from stats_core.errors import BeyondRights
from stats_core.security.access import ADMIN, Access, Limits

NOW = datetime(2024, 7, 1, tzinfo=UTC)
USERS = ("ada", "bob", "carl")
STATISTICS = ("summary", "clock")

scopes: st.SearchStrategy[frozenset[Scope]] = st.frozensets(st.sampled_from(SCOPES), min_size=1)
listeners = st.none() | st.frozensets(st.sampled_from(USERS))
ends = st.none() | st.integers(1, 3).map(lambda days: NOW + timedelta(days=days))
accesses = st.builds(Access, st.just("x"), scopes, listeners, ends)


def opened(access: Access, at: datetime) -> set[tuple[Scope, str]]:
    """All that a key opens at a time: what may be done, and to whom."""
    if access.expires_at is not None and at >= access.expires_at:
        return set()
    does: tuple[Scope, ...] = SCOPES if access.admin else tuple(access.scopes)
    whom = (*USERS, "later")
    return {(scope, user) for scope, user in product(does, whom) if access.admin or access.opens(user)}


def is_allowed(maker: Access, made: Access) -> bool:
    try:
        maker.check_rights(made.scopes, made.listeners, made.expires_at)
    except BeyondRights:
        return False
    return True


@given(maker=accesses, made=accesses)
def test_what_may_be_made_opens_no_more_at_any_time(maker: Access, made: Access) -> None:
    if is_allowed(maker, made):
        for days in range(5):
            at = NOW + timedelta(days=days)
            assert opened(made, at) <= opened(maker, at)


@given(access=accesses)
def test_a_key_makes_its_like(access: Access) -> None:
    assert is_allowed(access, access)
    assert is_allowed(ADMIN, access)


@given(made=accesses)
def test_a_link_makes_nothing_and_reads_nothing_else(made: Access) -> None:
    link = Access("x", frozenset({"read"}), frozenset({"ada"}), None, frozenset(STATISTICS), Limits(None, None))
    assert not is_allowed(link, made)
    assert not link.reads("ada")


@pytest.mark.parametrize("user", ["ada", "nobody"])
def test_an_admin_reads_everybody_and_others_their_own(user: str) -> None:
    assert ADMIN.reads(user)
    assert Access("x", frozenset({"read"}), None).reads(user)
    assert Access("x", frozenset({"read"}), frozenset({"ada"})).reads(user) == (user == "ada")
    assert not Access("x", frozenset({"write", "metrics"}), None).reads(user)
