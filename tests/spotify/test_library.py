"""Saved tracks: new ones at once, all of them within what may be asked, what was taken out gone."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stats_core.clock import utc_now
from stats_core.listeners import erase_listener, made_listener
from stats_core.settings import Settings
from stats_core.spotify.errors import ScopeMissing, SpotifyError, Unavailable
from stats_core.spotify.login import disconnect
from stats_core.store import collections
from stats_core.store.port import EVERYTHING, Query, Store
from stats_core.sync.library import Seen, take_saved
from tests.fakes.spotify import FakeSpotify, Fault, World
from tests.fakes.spotify.world import track
from tests.spotify.conftest import logged_in

DAY = timedelta(days=1)
SAVED_AT = 1_600_000_000_000


def save(world: World, person: str, numbers: range | list[int]) -> None:
    """Save these tracks, the last number last."""
    for number in numbers:
        identity = f"{number:022}"
        if identity not in world.tracks:
            world.add_track(track(identity, f"T{number}", {"a" * 22: "The Invented"}, ("b" * 22, "First Light"), 1_000))
        world.people[person].saved.append((identity, SAVED_AT + number * 1_000))


def kept(store: Store, user: str = "ann") -> set[str]:
    return {one.track for one in store.find(collections.saved_tracks, Query(equal={"user": user}))}


def there(world: World, person: str = "ann") -> set[str]:
    return {identity for identity, _ in world.people[person].saved}


def test_new_ones_come_every_day_and_all_of_it_once_a_week(
    world: World, store: Store, own: Settings, linked: str
) -> None:
    save(world, "ann", range(1_000, 1_120))
    now = utc_now()
    assert take_saved(store, own, linked, now) == Seen(120, 0, whole=True)
    assert kept(store) == there(world)
    one = store.get(collections.tracks, f"{1_003:022}")
    assert one is not None
    assert one.name == "T1003"  # at no further request
    asked = world.counts["library"]
    save(world, "ann", range(1_120, 1_130))
    del world.people["ann"].saved[5]
    assert take_saved(store, own, linked, now + DAY) == Seen(10, 0, whole=False)
    assert world.counts["library"] == asked + 2  # a page with news, and one that is all known
    assert len(kept(store) - there(world)) == 1
    assert take_saved(store, own, linked, now + 8 * DAY) == Seen(0, 1, whole=True)
    assert kept(store) == there(world)
    library = store.get(collections.libraries, linked)
    assert library is not None
    assert (library.total, library.whole, library.whole_at) == (129, None, now + 8 * DAY)


def test_one_listener_a_day_is_read_whole_in_turn(
    world: World, store: Store, own: Settings, linked: str, fake: FakeSpotify
) -> None:
    for name in ("ben", "cat"):
        world.add_person(name)
        made_listener(store, own.inbox_dir, name, "UTC")
        logged_in(fake, store, own, name, person=name)
    now = utc_now()
    for name in ("ann", "ben", "cat"):
        save(world, name, range(1_000, 1_300))
    whole: list[list[str]] = []
    for day in range(10):
        at = now + day * DAY
        whole.append([name for name in ("ann", "ben", "cat") if take_saved(store, own, name, at).whole])
        assert [name for name in ("ann", "ben", "cat") if take_saved(store, own, name, at).whole] == []
    assert whole == [["ann"], ["ben"], ["cat"], [], [], [], [], ["ann"], ["ben"], ["cat"]]


def test_where_the_requests_of_the_day_end_it_goes_on_another_day(
    world: World, store: Store, own: Settings, linked: str
) -> None:
    own = own.model_copy(update={"spotify_requests": 6})
    save(world, "ann", range(1_000, 1_700))
    began, days = utc_now(), 0
    for days in range(1, 9):
        with time_machine.travel(began + days * (DAY + timedelta(minutes=30)), tick=False):
            if take_saved(store, own, linked, utc_now()).whole:
                break
        save(world, "ann", [2_000 + days])  # moves all of it down
        if days == 2:
            del world.people["ann"].saved[650:654]  # moves up what was not read yet
    assert 3 <= days < 9
    assert kept(store) >= there(world) - {f"{2_000 + days:022}"}
    assert len(kept(store) - there(world)) == 0


@given(st.lists(st.tuples(st.sampled_from(["save", "remove"]), st.integers(0, 400), st.integers(1, 60)), max_size=6))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_moves_between_two_days_a_reading_to_the_end_knows_all(
    world: World, fake: FakeSpotify, sqlite_store: Store, own: Settings, moves: list[tuple[str, int, int]]
) -> None:
    store = sqlite_store
    if not store.count(collections.accounts):
        made_listener(store, own.inbox_dir, "ann", "UTC")
        logged_in(fake, store, own)
    own = own.model_copy(update={"spotify_requests": 5})
    world.people["ann"].saved.clear()
    for collection in (collections.saved_tracks, collections.libraries, collections.quotas):
        store.delete(collection, EVERYTHING)
    save(world, "ann", range(1_000, 1_260))
    at, moves, fresh = utc_now(), list(moves), 5_000
    began = moved = at
    for _ in range(60):
        at += DAY + timedelta(minutes=30)
        library = store.get(collections.libraries, "ann")
        began = at if library is None or library.whole is None else began
        with time_machine.travel(at, tick=False):
            if take_saved(store, own, "ann", at).whole and not moves and began > moved:
                break
        if moves:
            what, place, count = moves.pop()
            moved = at
            if what == "save":
                save(world, "ann", range(fresh, fresh + count))
                fresh += count
            else:
                del world.people["ann"].saved[place : place + count]
    assert kept(store) == there(world)


def test_it_goes_with_the_account_and_with_the_listener(
    world: World, store: Store, own: Settings, linked: str, fake: FakeSpotify
) -> None:
    save(world, "ann", range(1_000, 1_010))
    take_saved(store, own, linked, utc_now())
    logged_in(fake, store, own, "ann")
    assert len(kept(store)) == 10  # the same account again
    world.add_person("eve")
    logged_in(fake, store, own, "ann", person="eve", replace=True)
    assert len(kept(store)) == 0
    take_saved(store, own, linked, utc_now())
    disconnect(store, linked)
    assert (store.count(collections.saved_tracks), store.count(collections.libraries)) == (0, 0)
    logged_in(fake, store, own, "ann", person="ann")
    take_saved(store, own, linked, utc_now())
    assert len(kept(store)) == 10
    erase_listener(store, own, linked)
    assert (store.count(collections.saved_tracks), store.count(collections.libraries)) == (0, 0)


def test_what_cannot_be_read_is_passed_over(world: World, store: Store, own: Settings, linked: str) -> None:
    save(world, "ann", range(1_000, 1_003))
    world.tracks[f"{1_001:022}"] = {"is_local": True, "id": None, "name": "Mine"}
    assert take_saved(store, own, linked, utc_now()) == Seen(2, 0, whole=True)


def test_a_login_that_does_not_allow_it_is_not_asked_again(
    world: World, store: Store, own: Settings, linked: str
) -> None:
    world.change_scopes("ann", ["user-read-recently-played"])
    with pytest.raises(ScopeMissing):
        take_saved(store, own, linked, utc_now())
    asked = world.counts["library"]
    assert take_saved(store, own, linked, utc_now()) == Seen(0, 0, whole=False)
    assert world.counts["library"] == asked


def test_a_day_s_lock_out_loses_nothing(world: World, store: Store, own: Settings, linked: str) -> None:
    save(world, "ann", range(1_000, 1_200))
    began: datetime = utc_now()
    world.fail("library", Fault(429, "Too many requests", "QUOTA_EXCEEDED", "86400"))
    with pytest.raises(Exception, match="closed until"):
        take_saved(store, own, linked, began)
    with time_machine.travel(began + DAY + timedelta(minutes=1)):
        assert take_saved(store, own, linked, utc_now()).whole
    assert kept(store) == there(world)


@pytest.mark.parametrize("body", ["{}", '{"items": null, "next": null}', '{"items": [], "next": "there is more"}'])
def test_an_answer_that_is_none_takes_nothing_for_gone(
    world: World, store: Store, own: Settings, linked: str, body: str
) -> None:
    save(world, "ann", range(1_000, 1_060))
    now = utc_now()
    take_saved(store, own, linked, now)
    world.fail("library", Fault(200, body=body.encode()))
    with pytest.raises(Unavailable, match="no list"):
        take_saved(store, own, linked, now + 8 * DAY)
    assert kept(store) == there(world)


def test_what_comes_while_somebody_disconnects_is_gone_too(
    world: World, store: Store, own: Settings, linked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(world, "ann", range(1_000, 1_060))
    really = store.put

    def put(collection: Any, documents: Any) -> None:
        if collection is collections.saved_tracks:
            disconnect(store, linked)
        really(collection, documents)

    monkeypatch.setattr(store, "put", put)
    with pytest.raises(SpotifyError):
        take_saved(store, own, linked, utc_now())
    assert (store.count(collections.saved_tracks), store.count(collections.libraries)) == (0, 0)
