"""What was played lately, as the fake tells it: fifty plays, late ones, jitter, and instants without a fraction."""

from datetime import timedelta

from tests.fakes.browser import NOON, RECENT, Browser, identity, played, recent_tracks
from tests.fakes.spotify import World


def test_fifty_plays_are_held_whatever_is_asked(app: Browser, world: World) -> None:
    played(world, 60)
    told = app.get(RECENT, limit=50).json()
    listed = [each["track"]["id"] for each in told["items"]]
    assert listed == [identity(number) for number in range(59, 9, -1)]
    following = app.get(told["next"]).json()
    assert (following["items"], following["next"], following["cursors"]) == ([], None, None)
    assert len(app.get(RECENT).json()["items"]) == 20
    assert set(told["items"][0]) == {"track", "played_at", "context"}


def test_after_and_before_cut_inside_the_fifty_and_are_exclusive(app: Browser, world: World) -> None:
    played(world, 60)
    at = round((NOON - timedelta(minutes=1 + 3 * 5)).timestamp() * 1_000)  # the end of track 54
    assert recent_tracks(app, after=at) == [identity(number) for number in range(59, 54, -1)]
    assert recent_tracks(app, before=at)[0] == identity(53)
    assert recent_tracks(app, after=0)[-1] == identity(10)
    told = app.get(RECENT, limit=2, before=at).json()
    assert told["cursors"] == {"after": str(at - 180_000), "before": str(at - 360_000)}
    assert app.get(told["next"]).json()["items"][0]["track"]["id"] == identity(51)
    assert app.get(RECENT, after=at, before=at).status_code == 400
    assert app.get(RECENT, after="yesterday").status_code == 400


def test_what_is_too_short_private_or_not_over_is_not_told(app: Browser, world: World) -> None:
    world.listen("ann", identity(1), NOON, ms=29_999)
    world.listen("ann", identity(2), NOON, ms=0)
    world.listen("ann", identity(3), NOON, private=True)
    world.listen("ann", identity(4), NOON + timedelta(seconds=1))
    assert recent_tracks(app) == []
    world.listen("ann", identity(5), NOON, ms=30_000)
    assert recent_tracks(app) == [identity(5)]
    world.clock.forward(1)
    assert recent_tracks(app) == [identity(4), identity(5)]


def test_a_device_that_was_offline_tells_late_and_between_others(app: Browser, world: World) -> None:
    played(world, 3)
    world.listen("ann", identity(50), NOON - timedelta(minutes=5), late_by=1_800)
    assert recent_tracks(app) == [identity(2), identity(1), identity(0)]
    world.clock.forward(1_800)
    assert recent_tracks(app) == [identity(2), identity(1), identity(50), identity(0)]


def test_an_instant_has_milliseconds_unless_they_are_none(app: Browser, world: World) -> None:
    world.listen("ann", identity(1), NOON)
    world.listen("ann", identity(2), NOON - timedelta(milliseconds=996))
    told = [each["played_at"] for each in app.get(RECENT).json()["items"]]
    assert told == ["2026-10-01T12:00:00Z", "2026-10-01T11:59:59.004Z"]


def test_the_same_play_may_be_told_some_milliseconds_later(app: Browser, world: World) -> None:
    world.jitter_ms = 15
    played(world, 1)
    told = {app.get(RECENT).json()["items"][0]["played_at"][-5:] for _ in range(3)}
    assert len(told) == 3


def test_a_play_tells_where_it_was_played_from(app: Browser, world: World) -> None:
    world.listen("ann", identity(1), NOON, context=f"spotify:playlist:{identity(5)}")
    world.listen("ann", identity(2), NOON - timedelta(minutes=9))
    first, second = app.get(RECENT).json()["items"]
    assert first["context"]["type"] == "playlist"
    assert first["context"]["uri"].endswith(identity(5))
    assert second["context"] is None
