"""Discoveries, returns, moves, milestones and records are what a slow count of the same plays says."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from stats_core.clock import instant_ms
from stats_core.documents.plays import Play
from stats_core.history.columns import History
from tests.insights import recount
from tests.insights import recount_discovery as slow
from tests.insights.answers import answer
from tests.insights.catalogues import PARTS, with_catalogue
from tests.insights.listened import Asked, Listened
from tests.insights.plays import CHANGES, some_plays, utc
from tests.insights.recount_discovery import Belongs, Entry

NAMED = {"kind", "name", "by", "album", "image", "url"}
"""What an entry says besides its id and its numbers."""
ALL_KINDS = ("track", "episode", "chapter", "unknown")
LISTENERS = [(zone, seed) for zone in CHANGES for seed in (3, 4)]
KIND = {"tracks": "track", "recordings": "track", "artists": "artist", "primary-artists": "artist", "albums": "album"}


@dataclass(frozen=True)
class Made:
    """A made-up listener, and what names the entries of their plays."""

    zone: str
    heard: Listened
    history: History
    found: dict[str, dict[str, list[Entry]]] = field(default_factory=dict)
    """Entries -> play -> those it counts for."""

    def of(self, entries: str) -> Belongs:
        """What a play counts for, by kind and id."""
        if entries not in self.found:
            self.found[entries] = {play.id: list(self._entries(entries, play)) for play in self.heard.plays}
        found = self.found[entries]
        return lambda play: found[play.id]

    def _entries(self, entries: str, play: Play) -> Iterator[Entry]:
        if entries != "items":
            yield from ((KIND[entries], identity) for identity in self.heard.namer(entries)(play))
        elif (title := self.heard.title(play)) is not None:
            yield play.kind, title

    def here(self, asked: Asked) -> list[Play]:
        """What passes of the period."""
        return self.heard.passing(asked)

    def ever(self, asked: Asked) -> list[Play]:
        """What passes of the whole history."""
        return self.heard.passing(replace(asked, start=None, end=None))

    @property
    def questions(self) -> Iterator[Asked]:
        """All of it, parts of it, other rules, filters."""
        zone, change = self.zone, utc(CHANGES[self.zone])
        yield Asked(zone)
        yield Asked(zone, start=change - timedelta(hours=2), end=change + timedelta(hours=2))
        yield Asked(zone, start=change - timedelta(days=400), min_ms=0, private="include", kinds=ALL_KINDS)
        yield Asked(zone, end=change + timedelta(days=3), private="only", min_ms=0)
        yield Asked(zone, start=change + timedelta(days=30_000))
        artists = sorted({artist for play in self.heard.plays for artist in self.heard.credited(play)})
        since = change - timedelta(days=9)
        yield Asked(zone, start=since, min_ms=0, min_share=0.3, artist=tuple(artists[1:3]), platform=("android",))


def listening(zone: str, seed: int, part: float) -> Made:
    """A listener around their zone's change of clocks, and a catalogue that knows a part of what they played."""
    heard = with_catalogue(some_plays(zone, seed, 400), part, f"{zone} {seed}")
    shuffled = Random(seed).sample(heard.plays, len(heard.plays))  # noqa: S311
    return Made(zone, heard, heard.history(shuffled))


@pytest.fixture(scope="module", params=LISTENERS, ids=lambda one: "-".join(map(str, one)))
def made(request: pytest.FixtureRequest) -> Made:
    """A listener without a catalogue."""
    zone, seed = request.param
    return listening(zone, seed, 0)


@pytest.fixture(
    scope="module",
    params=[(*one, part) for one in LISTENERS for part in PARTS],
    ids=lambda one: "-".join(map(str, one)),
)
def named(request: pytest.FixtureRequest) -> Made:
    """A listener whose catalogue knows none, half or all of what they played."""
    zone, seed, part = request.param
    return listening(zone, seed, part)


def within(asked: Asked) -> Callable[[Play], bool]:
    """Whether a play lies in the period."""
    return lambda play: (
        (asked.start is None or play.start >= asked.start) and (asked.end is None or play.start < asked.end)
    )


def lines_of(made: Made, statistic: str, given: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every line of a statistic, ids and numbers only; a page of it is cut out of these."""
    lines: list[dict[str, Any]] = []
    while True:
        got = answer(statistic, made.history, {**given, "limit": "100", "offset": str(len(lines))})
        lines += got["items"]
        if not got["items"]:
            break
    assert got["total"] == len(lines)
    assert answer(statistic, made.history, {**given, "limit": "5", "offset": "3"})["items"] == lines[3:8]
    return [bare(line) for line in lines]


def bare(line: Mapping[str, Any]) -> dict[str, Any]:
    """An entry's id, told apart by kind where there are several, and its numbers."""
    told = {name: value for name, value in line.items() if name not in NAMED}
    return told | {"id": (line["kind"], line["id"])}


@pytest.mark.parametrize(
    ("of", "sort"), [("items", "newest"), ("items", "plays"), ("artists", "newest"), ("artists", "ms")]
)
def test_discoveries(named: Made, of: str, sort: str) -> None:
    for asked in named.questions:
        expected = slow.discoveries(named.ever(asked), within(asked), named.of(of), sort, named.zone)
        given = {**asked.given, "of": of, "sort": sort}
        assert lines_of(named, "discoveries", given) == expected.pop("items")
        got = answer("discoveries", named.history, given)
        assert {name: got[name] for name in expected} == expected


@pytest.mark.parametrize("n", [2, 10])
def test_adoptions(named: Made, n: int) -> None:
    for asked in named.questions:
        expected = slow.adoptions(named.ever(asked), within(asked), named.of("artists"), n, named.zone)
        given = {**asked.given, "n": str(n)}
        assert lines_of(named, "adoptions", given) == expected
        got = answer("adoptions", named.history, given)
        assert (got["n"], got["adopted"]) == (n, sum(line["days"] is not None for line in expected))


def test_one_hit_wonders(named: Made) -> None:
    for asked in named.questions:
        here = named.here(asked)
        expected = slow.one_hit_wonders(here, named.of("primary-artists"), named.of("recordings"), named.zone)
        got = lines_of(named, "one-hit-wonders", asked.given)
        assert [{**line, "recording": bare(line["recording"])["id"]} for line in got] == expected


@pytest.mark.parametrize(
    ("of", "by"),
    [("tracks", "plays"), ("recordings", "ms"), ("artists", "plays"), ("artists", "ms"), ("albums", "plays")],
)
def test_movers(named: Made, of: str, by: str) -> None:
    change = utc(CHANGES[named.zone])
    for rule in (Asked(named.zone), Asked(named.zone, min_ms=0, private="include", kinds=ALL_KINDS)):
        for start, hours in ((change, 2), (change - timedelta(days=1), 24), (change - timedelta(days=400), 9_600)):
            end = start + timedelta(hours=hours)
            here = replace(rule, start=start, end=end)
            ever, before = named.ever(here), start - (end - start)
            climbers, fallers, new = slow.movers(ever, start, end, before, named.of(of), by)
            got = answer("movers", named.history, {**here.given, "of": of, "by": by, "limit": "100"})
            assert [bare(line) for line in got["climbers"]] == climbers[:100]
            assert [bare(line) for line in got["fallers"]] == fallers[:100]
            assert got["new"] == new
            assert got["before"]["start"] == recount.written(before, named.zone)
            assert got["before"]["end"] == recount.written(start, named.zone)


def test_anniversaries(made: Made) -> None:
    found = 0
    for asked in made.questions:
        ever, items = made.ever(asked), made.of("items")
        firsts = [plays[0] for plays in slow.groups(ever, items).values() if len(plays) >= 10]
        for now in {play.start + timedelta(days=365 * years) for play in firsts for years in (0, 1, 4)}:
            today = recount.local(now, made.zone).date()
            got = answer("anniversaries", made.history, asked.given, now=instant_ms(now))
            expected = slow.anniversaries(ever, within(asked), items, today, made.zone)
            assert got["date"] == today.isoformat()
            assert (got["total"], [bare(line) for line in got["items"]]) == (len(expected), expected[:20])
            found += len(expected)
    assert found


def test_rediscoveries(made: Made) -> None:
    for asked in made.questions:
        expected = slow.rediscoveries(made.ever(asked), within(asked), made.of("items"), made.zone)
        assert lines_of(made, "rediscoveries", asked.given) == expected


@pytest.mark.parametrize("by", ["plays", "ms"])
def test_eddington(made: Made, by: str) -> None:
    for asked in made.questions:
        got = answer("eddington", made.history, {**asked.given, "by": by})
        expected = slow.eddington(made.here(asked), by, made.zone)
        assert {name: got[name] for name in expected} == expected


def test_milestones(made: Made) -> None:
    for asked in made.questions:
        ever = made.ever(asked)
        got = answer("milestones", made.history, asked.given)
        told = [{**line, "item": line["item"] and bare(line["item"])["id"]} for line in got["items"]]
        assert told == slow.milestones(ever, within(asked), made.of("items"), made.zone)
        assert got["plays"] == len(ever)


@pytest.mark.parametrize("by", ["plays", "ms"])
@pytest.mark.parametrize("bucket", ["hour", "day", "month"])
def test_records(made: Made, bucket: str, by: str) -> None:
    for asked in made.questions:
        record = answer("records", made.history, asked.given)[bucket]
        expected = slow.most_played(made.here(asked), bucket, by, made.zone)
        if expected is None:
            assert record is None
            continue
        best, plays, ms = expected
        got = record[f"by_{by}"]
        assert (got["plays"], got["ms"]) == (plays, ms)
        assert recount.bucket_of(datetime.fromisoformat(got["start"]), made.zone, bucket) == best


def test_most_repeated_in_a_day(made: Made) -> None:
    for asked in made.questions:
        got = answer("records", made.history, asked.given)["repeated"]
        expected = slow.repeated(made.here(asked), made.of("items"), made.zone)
        assert (got and bare(got)) == expected
