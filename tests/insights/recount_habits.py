"""Series and habits counted the slow way, play by play and date by date, as `statistics.md` says.

`ever` are the passing plays of the whole history in the order of (start, key), `here` those of the period.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from typing import Any
from zoneinfo import ZoneInfo

from stats_core.documents.plays import Play
from tests.insights.recount import bucket_of, local, written

Json = dict[str, Any]

Period = tuple[datetime, datetime]
Title = Callable[[Play], str | None]
Artists = Callable[[Play], Iterable[str]]

DAY = timedelta(days=1)
MS = timedelta(milliseconds=1)
LONGEST = {"hour": DAY / 24, "day": DAY, "week": 7 * DAY, "month": 31 * DAY, "year": 366 * DAY}
SKIPS = {"fwdbtn", "backbtn", "endplay"}


def ms_of(plays: Iterable[Play]) -> int:
    """Milliseconds listened."""
    return sum(play.ms for play in plays)


def period_of(plays: Sequence[Play], start: datetime | None, end: datetime | None) -> Period | None:
    """A period with its open sides filled in from all plays; None where nothing is in it."""
    if not plays:
        return None
    last = max(plays[-1].end, plays[-1].start + MS)
    start = start or (plays[0].start if end is None else min(plays[0].start, end))
    end = end or max(last, start)
    return (start, end) if start < end else None


def within(plays: Iterable[Play], period: Period | None) -> list[Play]:
    """Those that start in a period."""
    return [play for play in plays if period is not None and period[0] <= play.start < period[1]]


# Buckets


def instants(start: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    """Instants of [start, end) in steps, and in half minutes for three hours at both ends: clocks change there."""
    fine, edge = timedelta(seconds=30), timedelta(hours=3)
    at = start
    while at < end:
        yield at
        at += fine if at < start + edge or at + step > end - edge else step
    yield end - MS


@dataclass(frozen=True)
class Walk:
    """A walk through the buckets of a period, and those before it that windows reach."""

    period: Period
    zone: str
    bucket: str
    window: int

    def between(self, start: datetime, end: datetime) -> list[object]:
        """The buckets of some time, in the order in which they begin."""
        step = timedelta(seconds=30) if self.bucket == "hour" else DAY / 4
        return list(dict.fromkeys(bucket_of(at, self.zone, self.bucket) for at in instants(start, end, step)))

    @cached_property
    def touched(self) -> list[object]:
        """Those of the period."""
        return self.between(*self.period)

    @cached_property
    def names(self) -> list[object]:
        """Those of the period, and those before it."""
        start = self.period[0]
        return list(dict.fromkeys([*self.between(start - (self.window + 2) * self.margin, start), *self.touched]))

    @cached_property
    def beside(self) -> tuple[list[object], list[object]]:
        """Those of the time before and after the period."""
        start, end = self.period
        return self.between(start - self.margin, start), self.between(end, end + self.margin)

    @property
    def margin(self) -> timedelta:
        return LONGEST[self.bucket]

    def points(self, ever: Sequence[Play], measure: str, title: Title, artists: Artists) -> list[Json]:
        """Every point of a timeline, but for its start."""
        (start, end), (before, after) = self.period, self.beside
        named = [(bucket_of(play.start, self.zone, self.bucket), play) for play in ever if play.start < end]
        firsts: dict[str, Play] = {}
        for play in ever:
            if (known := title(play)) is not None:
                firsts.setdefault(known, play)
        points = []
        for number, name in enumerate(self.names):
            if name not in self.touched:
                continue
            covered = set(self.names[number - self.window + 1 : number + 1])
            plays = [play for its, play in named if its in covered and (self.window > 1 or play.start >= start)]
            partial = name in after or (self.window == 1 and name in before)
            point: Json = {"plays": len(plays), "ms": ms_of(plays), "partial": partial}
            points.append(point | {"value": value(plays, measure, firsts, title, artists)})
        return points


def value(plays: list[Play], measure: str, firsts: dict[str, Play], title: Title, artists: Artists) -> object:
    """A measure of some plays; `firsts` is each title's first passing play of the whole history."""
    titles = {known for play in plays if (known := title(play)) is not None}
    new = {known for known in titles if any(play is firsts[known] for play in plays)}
    explained = [play for play in plays if play.reason_end not in {None, "", "unknown"}]
    shares = {
        "new_share": (sum(title(play) in new for play in plays), len(plays)),
        "skip_rate": (sum(play.reason_end in SKIPS for play in explained), len(explained)),
    }
    if measure in shares:
        part, whole = shares[measure]
        return part / whole if whole else None
    return {
        "plays": len(plays),
        "ms": ms_of(plays),
        "items": len(titles),
        "artists": len({artist for play in plays for artist in artists(play)}),
        "new_items": len(new),
    }[measure]


# Hours and seasons


def hours(here: Iterable[Play], zone: str) -> list[Json]:
    """The 24 hours."""
    lines: list[list[Play]] = [[] for _ in range(24)]
    for play in here:
        lines[local(play.start, zone).hour].append(play)
    return [{"hour": hour, "plays": len(plays), "ms": ms_of(plays)} for hour, plays in enumerate(lines)]


def seasons(here: Iterable[Play], period: Period | None, zone: str, now: datetime) -> list[Json]:
    """The twelve months."""
    dates = [] if period is None else dates_of(period, zone)
    if period is not None and period[1] > now:
        dates = [day for day in dates if day <= local(now, zone).date()]
    days_of, lines = Counter(day.month for day in dates), []
    for month in range(1, 13):
        plays = [play for play in here if local(play.start, zone).month == month]
        days = days_of[month]
        means = {"plays_per_day": len(plays) / days, "ms_per_day": ms_of(plays) / days} if days else {}
        line: Json = {"month": month, "days": days, "plays": len(plays), "ms": ms_of(plays)}
        lines.append(line | {"plays_per_day": None, "ms_per_day": None} | means)
    return lines


# Sessions


def sessions(audible: Sequence[Play], ever: Sequence[Play], period: Period | None, gap: timedelta) -> list[list[Play]]:
    """Every session of the period as all of its plays, in order; `audible` are all plays but for privacy."""
    found: list[list[Play]] = []
    latest = datetime.min.replace(tzinfo=UTC)
    for play in audible:
        if not found or play.start - latest > gap:
            found.append([])
        found[-1].append(play)
        latest = max(latest, play.end)
    counted = {id(play) for play in ever}
    return [plays for plays in found if within(plays[:1], period) and any(id(play) in counted for play in plays)]


def told(session: Sequence[Play], ever: Sequence[Play], zone: str, title: Title) -> Json:
    """What is said of a session."""
    counted = {id(play) for play in ever}
    plays = [play for play in session if id(play) in counted]
    start, end = session[0].start, max(play.end for play in session)
    return {
        "start": written(start, zone),
        "end": written(end, zone),
        "length": (end - start) // MS,
        "plays": len(plays),
        "ms": ms_of(plays),
        "first": title(plays[0]),
    }


# Days


@cache
def exists(day: date, zone: str) -> bool:
    """Whether a zone had a date: its noon is a time there."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone))
    return noon.astimezone(UTC).astimezone(ZoneInfo(zone)).date() == day


@cache
def dates_of(period: Period, zone: str) -> list[date]:
    """The dates that a period touches."""
    start, end = period
    edges = [*instants(start, min(start + DAY / 4, end), DAY), *instants(max(start, end - DAY / 4), end, DAY)]
    touched = {local(at, zone).date() for at in edges}
    first, last = min(touched), max(touched)
    between = (first + number * DAY for number in range(1, (last - first).days))
    return sorted(touched | {day for day in between if exists(day, zone)})


def day_before(day: date, zone: str) -> date:
    """The date before one."""
    before = day - DAY
    return before if exists(before, zone) else day_before(before, zone)


def runs(dates: Sequence[date], chosen: set[date]) -> list[list[date]]:
    """The longest possible runs of chosen dates."""
    found: list[list[date]] = []
    for day in sorted(chosen):
        if not found or bisect_left(dates, day) > bisect_left(dates, found[-1][-1]) + 1:
            found.append([])
        found[-1].append(day)
    return found


def lasting(dates: Sequence[date], end: datetime | None, zone: str, now: datetime) -> set[date]:
    """The dates one of which is the last of a current streak."""
    if end is not None and end <= now:
        return set(dates[-2:])
    today = local(now, zone).date()
    return {today, day_before(today, zone)}


def streaks(here: Sequence[Play], dates: Sequence[date], last: set[date], zone: str) -> list[Json]:
    """Every streak, best first."""
    lines = []
    for run in runs(dates, {local(play.start, zone).date() for play in here}):
        plays = [play for play in here if local(play.start, zone).date() in run]
        line: Json = {
            "days": len(run),
            "start": str(run[0]),
            "end": str(run[-1]),
            "plays": len(plays),
            "ms": ms_of(plays),
            "current": run[-1] in last,
        }
        lines.append(((-len(run), -len(plays), run[0]), line))
    return [line for _, line in sorted(lines, key=lambda each: each[0])]


def artists_streaks(
    here: Sequence[Play], dates: Sequence[date], last: set[date], zone: str, artists: Artists
) -> list[Json]:
    """The longest streak of each artist, best first."""
    lines = []
    for artist in {artist for play in here for artist in artists(play)}:
        best = streaks([play for play in here if artist in artists(play)], dates, last, zone)[0]
        lines.append(best | {"artist": artist})
    return sorted(lines, key=lambda line: (-line["days"], -line["plays"], line["start"], line["artist"]))


def silence(
    ever: Sequence[Play], period: Period | None, zone: str, now: datetime
) -> tuple[list[date], list[list[date]]]:
    """The dates looked at, and the runs of those without a play, the longest first."""
    if period is None or not ever:
        return [], []
    yesterday = day_before(local(now, zone).date(), zone)
    first = local(ever[0].start, zone).date()
    dates = [day for day in dates_of(period, zone) if first <= day <= yesterday]
    heard = {local(play.start, zone).date() for play in ever}
    gaps = runs(dates, set(dates) - heard)
    return dates, sorted(gaps, key=lambda gap: (-len(gap), gap[0]))
