"""Consent: listeners who name each other as somebody to compare with. Only what both named holds."""

import re

import msgspec

from stats_core.clock import utc_now
from stats_core.documents.keys import Consent
from stats_core.documents.words import USER_NAME
from stats_core.errors import InvalidParameter, UnknownListener
from stats_core.listeners import known_listener
from stats_core.store import collections
from stats_core.store.port import Query, Store


def both_agreed(store: Store, user: str, other: str) -> bool:
    """Whether each of two listeners has named the other."""
    named = {_id(user, other), _id(other, user)}
    return store.count(collections.comparisons, Query(one_of={"_id": named})) == len(named) == 2


def named_by(store: Store, user: str) -> list[tuple[Consent, bool]]:
    """Whom a listener has named, by name, and whether they named the listener too; raises UnknownListener."""
    known_listener(store, user)
    own = list(store.find(collections.comparisons, Query(equal={"user": user}, order="_id")))
    returned = Query(one_of={"_id": {_id(each.other, user) for each in own}})
    agreeing = {each.user for each in store.find(collections.comparisons, returned)}
    return [(each, each.other in agreeing) for each in own]


def agree(store: Store, user: str, other: str) -> tuple[Consent, bool]:
    """Name somebody to compare with, there or not; and whether they named the listener too. Twice changes nothing.

    Raises UnknownListener if `user` is none, and InvalidParameter where `other` is no name, or the listener's own.
    """
    known_listener(store, user)
    _check(user, other)
    consent = Consent(id=_id(user, other), user=user, other=other, created_at=utc_now())
    if not store.insert(collections.comparisons, [consent]):
        _check_still_there(store, consent)
        _told(store, user, other)
    return store.get(collections.comparisons, consent.id) or consent, both_agreed(store, user, other)


def withdraw(store: Store, user: str, other: str) -> None:
    """Name somebody no longer; nothing happens to who was not named. Raises as `agree` does."""
    known_listener(store, user)
    _check(user, other)
    store.delete(collections.comparisons, Query(equal={"_id": _id(user, other)}))
    # Also where nothing was there: whoever was stopped before this asks again, and no cached answer may outlive that.
    _told(store, user, other)


def _told(store: Store, *users: str) -> None:
    """Raise the listeners' revisions: an answer from before may say what it may not any more."""
    for user in users:
        while (listener := store.get(collections.listeners, user)) is not None:
            raised = msgspec.structs.replace(listener, revision=listener.revision + 1)
            if store.replace(collections.listeners, raised, listener.revision):
                break


def _check_still_there(store: Store, consent: Consent) -> None:
    try:
        known_listener(store, consent.user)
    except UnknownListener:  # erased meanwhile: their next namesake has agreed to nothing
        store.delete(collections.comparisons, Query(equal={"_id": consent.id}))
        raise


def _check(user: str, other: str) -> None:
    if re.fullmatch(USER_NAME, other) is None or other == user:
        raise InvalidParameter("other", other, "the name of another listener")


def _id(user: str, other: str) -> str:
    return f"{user}|{other}"
