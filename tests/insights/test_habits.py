"""Series and habits are what a slow count of the same plays says, in zones where clocks do odd things."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import cycle
from random import Random
from typing import Any

import pytest

from stats_core.clock import instant_ms
from stats_core.documents.plays import Play
from stats_core.documents.words import KINDS
from stats_core.history.columns import History
from tests.insights import recount_habits as slow
from tests.insights.answers import answer
from tests.insights.catalogues import with_catalogue
from tests.insights.listened import Asked, Listened
from tests.insights.plays import CHANGES, keyed, play, some_plays, utc

MEASURES = ("plays", "ms", "items", "artists", "new_items", "new_share", "skip_rate")
LATER = utc("2130-01-01")
"""After every made-up play."""


@dataclass(frozen=True)
class Made:
    """A made-up listener, and what names their plays."""

    zone: str
    heard: Listened
    history: History

    @cached_property
    def _titles(self) -> dict[str, str | None]:
        ids = {play.id: self.heard.title(play) for play in self.heard.plays}
        return {play.id: (one := ids[play.id]) and f"{play.kind} {one}" for play in self.heard.plays}

    @cached_property
    def _artists(self) -> dict[str, list[str]]:
        return {play.id: self.heard.credited(play) for play in self.heard.plays}

    def title(self, play: Play) -> str | None:
        """Kind and id of what was played."""
        return self._titles[play.id]

    def artists(self, play: Play) -> list[str]:
        """The artists a play counts for."""
        return self._artists[play.id]

    def here(self, asked: Asked) -> list[Play]:
        """What passes of the period."""
        return self.heard.passing(asked)

    def ever(self, asked: Asked) -> list[Play]:
        """What passes of the whole history."""
        return self.heard.passing(replace(asked, start=None, end=None))

    def period(self, asked: Asked) -> slow.Period | None:
        """What was asked, with open sides filled in."""
        return slow.period_of(self.heard.plays, asked.start, asked.end)

    def told(self, statistic: str, asked: Asked, now: datetime = LATER, **given: str) -> dict[str, Any]:
        """The answer."""
        return answer(statistic, self.history, {**asked.given, **given}, now=instant_ms(now))

    def listed(self, statistic: str, field: str, asked: Asked, now: datetime, **given: str) -> list[dict[str, Any]]:
        """The whole list of a statistic, by pages, without ranks; which are their numbers."""
        lines: list[dict[str, Any]] = []
        while True:
            page = self.told(statistic, asked, now, limit="13", offset=str(len(lines)), **given)
            lines += page[field]
            if not page[field]:
                assert page["total"] == len(lines)
                assert [line.pop("rank") for line in lines] == list(range(1, len(lines) + 1))
                return lines


@pytest.fixture(
    scope="module",
    params=[(zone, seed, part) for zone in CHANGES for seed, part in ((1, 0.0), (1, 1.0), (2, 0.5))],
    ids=lambda one: "-".join(map(str, one)),
)
def made(request: pytest.FixtureRequest) -> Made:
    """A zone and a made-up listener around its change of clocks, with none, half or all of the catalogue."""
    zone, seed, part = request.param
    heard = with_catalogue(some_plays(zone, seed), part, f"{zone} {seed}")
    shuffled = Random(seed).sample(heard.plays, len(heard.plays))  # noqa: S311
    return Made(zone, heard, heard.history(shuffled))


def questions(made: Made) -> Iterator[Asked]:
    """Questions about a listener: all of it, parts of it, other rules, filters."""
    zone, change = made.zone, utc(CHANGES[made.zone])
    wide = Asked(zone, min_ms=0, private="include", kinds=KINDS)
    artists = sorted({artist for play in made.heard.plays for artist in made.artists(play)})
    yield Asked(zone)
    yield Asked(zone, start=change - timedelta(hours=2), end=change + timedelta(hours=2))
    yield replace(wide, start=change - timedelta(days=40))
    yield Asked(zone, end=change + timedelta(days=3), private="only")
    yield Asked(zone, start=change - timedelta(days=9, hours=5), end=change + timedelta(days=20, minutes=1))
    yield replace(wide, artist=tuple(artists[1:4]), end=change + timedelta(days=200))
    yield replace(wide, min_share=0.5, platform=("android", "unknown"), start=change - timedelta(days=500))
    yield Asked(zone, start=change + timedelta(days=30_000))


def at_times(made: Made) -> Iterator[tuple[Asked, datetime]]:
    """The questions, each asked at another time around the change, and long after it."""
    for asked, hours in zip(questions(made), cycle((-30, -1, 1, 30)), strict=False):
        yield asked, utc(CHANGES[made.zone]) + timedelta(hours=hours)
        yield asked, LATER


@pytest.mark.parametrize(
    ("bucket", "days", "windows"),
    [
        ("hour", (0.1, 0.6), (1, 2, 24)),
        ("day", (1, 12), (1, 2, 7, 30)),
        ("week", (5, 40), (1, 3)),
        ("month", (5, 200), (1, 4)),
        ("year", (100, 900), (1, 2)),
    ],
)
def test_a_timeline_measures_what_a_walk_through_the_period_says(
    made: Made, bucket: str, days: tuple[float, float], windows: tuple[int, ...]
) -> None:
    dice = Random(f"{made.zone} {bucket} {len(made.history)}")  # noqa: S311
    change = utc(CHANGES[made.zone]).replace(second=0)
    for window in windows:
        before, after = (timedelta(minutes=round(1440 * dice.uniform(*days))) for _ in range(2))
        kinds = dice.choice([("track",), KINDS])
        asked = Asked(made.zone, change - before, change + after, min_ms=dice.choice([0, 30_000]), kinds=kinds)
        period = made.period(asked)
        assert period is not None
        measures = dice.sample(MEASURES, 3)
        walked = slow.Walk(period, made.zone, bucket, window)
        for measure in measures:
            got = made.told("timeline", asked, bucket=bucket, window=str(window), measure=measure)
            assert (got["window"], got["measure"]) == (window, measure)
            points = [{name: each for name, each in point.items() if name != "start"} for point in got["points"]]
            assert points == walked.points(made.ever(asked), measure, made.title, made.artists)


def test_measures_leave_plays_and_ms_as_they_are(made: Made) -> None:
    for asked in questions(made):
        plain = made.told("timeline", asked, bucket="year")["points"]
        for measure in MEASURES:
            points = made.told("timeline", asked, bucket="year", measure=measure)["points"]
            assert plain == [{name: each for name, each in point.items() if name != "value"} for point in points]


def test_hours_are_what_a_slow_count_says(made: Made) -> None:
    for asked in questions(made):
        here = made.here(asked)
        assert made.told("hours", asked)["hours"] == slow.hours(here, made.zone)


def test_seasons_are_what_a_slow_count_says(made: Made) -> None:
    for asked, now in at_times(made):
        expected = slow.seasons(made.here(asked), made.period(asked), made.zone, now)
        assert made.told("seasons", asked, now)["months"] == expected


@pytest.mark.parametrize("gap", [1, 10, 240])
def test_sessions_are_what_a_slow_count_says(made: Made, gap: int) -> None:
    for asked in questions(made):
        ever = made.ever(asked)
        audible = made.here(Asked(made.zone, min_ms=0, kinds=KINDS, private=asked.private))
        found = slow.sessions(audible, ever, made.period(asked), timedelta(minutes=gap))
        expected = [slow.told(session, ever, made.zone, made.title) for session in found]
        expected.sort(key=lambda line: (-line["length"], -line["ms"], datetime.fromisoformat(line["start"])))
        lines = made.listed("sessions", "sessions", asked, LATER, gap=str(gap))
        for line in lines:
            line["first"] = line["first"] and f"{line['first']['kind']} {line['first']['id']}"
        assert lines == expected
        got = made.told("sessions", asked, gap=str(gap))
        assert (got["gap"], got["total"]) == (gap, len(expected))
        for name in ("plays", "ms", "length"):
            assert got[name] == sum(line[name] for line in expected)
        assert got["mean_length"] == (got["length"] / len(expected) if expected else None)


def test_streaks_are_what_a_slow_count_says(made: Made) -> None:
    for asked, now in at_times(made):
        here, period = made.here(asked), made.period(asked)
        dates = slow.dates_of(period, made.zone) if period else []
        last = slow.lasting(dates, asked.end, made.zone, now)
        expected = [line | {"artist": None} for line in slow.streaks(here, dates, last, made.zone)]
        assert made.listed("streaks", "streaks", asked, now) == expected
        of_artists = slow.artists_streaks(here, dates, last, made.zone, made.artists)
        lines = made.listed("streaks", "streaks", asked, now, of="artists")
        assert [line | {"artist": line["artist"]["id"]} for line in lines] == of_artists
        current = sum(line["days"] for line in expected if line["current"])
        assert [made.told("streaks", asked, now, of=of)["current"] for of in ("all", "artists")] == [current, current]


def test_days_without_music_are_what_a_slow_count_says(made: Made) -> None:
    for asked, now in at_times(made):
        dates, gaps = slow.silence(made.ever(asked), made.period(asked), made.zone, now)
        got = made.told("days-without-music", asked, now)
        edges = (str(dates[0]), str(dates[-1])) if dates else (None, None)
        assert (got["first_day"], got["last_day"], got["all_days"]) == (*edges, len(dates))
        assert got["days"] == sum(map(len, gaps))
        lines = made.listed("days-without-music", "gaps", asked, now)
        assert lines == [{"days": len(gap), "start": str(gap[0]), "end": str(gap[-1])} for gap in gaps]


@pytest.mark.parametrize("begin", ["28T02:30", "29T02:29", "29T02:30", "29T02:30:30", "29T02:31", "29T02:40"])
@pytest.mark.parametrize("end", ["29T02:30", "29T02:31", "29T02:50", "29T03:30", "29T03:31", "30T03:30", "31T12:00"])
def test_clocks_that_fall_back_across_midnight_count_each_day_once(begin: str, end: str) -> None:
    """At 00:01 of 29 October 2006 (02:31 UTC) it was 23:01 of the 28th again in St. John's."""
    zone = "America/St_Johns"
    asked = Asked(zone, utc(f"2006-10-{begin}"), utc(f"2006-10-{end}"))
    if asked.start >= asked.end:  # type: ignore[operator]
        return
    for times in (("29T02:30:10", "29T03:30"), ("29T02:29:59", "29T02:40"), ("28T02:31", "29T03:29:59", "31T01:00")):
        heard = Listened(keyed(play(f"2006-10-{at}") for at in ("26T12:00", *times)))
        made = Made(zone, heard, heard.history())
        for now in ("28T12:00", "29T02:30", "29T02:45", "29T03:30", "29T12:00", "30T03:30", "31T12:00", "31T18:00"):
            _holds_of_days(made, asked, utc(f"2006-10-{now}"))


def _holds_of_days(made: Made, asked: Asked, now: datetime) -> None:
    here, period = made.here(asked), made.period(asked)
    assert period is not None
    dates = slow.dates_of(period, made.zone)
    streaks = slow.streaks(here, dates, slow.lasting(dates, asked.end, made.zone, now), made.zone)
    lines = made.listed("streaks", "streaks", asked, now)
    assert lines == [line | {"artist": None} for line in streaks]
    looked_at, gaps = slow.silence(made.ever(asked), period, made.zone, now)
    got = made.told("days-without-music", asked, now)
    assert (got["all_days"], got["days"]) == (len(looked_at), sum(map(len, gaps)))
    assert [(gap["start"], gap["days"]) for gap in got["gaps"]] == [(str(gap[0]), len(gap)) for gap in gaps]
    assert made.told("seasons", asked, now)["months"] == slow.seasons(here, period, made.zone, now)
