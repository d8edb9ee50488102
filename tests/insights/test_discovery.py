"""Discoveries, returns, moves, milestones and records are what a slow count of the same plays says."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from stats_core.documents import Play
from stats_core.history.columns import History
from stats_core.history.months import instant_ms
from tests.insights import recount
from tests.insights import recount_discovery as slow
from tests.insights.answers import answer
from tests.insights.catalogues import with_catalogue
from tests.insights.listened import Asked, Listened
from tests.insights.plays import CHANGES, some_plays, utc
from tests.insights.recount_discovery import Belongs

NAMED = {"kind", "name", "by", "album", "image", "url"}
"""What an entry says besides its id and its numbers."""


@dataclass(frozen=True)
class Made:
    """A made-up listener, and what names the entries of their plays."""

    zone: str
    heard: Listened
    history: History

    def belongs(self, of: str) -> Belongs:
        """What a play counts for."""
        return self.heard.namer(of)

    def ever(self, asked: Asked) -> list[Play]:
        """What passes of the whole history."""
        return self.heard.passing(replace(asked, start=None, end=None))


def within(asked: Asked) -> Callable[[Play], bool]:
    """Whether a play lies in the period."""
    return lambda play: (
        (asked.start is None or play.start >= asked.start) and (asked.end is None or play.start < asked.end)
    )


@pytest.fixture(
    scope="module",
    params=[(zone, seed, part) for zone in CHANGES for seed, part in ((3, 0.0), (3, 1.0), (4, 0.5))],
    ids=lambda one: "-".join(map(str, one)),
)
def made(request: pytest.FixtureRequest) -> Made:
    """A zone and a made-up listener around its change of clocks, with none, half or all of the catalogue."""
    zone, seed, part = request.param
    heard = with_catalogue(some_plays(zone, seed, 400), part, f"{zone} {seed}")
    shuffled = Random(seed).sample(heard.plays, len(heard.plays))  # noqa: S311
    return Made(zone, heard, heard.history(shuffled))


def questions(zone: str) -> Iterator[Asked]:
    """Questions about a listener: all of it, parts of it, other rules."""
    change = utc(CHANGES[zone])
    yield Asked(zone)
    yield Asked(zone, start=change - timedelta(hours=2), end=change + timedelta(hours=2))
    yield Asked(zone, start=change - timedelta(days=400), min_ms=0, private="include")
    yield Asked(zone, end=change + timedelta(days=3), private="only", min_ms=0)
    yield Asked(zone, start=change + timedelta(days=30_000))


def lines_of(made: Made, statistic: str, given: Mapping[str, str], listed: str = "items") -> list[dict[str, Any]]:
    """Every line of a statistic by pages of odd sizes, ids and numbers only."""
    lines: list[dict[str, Any]] = []
    for limit in (7, 100):
        paged: list[dict[str, Any]] = []
        for offset in range(0, 500, limit):
            got = answer(statistic, made.history, {**given, "limit": str(limit), "offset": str(offset)})
            paged += got[listed]
            if len(paged) == got["total"]:
                break
        assert len(paged) == got["total"]
        assert not lines or lines == paged
        lines = paged
    return [bare(line) for line in lines]


def bare(line: Mapping[str, Any]) -> dict[str, Any]:
    """An entry's id and numbers."""
    return {name: value for name, value in line.items() if name not in NAMED}


@pytest.mark.parametrize("sort", ["newest", "plays", "ms"])
@pytest.mark.parametrize(("of", "entries"), [("items", "tracks"), ("artists", "artists")])
def test_discoveries(made: Made, of: str, entries: str, sort: str) -> None:
    for asked in questions(made.zone):
        expected = slow.discoveries(made.ever(asked), within(asked), made.belongs(entries), sort, made.zone)
        given = {**asked.given, "of": of, "sort": sort}
        assert lines_of(made, "discoveries", given) == expected.pop("items")
        got = answer("discoveries", made.history, given)
        assert {name: got[name] for name in expected} == expected


@pytest.mark.parametrize("n", [2, 10])
def test_adoptions(made: Made, n: int) -> None:
    for asked in questions(made.zone):
        expected = slow.adoptions(made.ever(asked), within(asked), made.belongs("artists"), n, made.zone)
        given = {**asked.given, "n": str(n)}
        assert lines_of(made, "adoptions", given) == expected
        got = answer("adoptions", made.history, given)
        assert (got["n"], got["adopted"]) == (n, sum(line["days"] is not None for line in expected))


def test_anniversaries(made: Made) -> None:
    found = 0
    for asked in questions(made.zone):
        ever = made.ever(asked)
        firsts = [plays[0] for plays in slow.groups(ever, made.belongs("tracks")).values() if len(plays) >= 10]
        for now in {play.start + timedelta(days=365 * years) for play in firsts for years in (0, 1, 4)}:
            today = recount.local(now, made.zone).date()
            got = answer("anniversaries", made.history, asked.given, now=instant_ms(now))
            expected = slow.anniversaries(ever, within(asked), made.belongs("tracks"), today, made.zone)
            assert got["date"] == today.isoformat()
            assert (got["total"], [bare(line) for line in got["items"]]) == (len(expected), expected[:20])
            found += len(expected)
    assert found


def test_rediscoveries(made: Made) -> None:
    for asked in questions(made.zone):
        expected = slow.rediscoveries(made.ever(asked), within(asked), made.belongs("tracks"), made.zone)
        assert lines_of(made, "rediscoveries", asked.given) == expected


@pytest.mark.parametrize("by", ["plays", "ms"])
@pytest.mark.parametrize("of", ["tracks", "artists", "albums"])
def test_movers(made: Made, of: str, by: str) -> None:
    change = utc(CHANGES[made.zone])
    for asked in questions(made.zone):
        for start, hours in ((change, 2), (change - timedelta(days=1), 24), (change - timedelta(days=400), 9_600)):
            end = start + timedelta(hours=hours)
            here = replace(asked, start=start, end=end)
            ever, before = made.ever(here), start - (end - start)
            climbers, fallers, new = slow.movers(ever, start, end, before, made.belongs(of), by)
            got = answer("movers", made.history, {**here.given, "of": of, "by": by, "limit": "100"})
            assert [bare(line) for line in got["climbers"]] == climbers[:100]
            assert [bare(line) for line in got["fallers"]] == fallers[:100]
            assert got["new"] == new
            assert got["before"]["start"] == recount.written(before, made.zone)
            assert got["before"]["end"] == recount.written(start, made.zone)


@pytest.mark.parametrize("by", ["plays", "ms"])
def test_eddington(made: Made, by: str) -> None:
    for asked in questions(made.zone):
        got = answer("eddington", made.history, {**asked.given, "by": by})
        expected = slow.eddington(made.heard.passing(asked), by, made.zone)
        assert {name: got[name] for name in expected} == expected


def test_milestones(made: Made) -> None:
    for asked in questions(made.zone):
        ever = made.ever(asked)
        got = answer("milestones", made.history, asked.given)
        expected = slow.milestones(ever, within(asked), made.belongs("tracks"), made.zone)
        assert [(line["number"], line["start"]) for line in got["items"]] == [
            (line["number"], line["start"]) for line in expected
        ]
        assert [line["item"]["id"] for line in got["items"]] == [line["track"] for line in expected]
        assert got["plays"] == len(ever)


@pytest.mark.parametrize("by", ["plays", "ms"])
@pytest.mark.parametrize("bucket", ["hour", "day", "month"])
def test_records(made: Made, bucket: str, by: str) -> None:
    for asked in questions(made.zone):
        record = answer("records", made.history, asked.given)[bucket]
        expected = slow.most_played(made.heard.passing(asked), bucket, by, made.zone)
        if expected is None:
            assert record is None
            continue
        best, plays, ms = expected
        got = record[f"by_{by}"]
        assert (got["plays"], got["ms"]) == (plays, ms)
        assert recount.bucket_of(datetime.fromisoformat(got["start"]), made.zone, bucket) == best


def test_most_repeated_in_a_day(made: Made) -> None:
    for asked in questions(made.zone):
        got = answer("records", made.history, asked.given)["repeated"]
        expected = slow.repeated(made.heard.passing(asked), made.belongs("tracks"), made.zone)
        assert (got and bare(got)) == expected
