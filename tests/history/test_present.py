"""What a process remembers is looked at once for all who ask, is never old, and knows its own changes at once."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from stats_core.clock import utc_now
from stats_core.documents.listeners import Listener
from stats_core.errors import UnknownListener
from stats_core.history import present
from stats_core.history.present import FRESH_SECONDS, Lookout
from stats_core.store import collections
from stats_core.store.port import EVERYTHING, Collection, Query, Store, Stored
from stats_core.store.revisions import raise_revision


class Counted:
    """A store that counts how often it is read, and does so slowly where told."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.looks = 0
        self.named: list[set[object]] = []
        self.before = threading.Event()
        self.before.set()

    def find(self, collection: Collection[Any], query: Query = EVERYTHING) -> Iterator[Stored]:
        if collection is collections.revisions:
            self.looks += 1
        else:
            self.named.append(set(query.one_of["_id"]))
        found = list(self._store.find(collection, query))
        assert self.before.wait(10)
        return iter(found)


@pytest.fixture
def counted(store: Store) -> Counted:
    store.insert(collections.listeners, [Listener(id=user, created_at=utc_now()) for user in ("ada", "bob")])
    return Counted(store)


@pytest.fixture
def lookout(counted: Counted) -> Lookout:
    return Lookout(counted)  # type: ignore[arg-type]


def test_many_questions_at_once_are_one_look(
    counted: Counted, lookout: Lookout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(present, "FRESH_SECONDS", 10)  # a busy machine may take longer than that to begin them all
    counted.before.clear()
    with ThreadPoolExecutor(16) as threads:
        answers = [threads.submit(lookout.look, "ada") for _ in range(16)]
        time.sleep(0.02)
        counted.before.set()
        assert {answer.result().listener("ada").id for answer in answers} == {"ada"}
    assert counted.looks == 1


def test_a_look_is_fresh_for_50_ms(counted: Counted, lookout: Lookout, store: Store) -> None:
    began = time.monotonic()
    first = lookout.look("ada")
    assert lookout.known("ada", at=began + FRESH_SECONDS / 2) is first
    assert lookout.known("ada", at=began + 2 * FRESH_SECONDS) is None
    raise_revision(store, "catalogue")
    time.sleep(FRESH_SECONDS)
    assert lookout.look("ada").revision("catalogue") == 1
    assert counted.looks == 2


def test_one_look_is_for_all_that_were_asked_about(counted: Counted, lookout: Lookout) -> None:
    lookout.look("ada")
    lookout.look("bob")
    assert lookout.look("ada") is lookout.look("bob")
    assert counted.named == [{"ada"}, {"ada", "bob"}]


def test_what_this_process_changed_is_seen_at_once(counted: Counted, lookout: Lookout, store: Store) -> None:
    assert lookout.look().revision("keys") == 0
    raise_revision(store, "keys")
    lookout.forget()
    assert lookout.look().revision("keys") == 1


def test_a_look_under_way_when_something_changed_does_not_count(
    counted: Counted, lookout: Lookout, store: Store
) -> None:
    counted.before.clear()
    with ThreadPoolExecutor(2) as threads:
        early = threads.submit(lookout.look)
        while not counted.looks:
            time.sleep(0.001)
        raise_revision(store, "keys")
        lookout.forget()
        late = threads.submit(lookout.look)
        counted.before.set()
        assert late.result().revision("keys") == 1
        assert early.result().revision("keys") == 1


def test_an_unknown_listener_is_told_and_found_once_there(lookout: Lookout, store: Store) -> None:
    with pytest.raises(UnknownListener):
        lookout.look("carol").listener("carol")
    store.insert(collections.listeners, [Listener(id="carol", created_at=utc_now())])
    lookout.forget()
    assert lookout.look("carol").listener("carol").id == "carol"


def test_who_is_no_longer_asked_about_is_no_longer_looked_at(
    counted: Counted, lookout: Lookout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(present, "_WATCHED_SECONDS", 0.0)
    lookout.look("ada")
    lookout.forget()
    lookout.look("bob")
    monkeypatch.setattr(present, "_WATCHED_SECONDS", 60.0)
    monkeypatch.setattr(present, "_MOST_WATCHED", 1)
    lookout.look("ada")
    assert counted.named == [{"ada"}, {"bob"}, {"ada"}]
