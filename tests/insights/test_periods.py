"""Dates, instants, periods and the listener's own rule, by example."""

import pytest

from stats_core.documents.listeners import StreamRule
from stats_core.documents.words import Kind
from stats_core.history.columns import history_of_plays
from tests.insights.answers import answer
from tests.insights.plays import keyed, listener, play

EMPTY = history_of_plays([])
TWO = history_of_plays(keyed([play("2024-03-30T23:30:00"), play("2024-03-31T01:00:00", ms=240_000)]))
ALL = (
    *("summary", "top/tracks", "top/artists", "top/albums", "top/shows", "timeline", "clock", "plays"),
    *("hours", "seasons", "sessions", "streaks", "days-without-music"),
)


@pytest.mark.parametrize(
    ("zone", "date", "begins"),
    [
        ("UTC", "2024-01-31", "2024-01-31T00:00:00Z"),
        ("Europe/Berlin", "2024-03-31", "2024-03-31T00:00:00+01:00"),
        ("Pacific/Chatham", "2024-12-31", "2024-12-31T00:00:00+13:45"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00"),
        ("America/St_Johns", "2006-10-29", "2006-10-29T00:00:00-02:30"),
        ("Europe/London", "2024-01-01", "2024-01-01T00:00:00+00:00"),
        ("Africa/Monrovia", "1971-06-01", "1971-06-01T00:44:30Z"),
    ],
)
def test_a_date_is_its_first_instant_in_the_zone(zone: str, date: str, begins: str) -> None:
    got = answer("summary", EMPTY, {"start": date, "tz": zone})
    assert got["period"] == {"start": begins, "end": None, "timezone": zone}


@pytest.mark.parametrize(
    ("given", "begins"),
    [
        ("2024-01-31T18:30:00Z", "2024-01-31T19:30:00+01:00"),
        ("2024-01-31t18:30z", "2024-01-31T19:30:00+01:00"),
        ("2024-01-31T18:30:00.1239+05:30", "2024-01-31T14:00:00.123+01:00"),
        ("2024-01-31T18:30:00 05:30", "2024-01-31T14:00:00+01:00"),
        ("2024-01-31 18:30:00-05:30", "2024-02-01T01:00:00+01:00"),
        ("2024-01-31T18:30:00", "2024-01-31T18:30:00+01:00"),
        ("2024-03-31T02:30:00", "2024-03-31T03:00:00+02:00"),
        ("2024-10-27T02:30:00", "2024-10-27T02:30:00+02:00"),
    ],
)
def test_an_instant_without_an_offset_is_read_in_the_zone(given: str, begins: str) -> None:
    got = answer("summary", EMPTY, {"start": given}, listener("Europe/Berlin"))
    assert got["period"]["start"] == begins


def test_without_a_period_all_plays_are_in_it() -> None:
    got = answer("summary", TWO, {"tz": "Europe/Berlin"})
    assert got["period"] == {
        "start": "2024-03-31T00:30:00+01:00",
        "end": "2024-03-31T03:04:00+02:00",
        "timezone": "Europe/Berlin",
    }
    assert (got["plays"], got["active_days"]) == (2, 1)
    assert (got["first_play"], got["last_play"]) == ("2024-03-31T00:30:00+01:00", "2024-03-31T03:00:00+02:00")


def test_a_play_of_no_length_is_in_the_period_it_ends() -> None:
    history = history_of_plays(keyed([play("2024-01-01", ms=0)]))
    got = answer("summary", history, {"min_ms": "0"})
    assert (got["plays"], got["period"]["end"]) == (1, "2024-01-01T00:00:00.001Z")


def test_the_end_is_not_in_the_period() -> None:
    assert answer("summary", TWO, {"end": "2024-03-31T01:00:00Z"})["plays"] == 1
    assert answer("summary", TWO, {"start": "2024-03-31T01:00:00Z"})["plays"] == 1


@pytest.mark.parametrize("statistic", ALL)
def test_an_empty_history_and_a_period_without_plays_have_answers(statistic: str) -> None:
    nothing = answer(statistic, EMPTY, {})
    assert nothing["period"] == {"start": None, "end": None, "timezone": "UTC"}
    for history in (EMPTY, TWO):
        for given in ({"start": "2030-01-01"}, {"end": "2001-01-01"}, {"start": "2001-01-01", "end": "2001-02-01"}):
            got = answer(statistic, history, given)
            assert got.get("plays", 0) in (0, [], [[0] * 24] * 7)
            assert got.get("items", []) == []
            assert got.get("total", 0) == got.get("days", 0) == got.get("current", 0) == 0
            for listed in ("hours", "months", "sessions", "streaks"):
                assert all(line["plays"] == line["ms"] == 0 for line in got.get(listed, ()))


def test_empty_buckets_are_points_too() -> None:
    points = answer("timeline", EMPTY, {"start": "2001-01-15", "end": "2001-03-01"})["points"]
    assert points == [
        {"start": "2001-01-01T00:00:00Z", "plays": 0, "ms": 0, "partial": True},
        {"start": "2001-02-01T00:00:00Z", "plays": 0, "ms": 0, "partial": False},
    ]


def test_the_repeated_hour_is_two_points_and_one_cell() -> None:
    history = history_of_plays(keyed([play("2024-10-27T00:10:00"), play("2024-10-27T01:10:00")]))
    given = {"start": "2024-10-27", "end": "2024-10-28", "tz": "Europe/Berlin"}
    points = answer("timeline", history, {**given, "bucket": "hour"})["points"]
    assert len(points) == 25
    assert [point["start"] for point in points if point["plays"]] == [
        "2024-10-27T02:00:00+02:00",
        "2024-10-27T02:00:00+01:00",
    ]
    assert answer("clock", history, given)["plays"][6][2] == 2


def test_a_skipped_date_has_no_point() -> None:
    given = {"start": "2011-12-29", "end": "2012-01-01", "tz": "Pacific/Apia", "bucket": "day"}
    points = answer("timeline", EMPTY, given)["points"]
    assert [point["start"] for point in points] == ["2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"]
    assert not any(point["partial"] for point in points)


def test_the_week_begins_on_monday() -> None:
    given = {"start": "2024-12-30", "end": "2025-01-06", "bucket": "week"}
    points = answer("timeline", EMPTY, given)["points"]
    assert points == [{"start": "2024-12-30T00:00:00Z", "plays": 0, "ms": 0, "partial": False}]


@pytest.mark.parametrize(
    ("own", "of_tracks", "of_shows", "of_all"),
    [
        (None, ["track"], ["episode"], ["track"]),
        (("track", "episode"), ["track", "episode"], ["track", "episode"], ["track", "episode"]),
        (("episode",), ["track"], ["episode"], ["episode"]),
        (("track",), ["track"], ["episode"], ["track"]),
        (("unknown",), ["track"], ["episode"], ["unknown"]),
    ],
)
def test_the_listeners_kinds_hold_where_they_make_sense(
    own: tuple[Kind, ...] | None, of_tracks: list[str], of_shows: list[str], of_all: list[str]
) -> None:
    who = listener(rule=StreamRule(kinds=own))
    kinds = [answer(name, EMPTY, {}, who)["rule"]["kinds"] for name in ("top/tracks", "top/shows", "summary", "plays")]
    assert kinds == [of_tracks, of_shows, of_all, of_all]


def test_a_question_goes_before_the_listeners_rule_and_zone() -> None:
    who = listener("Asia/Kolkata", StreamRule(min_ms=1_000, private="include"))
    assert answer("summary", TWO, {}, who)["rule"] == {"min_ms": 1_000, "kinds": ["track"], "private": "include"}
    assert answer("summary", TWO, {}, who)["period"]["timezone"] == "Asia/Kolkata"
    given = {"min_ms": "0", "kinds": "chapter, track", "private": "only", "tz": "UTC"}
    got = answer("summary", TWO, given, who)
    assert got["rule"] == {"min_ms": 0, "kinds": ["track", "chapter"], "private": "only"}
    assert got["period"]["timezone"] == "UTC"


def test_private_that_is_not_told_is_not_private() -> None:
    plays = [play("2024-01-01", private=flag) for flag in (None, False, True)]
    history = history_of_plays(keyed(plays))
    counts = [answer("summary", history, {"private": word})["plays"] for word in ("exclude", "include", "only")]
    assert counts == [2, 3, 1]
