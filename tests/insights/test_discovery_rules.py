"""The edges of discoveries, returns, moves, milestones and records, one by one."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats_core.clock import instant_ms
from stats_core.documents.plays import Play
from stats_core.history.columns import History, history_of_plays
from stats_core.history.reader import Heard
from stats_core.insights import answer_of, asked
from tests.insights import recount_discovery as slow
from tests.insights.answers import ADA, NOW, answer
from tests.insights.catalogues import listened
from tests.insights.listened import Listened
from tests.insights.plays import keyed, play, utc
from tests.insights.test_discovery import bare

DAY, MS = timedelta(days=1), timedelta(milliseconds=1)
NEW_YEAR = utc("2016-01-01")
PAUSES = [0 * MS, DAY, 30 * DAY, 45 * DAY, 90 * DAY, 90 * DAY + MS, 365 * DAY - MS, 365 * DAY, 400 * DAY]

pauses = st.lists(st.one_of(st.sampled_from(PAUSES), st.just(DAY)), min_size=11, max_size=25)


def after_pauses(name: str, waited: Iterable[timedelta]) -> list[Play]:
    """Plays of one song, each so long after the one before."""
    at, plays = NEW_YEAR, []
    for pause in waited:
        at += pause
        plays.append(play(at, 100_000, name=name))
    return plays


def each_year(statistic: str, history: History, **given: str) -> list[dict[str, Any]]:
    """The lines of one year after the other."""
    return [
        line
        for year in range(2015, 2045)
        for line in answer(statistic, history, {**given, "period": str(year), "limit": "100"})["items"]
    ]


@given(st.lists(pauses, min_size=1, max_size=3))
@settings(max_examples=50, deadline=None)
def test_what_came_back_is_found_to_the_millisecond_and_in_its_own_year(songs: list[list[timedelta]]) -> None:
    plays = keyed(each for number, waited in enumerate(songs) for each in after_pauses(f"Song {number}", waited))
    history = history_of_plays(plays)
    track = Listened(plays).track
    expected = slow.rediscoveries(plays, lambda _: True, lambda each: [("track", track(each)[0])], "UTC")
    got = answer("rediscoveries", history, {"limit": "100"})
    assert (got["total"], [bare(line) for line in got["items"]]) == (len(expected), expected)
    years = [bare(line) for line in each_year("rediscoveries", history)]
    assert sorted(years, key=repr) == sorted(expected, key=repr)


@pytest.mark.parametrize(
    ("waited", "found"),
    [
        ([*[DAY] * 10, 365 * DAY, 89 * DAY, DAY], 1),
        ([*[DAY] * 9, 365 * DAY, 89 * DAY, DAY], 0),
        ([*[DAY] * 10, 365 * DAY - MS, 89 * DAY, DAY], 0),
        ([*[DAY] * 10, 365 * DAY, 89 * DAY, DAY + MS], 0),
        ([*[DAY] * 10, 365 * DAY, DAY], 0),
        ([*[DAY] * 10, 365 * DAY, DAY, DAY, 365 * DAY, DAY, DAY], 2),
    ],
)
def test_ten_plays_a_year_away_and_three_within_ninety_days(waited: list[timedelta], found: int) -> None:
    assert answer("rediscoveries", history_of_plays(keyed(after_pauses("Song", waited))), {})["total"] == found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("statistic", "given"),
    [("discoveries", {"of": "artists"}), ("discoveries", {}), ("adoptions", {"n": "3"}), ("milestones", {})],
)
def test_what_lies_in_a_year_is_the_same_in_all_time(statistic: str, given: dict[str, str], seed: int) -> None:
    told = {"plays", "ms"} if statistic == "discoveries" else set()
    heard = listened("UTC", seed, 0.5)
    history = heard.history([each for each in heard.plays if 2015 <= each.start.year < 2045])
    whole = {} if statistic == "milestones" else {"limit": "100"}
    everything = answer(statistic, history, {**given, **whole})["items"]
    of_years = [
        line
        for year in range(2015, 2045)
        for line in answer(statistic, history, {**given, **whole, "period": str(year)})["items"]
    ]
    stripped = [
        [{name: line[name] for name in line.keys() - told} for line in lines] for lines in (everything, of_years)
    ]
    assert sorted(stripped[0], key=repr) == sorted(stripped[1], key=repr)
    assert everything


def test_a_filter_holds_for_the_first_play_too() -> None:
    plays = [play("2023-05-01", platform="ios"), play("2024-05-01", platform="android")]
    history = history_of_plays(keyed(plays))
    assert answer("discoveries", history, {"period": "2024"})["total"] == 0
    got = answer("discoveries", history, {"period": "2024", "platform": "android"})
    assert [line["first_play"] for line in got["items"]] == ["2024-05-01T00:00:00Z"]


def test_only_the_hundred_most_played_of_either_period_move() -> None:
    def month(name: str, order: Iterable[int]) -> list[Play]:
        minute = timedelta(minutes=5)
        return [play(utc(f"{name}-01") + place * minute, name=f"Song {song}") for place, song in enumerate(order)]

    before, here = [*range(150)], [*range(140, 150), *range(1, 140), 0]
    history = history_of_plays(keyed(month("2024-01", before) + month("2024-02", here)))
    got = answer("movers", history, {"period": "2024-02", "limit": "100"})
    moved = {line["name"]: (line["previous_rank"], line["rank"]) for line in got["climbers"] + got["fallers"]}
    expected = {
        f"Song {song}": (before.index(song) + 1, here.index(song) + 1)
        for song in range(150)
        if before.index(song) < 100 or here.index(song) < 100
    }
    assert moved == {song: ranks for song, ranks in expected.items() if ranks[0] != ranks[1]}
    assert [line["change"] for line in got["climbers"]] == [140] * 10
    assert [line["change"] for line in got["fallers"]][:2] == [-149, -9]


def test_whole_months_move_against_months_and_without_a_start_nothing_does() -> None:
    plays = [play("2024-01-15", name="A"), play("2024-01-16", name="B"), play("2024-03-01", name="B")]
    history = history_of_plays(keyed(plays))
    got = answer("movers", history, {"start": "2024-03-01", "end": "2024-05-01"})
    assert got["before"] == {"start": "2024-01-01T00:00:00Z", "end": "2024-03-01T00:00:00Z", "timezone": "UTC"}
    assert [(line["name"], line["change"]) for line in got["climbers"] + got["fallers"]] == [("B", 1), ("A", -1)]
    for period in ({}, {"end": "2024-05-01"}, {"period": "all"}):
        got = answer("movers", history, period)
        assert (got["before"], got["climbers"], got["fallers"], got["new"]) == (None, [], [], 0)


def test_milestones_are_the_first_hundredth_thousandth_and_every_ten_thousandth() -> None:
    minute = timedelta(minutes=4)
    plays = [play(NEW_YEAR + number * minute, name=f"Song {number % 7}") for number in range(20_500)]
    history = history_of_plays(keyed(plays))
    got = answer("milestones", history, {})
    assert [line["number"] for line in got["items"]] == [1, 100, 1_000, 10_000, 20_000]
    starts = [datetime.fromisoformat(line["start"]) for line in got["items"]]
    assert starts == [NEW_YEAR + (number - 1) * minute for number in (1, 100, 1_000, 10_000, 20_000)]
    assert (got["plays"], got["next"]) == (20_500, {"number": 30_000, "missing": 9_500})
    end = (NEW_YEAR + 999 * minute).isoformat()
    assert [line["number"] for line in answer("milestones", history, {"end": end})["items"]] == [1, 100]
    assert [line["number"] for line in answer("milestones", history, {"start": end})["items"]] == [
        1_000,
        10_000,
        20_000,
    ]


@pytest.mark.parametrize(
    ("plays", "following"), [(0, (1, 1)), (1, (100, 99)), (99, (100, 1)), (100, (1_000, 900)), (1_000, (10_000, 9_000))]
)
def test_the_next_milestone_is_the_one_after_the_last_play(plays: int, following: tuple[int, int]) -> None:
    history = history_of_plays(keyed(play(NEW_YEAR + number * DAY) for number in range(plays)))
    assert tuple(answer("milestones", history, {})["next"].values()) == following


def test_what_nobody_named_is_a_milestone_and_no_repetition() -> None:
    nothing = [play(f"2024-01-01T0{hour}:00:00", kind="unknown", name=None, artist=None) for hour in range(3)]
    song = [play(f"2024-01-02T0{hour}:00:00") for hour in range(2)]
    history = history_of_plays(keyed(nothing + song))
    kinds = {"kinds": "track,unknown"}
    assert answer("milestones", history, kinds)["items"][0]["item"] is None
    records = answer("records", history, kinds)
    assert records["day"]["by_plays"]["plays"] == 3
    assert (records["repeated"]["date"], records["repeated"]["plays"]) == ("2024-01-02", 2)
    assert answer("records", history, {"kinds": "unknown"})["repeated"] is None


def test_the_most_repeated_is_the_one_of_the_earliest_day_then_of_the_smallest_id() -> None:
    plays = [
        play(f"2024-01-0{day}T0{hour}:00:00", name=name, uri=f"spotify:track:{name * 22}")
        for day, name in ((2, "c"), (2, "b"), (3, "a"))
        for hour in (1, 2)
    ]
    repeated = answer("records", history_of_plays(keyed(plays)), {})["repeated"]
    assert (repeated["date"], repeated["id"]) == ("2024-01-02", "b" * 22)


def test_a_repeated_hour_is_two_and_a_cut_one_is_partial() -> None:
    plays = [
        play(f"2024-10-27T0{hour}:{minute}0:00") for hour, minute in ((0, 1), (0, 2), (1, 3), (2, 1), (2, 2), (2, 3))
    ]
    given = {"tz": "Europe/Berlin", "start": "2024-10-27T00:00:00Z", "end": "2024-10-27T02:25:00Z"}
    records = answer("records", history_of_plays(keyed(plays)), given)
    hour = {"start": "2024-10-27T02:00:00+02:00", "plays": 2, "ms": 360_000, "partial": False}
    assert records["hour"] == {"by_plays": hour, "by_ms": hour}
    day = {"start": "2024-10-27T00:00:00+02:00", "plays": 5, "ms": 900_000, "partial": True}
    assert records["day"]["by_plays"] == day
    later = answer("records", history_of_plays(keyed(plays)), given | {"start": "2024-10-27T02:00:00Z"})
    assert later["hour"]["by_plays"] == {
        "start": "2024-10-27T03:00:00+01:00",
        "plays": 2,
        "ms": 360_000,
        "partial": True,
    }


def test_of_two_equal_days_the_one_with_more_of_the_other_measure_is_the_record_then_the_earlier() -> None:
    plays = [
        play("2024-01-01T10:00:00", 100_000),
        play("2024-01-02T10:00:00", 200_000),
        play("2024-01-03T10:00:00", 200_000),
        play("2024-01-04T10:00:00", 50_000),
        play("2024-01-04T11:00:00", 150_000),
    ]
    day = answer("records", history_of_plays(keyed(plays)), {"end": "2024-01-04"})["day"]
    assert day["by_plays"]["start"] == "2024-01-02T00:00:00Z"
    assert answer("records", history_of_plays(keyed(plays)), {})["day"]["by_ms"]["start"] == "2024-01-04T00:00:00Z"


def test_only_full_minutes_of_a_day_count_for_the_number_by_ms() -> None:
    plays = [play(f"2024-01-0{day}", 119_999) for day in range(1, 4)]
    history = history_of_plays(keyed(plays))
    got = answer("eddington", history, {"by": "ms"})
    assert (got["number"], got["next"]) == (1, {"number": 2, "days": 0, "missing": 2})
    more = history_of_plays(keyed([*plays, play("2024-01-01T10:00:00", 30_000), play("2024-01-02T10:00:00", 30_000)]))
    assert answer("eddington", more, {"by": "ms"})["number"] == 2


@pytest.mark.parametrize(
    ("today", "found"),
    [
        ("2023-02-28", ["2020-02-28", "2020-02-29"]),
        ("2024-02-28", ["2020-02-28"]),
        ("2024-02-29", ["2020-02-29"]),
        ("2023-03-01", ["2020-03-01"]),
        ("2020-02-28", []),
    ],
)
def test_a_leap_day_has_its_anniversary_on_the_last_of_february(today: str, found: list[str]) -> None:
    first = ("2020-02-28", "2020-02-29", "2020-03-01")
    plays = [play(utc(day) + number * 40 * DAY, name=day) for day in first for number in range(10)]
    got = answer("anniversaries", history_of_plays(keyed(plays)), {}, now=instant_ms(utc(today)))
    assert sorted(line["name"] for line in got["items"]) == found


def test_anniversaries_hold_until_the_end_of_the_day_and_all_else_for_ever() -> None:
    heard = Heard(ADA, history_of_plays(keyed(play(NEW_YEAR + number * DAY) for number in range(12))))
    now = utc("2020-01-01T22:30:00")
    told = answer_of(asked("anniversaries", {"tz": "Europe/Berlin", "end": "2018-01-01"}), heard, now=instant_ms(now))
    assert (told.answer.date, len(told.answer.items)) == ("2020-01-01", 1)  # type: ignore[attr-defined]
    assert told.valid_until == instant_ms(utc("2020-01-01T23:00:00"))
    for name in ("discoveries", "rediscoveries", "one-hit-wonders", "adoptions", "milestones", "records", "eddington"):
        assert answer_of(asked(name, {}), heard, now=NOW).valid_until is None
