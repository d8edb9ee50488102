"""What must hold of the series and habits of any listener."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats_core.clock import instant_ms
from stats_core.documents.listeners import StreamRule
from stats_core.documents.plays import Play
from stats_core.history.columns import history_of_plays
from stats_core.history.reader import Heard
from stats_core.insights import answered
from tests.insights.answers import answer
from tests.insights.plays import CHANGES, keyed, listener, play, utc
from tests.insights.test_properties import EVERYTHING, HISTORIES, instants, near

MINUTE = timedelta(minutes=1)
artists = st.sampled_from("ABCDE")
plays_of_artists = st.lists(st.tuples(artists, st.integers(0, 12), st.integers(0, 3)), min_size=1, max_size=25)


def of_days(heard: list[tuple[str, int, int]]) -> list[Play]:
    """Plays of artists at some hours of some days."""
    start = utc("2024-02-25")
    return keyed(play(start + timedelta(days=day, hours=hour), artist=artist) for artist, day, hour in heard)


@given(near, st.integers(1, 200))
@settings(max_examples=60, deadline=None)
def test_sessions_of_adjacent_periods_add_up(case: tuple[str, list[int]], gap: int) -> None:
    zone, seconds = case
    start, middle, end = instants(zone, seconds)
    whole, first, second = (
        answer("sessions", HISTORIES[zone], {"start": low, "end": high, "gap": str(gap), **EVERYTHING})
        for low, high in ((start, end), (start, middle), (middle, end))
    )
    for name in ("total", "plays", "ms", "length"):
        assert whole[name] == first[name] + second[name]


@pytest.mark.parametrize("zone", CHANGES)
def test_a_longer_gap_makes_fewer_and_longer_sessions_of_the_same_plays(zone: str) -> None:
    told = [answer("sessions", HISTORIES[zone], {"gap": str(gap), **EVERYTHING}) for gap in (1, 5, 30, 240, 1_440)]
    summary = answer("summary", HISTORIES[zone], EVERYTHING)
    assert all((each["plays"], each["ms"]) == (summary["plays"], summary["ms"]) for each in told)
    assert [each["total"] for each in told] == sorted((each["total"] for each in told), reverse=True)
    lengths = [each["sessions"][0]["length"] for each in told]
    assert lengths == sorted(lengths)


@given(near, st.sampled_from(["hour", "day", "week"]), st.integers(2, 9), st.sampled_from(["items", "new_share", "ms"]))
@settings(max_examples=60, deadline=None)
def test_what_a_window_holds_does_not_hang_on_where_the_period_begins(
    case: tuple[str, list[int]], bucket: str, window: int, measure: str
) -> None:
    zone, seconds = case
    start, middle, end = instants(zone, seconds)
    asked = {"end": end, "tz": zone, "bucket": bucket, "window": str(window), "measure": measure, **EVERYTHING}
    longer = answer("timeline", HISTORIES[zone], {"start": start, **asked})["points"]
    shorter = answer("timeline", HISTORIES[zone], {"start": middle, **asked})["points"]
    # Where clocks fall back across midnight a period can end in the day before the one it came to.
    known = {point["start"]: point for point in longer}
    assert [known[point["start"]] for point in shorter] == shorter


@given(plays_of_artists)
@settings(deadline=None)
def test_days_with_and_without_music_are_all_days(heard: list[tuple[str, int, int]]) -> None:
    history = history_of_plays(of_days(heard))
    silent = answer("days-without-music", history, {"limit": "100"})
    streaks = answer("streaks", history, {"limit": "100"})
    assert silent["days"] == sum(gap["days"] for gap in silent["gaps"])
    assert silent["all_days"] - silent["days"] == sum(streak["days"] for streak in streaks["streaks"])
    assert streaks["total"] - 1 == silent["total"]
    assert sum(streak["plays"] for streak in streaks["streaks"]) == len(heard)


@given(plays_of_artists)
@settings(deadline=None)
def test_equal_streaks_of_artists_come_by_plays_then_the_earlier_then_id(heard: list[tuple[str, int, int]]) -> None:
    plays = of_days(heard)
    told = answer("streaks", history_of_plays(plays), {"of": "artists", "limit": "100"})
    assert answer("streaks", history_of_plays(plays[::-1]), {"of": "artists", "limit": "100"}) == told
    ranked = [(-one["days"], -one["plays"], one["start"], one["artist"]["id"]) for one in told["streaks"]]
    assert ranked == sorted(ranked)
    for one in told["streaks"]:
        alone = answer("streaks", history_of_plays(plays), {"artist": one["artist"]["id"], "limit": "1"})["streaks"][0]
        assert {**alone, "rank": one["rank"], "artist": one["artist"]} == one


def test_the_current_streak_ends_two_days_after_its_last_play_or_with_the_period() -> None:
    history = history_of_plays(of_days([("A", 0, 0), ("A", 1, 0), ("A", 3, 0), ("A", 4, 2)]))
    zone = {"tz": "Europe/Berlin"}

    def current(now: str, **given: str) -> int:
        told = answer("streaks", history, zone | given, now=instant_ms(utc(now)))
        assert sum(one["days"] for one in told["streaks"] if one["current"]) == told["current"]
        return int(told["current"])

    assert [current(f"2024-{at}") for at in ("02-29T12:00:00", "03-01T22:59:00", "03-01T23:00:00")] == [2, 2, 0]
    assert current("2024-12-01", end="2024-02-28") == 2
    assert current("2024-12-01", end="2024-02-27") == 2
    assert current("2024-12-01", end="2024-03-03") == 0
    assert current("2024-03-01", end="2024-03-03") == 2


def test_a_session_goes_on_under_a_long_play_and_through_what_is_not_counted() -> None:
    long = play("2024-01-01T10:00:00", ms=7_200_000, name="Long")
    inside = play("2024-01-01T10:05:00", ms=60_000, name="Inside")
    skipped = play("2024-01-01T12:09:00", ms=1_000, name="Skipped")
    after = play("2024-01-01T12:19:00", ms=60_000, name="After")
    secret = play("2024-01-01T12:28:00", ms=60_000, name="Secret", private=True)
    last = play("2024-01-01T12:38:00", ms=60_000, name="Last")
    history = history_of_plays(keyed([long, inside, skipped, after, secret, last]))
    told = answer("sessions", history, {})
    assert [(one["plays"], one["first"]["name"]) for one in told["sessions"]] == [(3, "Long"), (1, "Last")]
    assert answer("sessions", history, {"private": "include"})["total"] == 1
    assert answer("sessions", history, {"start": "2024-01-01T10:01:00Z", "end": "2024-01-01T12:30:00Z"})["total"] == 0
    told = answer("sessions", history, {"end": "2024-01-01T10:01:00Z"})
    assert (told["total"], told["plays"], told["sessions"][0]["end"]) == (1, 3, "2024-01-01T12:20:00Z")


@pytest.mark.parametrize("statistic", ["streaks", "days-without-music", "seasons"])
def test_a_period_that_is_over_is_answered_for_good_another_until_it_changes(statistic: str) -> None:
    heard = Heard(listener("Europe/Berlin"), history_of_plays(of_days([("A", 0, 0), ("A", 3, 1)])))

    def until(now: str, **given: str) -> int | None:
        return answered(statistic, heard, given, now=instant_ms(utc(now))).valid_until

    assert until("2024-03-01T00:00:00", period="2024-02") is None
    unfinished = until("2024-02-28T12:34:56", period="2024-02")
    assert unfinished is not None
    assert instant_ms(utc("2024-02-28T12:34:56")) < unfinished <= instant_ms(utc("2024-02-28T23:00:00"))


def test_a_skip_rate_is_of_short_plays_too_unless_asked_otherwise() -> None:
    reasons = [("fwdbtn", 2_000), ("backbtn", 40_000), ("trackdone", 180_000), ("unknown", 1_000), (None, 1_000)]
    plays = [play(f"2024-01-0{day}", ms, reason_end=reason) for day, (reason, ms) in enumerate(reasons, start=1)]
    history, who = history_of_plays(keyed(plays)), listener(rule=StreamRule(min_ms=10_000))
    for asked, least, rate in (({}, 0, 2 / 3), ({"min_ms": "30000"}, 30_000, 1 / 2)):
        told = answer("timeline", history, {"measure": "skip_rate", "bucket": "year", **asked}, who)
        assert (told["rule"]["min_ms"], told["points"][0]["value"]) == (least, rate)
    assert answer("timeline", history, {"measure": "items"}, who)["rule"]["min_ms"] == 10_000
