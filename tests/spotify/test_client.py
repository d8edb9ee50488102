"""The client: every way to fail is told apart; nothing is asked that is closed, and nothing waits."""

import time
from datetime import timedelta

import pytest
import time_machine

from stats_core.clock import utc_now
from stats_core.settings import Settings
from stats_core.spotify.budgets import APP, Budgets, used
from stats_core.spotify.client import Client
from stats_core.spotify.errors import (
    AppPaused,
    BucketClosed,
    EndpointGone,
    Missing,
    NeedsLogin,
    NotAllowed,
    ScopeMissing,
    Unavailable,
)
from stats_core.spotify.tokens import TokenKeeper
from tests.fakes.spotify import Fault, World
from tests.spotify.conftest import TRACK

QUOTA = Fault(429, "Too many requests", "QUOTA_EXCEEDED", "86207")


@pytest.fixture
def client(own: Settings, budgets: Budgets, keeper: TokenKeeper) -> Client:
    return Client(own, budgets, keeper.tokens())


def test_what_is_there_is_told(client: Client, world: World) -> None:
    world.listen("ann", TRACK, utc_now() - timedelta(minutes=1))
    world.people["ann"].top["tracks", "short_term"] = [TRACK]
    world.people["ann"].saved = [(TRACK, 1_700_000_000_000)]
    (entry,) = client.recently_played()
    assert isinstance(entry, dict)
    assert entry["track"]["id"] == TRACK
    assert client.top("tracks", "short_term", 0)["items"][0]["id"] == TRACK
    assert client.saved_tracks(0)["total"] == 1
    assert client.track(TRACK)["external_ids"] == {"isrc": "ZZ1"}
    assert client.album("b" * 22)["tracks"]["items"][0]["id"] == TRACK
    assert client.artist("a" * 22)["images"]
    assert client.me()["account_id"] == "account-of-ann"


def test_a_token_that_ended_is_replaced_once(client: Client, world: World) -> None:
    world.expire_access()
    assert client.recently_played() == []
    world.fail("player", Fault(401, "The access token expired", times=2))
    with pytest.raises(NeedsLogin):
        client.recently_played()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(500), Fault(502, body=b"<html>Bad gateway"), Fault(503, retry_after="3600"), Fault(cut=True),
        Fault(200, body=b'{"items": ['), Fault(200, body=b"[]"), Fault(200, body=b'{"items": null}'),
        Fault(400, body=b'{"error":"text"}'), Fault(204), Fault(418),
    ],
)  # fmt: skip
def test_what_may_go_well_the_next_time_closes_nothing(
    client: Client, world: World, budgets: Budgets, fault: Fault
) -> None:
    world.fail("player", fault)
    with pytest.raises(Unavailable):
        client.recently_played()
    assert client.recently_played() == []
    assert used(budgets.quota("player"), utc_now()) == 2


def test_a_quota_closes_its_bucket_for_as_long_and_nothing_else(client: Client, world: World, budgets: Budgets) -> None:
    world.fail("tracks", QUOTA)
    began = time.monotonic()
    with pytest.raises(BucketClosed) as closed:
        client.track(TRACK)
    assert timedelta(hours=23) < closed.value.until - utc_now() < timedelta(hours=24)
    asked = len(world.asked)
    with pytest.raises(BucketClosed):
        client.track(TRACK)
    assert len(world.asked) == asked
    assert client.recently_played() == []
    assert time.monotonic() - began < 5
    with time_machine.travel(closed.value.until):
        assert client.track(TRACK)["id"] == TRACK


def test_another_process_knows_what_is_closed(client: Client, world: World, own: Settings, budgets: Budgets) -> None:
    world.fail("tracks", QUOTA)
    with pytest.raises(BucketClosed):
        client.track(TRACK)
    with pytest.raises(BucketClosed):
        Budgets(budgets._store, own.spotify_budgets).spend("tracks", "/tracks")


def test_asking_too_fast_pauses_the_app(client: Client, world: World) -> None:
    world.fail("tracks", Fault(429, "API rate limit exceeded", retry_after="20"))
    with pytest.raises(AppPaused) as paused:
        client.track(TRACK)
    assert timedelta(seconds=18) < paused.value.until - utc_now() <= timedelta(seconds=20)
    with pytest.raises(AppPaused):
        client.recently_played()
    with time_machine.travel(paused.value.until):
        assert client.recently_played() == []


def test_without_a_time_it_waits_twice_as_long_each_time(client: Client, world: World, budgets: Budgets) -> None:
    waits, now = [], utc_now()
    for _ in range(14):
        world.fail("player", Fault(429, "API rate limit exceeded"))
        with time_machine.travel(now, tick=False):
            with pytest.raises(AppPaused) as paused:
                client.recently_played()
            waits.append((paused.value.until - now).total_seconds())
        now = paused.value.until
    assert waits[:4] == [30, 60, 120, 240]
    assert waits[-1] == 86_400
    with time_machine.travel(now):
        assert client.recently_played() == []
        assert budgets.quota(APP).strikes == 0


def test_the_five_that_are_forbidden_are_told_apart(client: Client, world: World, keeper: TokenKeeper) -> None:
    world.premium = False
    with pytest.raises(AppPaused, match="Premium") as paused:
        client.recently_played()
    assert paused.value.until - utc_now() > timedelta(minutes=59)
    world.premium = True
    with time_machine.travel(paused.value.until):
        assert client.recently_played() == []
    with time_machine.travel(paused.value.until + timedelta(seconds=1)):
        world.change_scopes("ann", [])
        with pytest.raises(ScopeMissing):
            client.recently_played()
        world.people["ann"].allowed = False
        with pytest.raises(NotAllowed, match="User Management"):
            client.track(TRACK)
        world.people["ann"].allowed = True
        world.gone.add("/v1/me/top/artists")
        world.change_scopes("ann", ["user-top-read"])
        with pytest.raises(EndpointGone) as gone:
            client.top("artists", "long_term", 0)
        assert client.top("tracks", "long_term", 0)["items"] == []
    world.gone.clear()
    asked = len(world.asked)
    with time_machine.travel(gone.value.until - timedelta(hours=1)), pytest.raises(EndpointGone):
        client.top("artists", "long_term", 0)
    assert len(world.asked) == asked + world.asked[asked:].count("POST /api/token")
    with time_machine.travel(gone.value.until):
        assert client.top("artists", "long_term", 0)["items"] == []


def test_what_is_not_there_is_missing(client: Client, world: World) -> None:
    for identity in ("z" * 22, "not-an-id-of-twenty-two"):
        with pytest.raises(Missing):
            client.track(identity)


def test_a_budget_ends_and_comes_back_a_day_later(
    client: Client, world: World, own: Settings, keeper: TokenKeeper, budgets: Budgets
) -> None:
    small = Client(own, Budgets(budgets._store, {**own.spotify_budgets, "tracks": 3}), keeper.tokens())
    now = utc_now()
    for _ in range(3):
        small.track(TRACK)
    with pytest.raises(BucketClosed, match="used up") as closed:
        small.track(TRACK)
    assert small.recently_played() == []
    assert closed.value.until > now + timedelta(days=1)
    with time_machine.travel(closed.value.until):
        assert small.track(TRACK)
