"""Spotify's own tops: six a day, each asked for once, gone with the account."""

from datetime import timedelta

import pytest
import time_machine

from stats_core.cli.diagnosis import findings_of
from stats_core.clock import utc_now
from stats_core.settings import Settings
from stats_core.spotify.errors import ScopeMissing
from stats_core.spotify.login import disconnect
from stats_core.store import collections
from stats_core.store.port import Store
from stats_core.sync.due import ask_for_poll, due
from stats_core.sync.polling import poll
from stats_core.sync.tops import take_tops
from tests.fakes.spotify import Fault, World
from tests.fakes.spotify.world import track
from tests.spotify.conftest import TRACK


def test_they_are_kept_page_by_page_and_once_a_day(world: World, store: Store, own: Settings, linked: str) -> None:
    for number in range(300, 420):
        world.add_track(track(f"{number:022}", "x", {"a" * 22: "The Invented"}, ("b" * 22, "First Light"), 1_000))
    ids = [f"{number:022}" for number in range(300, 420)]
    world.people["ann"].top["tracks", "long_term"] = ids
    world.people["ann"].top["artists", "short_term"] = ["a" * 22]
    now = utc_now()
    taken = {(top.of, top.range): top.ids for top in take_tops(store, own, linked, now)}
    assert (len(taken), taken["tracks", "long_term"], taken["artists", "short_term"]) == (6, ids, ["a" * 22])
    asked = world.counts["top"]
    assert asked == 5 + 3
    assert take_tops(store, own, linked, now) == []
    assert world.counts["top"] == asked
    assert len(take_tops(store, own, linked, now + timedelta(days=1))) == 6
    artist = store.get(collections.artists, "a" * 22)
    assert artist is not None
    assert artist.image is not None
    disconnect(store, linked)
    assert store.count(collections.spotify_tops) == 0


def test_what_failed_is_asked_for_the_next_time(world: World, store: Store, own: Settings, linked: str) -> None:
    world.fail("top", Fault(429, "Too many requests", "QUOTA_EXCEEDED", "3600"))
    now = utc_now()
    with pytest.raises(Exception, match="closed until"):
        take_tops(store, own, linked, now)
    with time_machine.travel(now + timedelta(hours=1, minutes=1)):
        assert len(take_tops(store, own, linked, now)) == 6


def test_a_scope_that_is_missing_stops_only_what_needs_it(
    world: World, store: Store, own: Settings, linked: str
) -> None:
    world.change_scopes("ann", ["user-read-recently-played"])
    with pytest.raises(ScopeMissing):
        take_tops(store, own, linked, utc_now())
    assert due(store, utc_now()) == [linked]
    assert poll(store, own, linked).page == 0


def test_a_poll_that_was_asked_for_is_due_until_it_was_made(
    world: World, store: Store, own: Settings, linked: str
) -> None:
    poll(store, own, linked)
    assert due(store, utc_now()) == []
    ask_for_poll(store, linked)
    assert due(store, utc_now()) == [linked]
    world.fail("player", Fault(500))
    with pytest.raises(Exception, match="problem of its own"):
        poll(store, own, linked)
    assert due(store, utc_now()) == []
    ask_for_poll(store, linked)
    poll(store, own, linked)
    assert store.count(collections.sync_requests) == 0


def test_doctor_says_how_the_sync_goes(world: World, store: Store, own: Settings, linked: str, store_uri: str) -> None:
    def told() -> dict[str, str]:
        settings = own.model_copy(update={"database_uri": store_uri})
        return {finding.told: finding.state for finding in findings_of(settings) if "ann" in finding.what}

    world.listen("ann", TRACK, utc_now())
    poll(store, own, linked)
    assert "good" in {state for line, state in told().items() if "last poll" in line}
    with time_machine.travel(utc_now() + timedelta(hours=3)):
        assert "wrong" in {state for line, state in told().items() if "no poll since" in line}
    world.people["ann"].allowed = False
    with pytest.raises(Exception, match="User Management"):
        poll(store, own, linked)
    assert "wrong" in {state for line, state in told().items() if line.startswith("not allowed")}
