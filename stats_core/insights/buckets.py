"""Buckets: the hours, days, ISO weeks, months or years that a period touches, and in which of them each play lies."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from stats_core.errors import InvalidParameter
from stats_core.history.columns import Codes, Flags, Ints
from stats_core.insights.parameters import Choice
from stats_core.insights.selection import Selection
from stats_core.insights.zones import DAY, HOUR, Zone

DateBucket = Literal["day", "week", "month", "year"]
Bucket = Literal["hour"] | DateBucket

MOST_POINTS: Final = 10_000
_UNITS: Final = {"month": "M", "year": "Y"}
_MOST_DAYS: Final = {"day": 1, "week": 7, "month": 31, "year": 366}
_MOST_SKIPPED: Final = 2
"""Dates that a zone leaves out of a few years: one where it crosses the date line."""

BUCKET: Choice[Bucket] = Choice(
    name="bucket",
    description="The length of a point: hour, day, ISO week (from Monday), month or year, in the time zone.",
    example="day",
    default="month",
    choices=("hour", "day", "week", "month", "year"),
)


@dataclass(frozen=True, eq=False)
class Buckets:
    """Buckets in order, as arrays of one length: first `before` ones, then those that a period touches."""

    start: Ints
    """The first instant of each; of one that the period's edge cuts, still its own."""
    end: Ints
    """The instant after the last one; later than the next bucket's first where clocks fall back across midnight."""
    before: int

    def __len__(self) -> int:
        return len(self.start)

    def placed(self, plays: Selection) -> "Placed":
        """Plays by bucket; all start in the period, or from the second bucket's first instant on."""
        # Of the history's plays first, so that nobody need gather when the selected ones start.
        ends = np.searchsorted(plays.positions, np.searchsorted(plays.history.start, self.start[1:]))
        return Placed(ends, None, len(plays.positions))


@dataclass(frozen=True, eq=False)
class Dates(Buckets):
    """Buckets of whole local dates."""

    days: Ints
    """The first date of each, in days since 1970."""

    def placed(self, plays: Selection) -> "Placed":
        if (self.end[:-1] <= self.start[1:]).all():
            return super().placed(plays)
        bucket = np.searchsorted(self.days, plays.local // DAY, side="right") - 1
        order = np.argsort(bucket, kind="stable")
        return Placed(np.searchsorted(bucket[order], np.arange(1, len(self))), order, len(order))


@dataclass(frozen=True, eq=False)
class Placed:
    """Plays by bucket; what is counted is told of each bucket."""

    ends: Ints
    """Where the plays of each bucket but the last end, once they are in order."""
    order: npt.NDArray[np.intp] | None
    """What brings the plays into the order of their buckets; None: they are in it."""
    plays: int
    """How many there are in all."""

    @cached_property
    def counts(self) -> Ints:
        """Plays."""
        return np.diff(self.ends, prepend=0, append=self.plays)

    def sums(self, values: Ints) -> Ints:
        """The sum of each play's value."""
        values = values if self.order is None else values[self.order]
        sums = np.zeros(len(self.counts), np.int64)
        begin = np.concatenate(([0], self.ends))
        heard = self.counts > 0
        sums[heard] = np.add.reduceat(values, begin[heard]) if len(values) else 0
        return sums

    def numbers(self, flags: Flags) -> Ints:
        """How many plays are flagged."""
        flagged = np.flatnonzero(flags if self.order is None else flags[self.order])
        return np.diff(np.searchsorted(flagged, self.ends), prepend=0, append=len(flagged))

    @cached_property
    def bucket(self) -> Codes:
        """The bucket of each play, in the plays' own order."""
        ordered = np.repeat(np.arange(len(self.counts), dtype=np.int32), self.counts)
        if self.order is None:
            return ordered
        bucket = np.empty_like(ordered)
        bucket[self.order] = ordered
        return bucket


def buckets_of(zone: Zone, bucket: Bucket, start: int, end: int, before: int = 0) -> Buckets:
    """The buckets from the one of the period's first instant to the one of its last, and so many before them.

    Raises InvalidParameter where the period touches more than MOST_POINTS.
    """
    if bucket == "hour":
        _refuse_above(MOST_POINTS, bucket, (end - start) // HOUR)  # before as many are made
        found = _hours(zone, start, end, before)
    else:
        found = dates_of(zone, bucket, start, end, before)
    _refuse_above(MOST_POINTS, bucket, len(found) - found.before)
    return found


def _refuse_above(most: int, bucket: Bucket, points: int) -> None:
    if points > most:
        raise InvalidParameter(
            "bucket", bucket, f"at most {most:,} points: a longer bucket ({BUCKET.allowed}) or a shorter period"
        )


def _hours(zone: Zone, start: int, end: int, before: int) -> Buckets:
    """Real hours: a local hour that a change of the clocks cuts or repeats is two."""
    earliest = start - before * HOUR  # none is longer than an hour
    offsets = zone.offsets(earliest, end)
    inside = offsets.at[(offsets.at > earliest) & (offsets.at < end)]
    begins, ends = [], []
    for low, high in zip([earliest, *inside.tolist()], [*inside.tolist(), end], strict=True):
        segment = int(np.searchsorted(offsets.at, low, side="right"))
        offset = int(offsets.offset[segment])
        hours = np.arange((low + offset) // HOUR, (high - 1 + offset) // HOUR + 1) * HOUR - offset
        begins.append(np.maximum(hours, offsets.at[segment - 1]) if segment else hours)
        ends.append(np.minimum(hours + HOUR, offsets.at[segment]) if segment < len(offsets.at) else hours + HOUR)
    begin, finish = np.concatenate(begins), np.concatenate(ends)
    kept = slice(int(np.searchsorted(begin, start, side="right")) - 1 - before, None)
    begin, finish = begin[kept], finish[kept]
    return Buckets(begin, finish, before)


def dates_of(zone: Zone, bucket: DateBucket, start: int, end: int, before: int = 0) -> Dates:
    """As `buckets_of`, however many there are. A date that a zone skipped is none."""
    offsets = zone.offsets(start - before * _MOST_DAYS[bucket] * DAY, end)
    first, last = (local // DAY for local in offsets.local_span(start, end))
    days = _first_days(bucket, first, last, before + _MOST_SKIPPED if before else 0)
    begin, finish = offsets.first_instants(days * DAY), offsets.last_ends(days[1:] * DAY)
    exists = begin[:-1] < begin[1:]
    excess = int(exists[days[1:] <= first].sum()) - before
    begin, finish, days = (column[exists][excess:] for column in (begin[:-1], finish, days[:-1]))
    return Dates(begin, finish, before, days)


def _first_days(bucket: Bucket, first: int, last: int, before: int) -> Ints:
    """The first day of each bucket, in days since 1970: of `before` ones, of those from that of day `first` to that of
    day `last`, and of the one after."""
    if bucket == "day":
        return np.arange(first - before, last + 2)
    if bucket == "week":
        monday = first - (first + 3) % 7
        return np.arange(monday - 7 * before, last + 8 - (last + 3) % 7, 7)
    units = np.array([first, last]).astype("datetime64[D]").astype(f"datetime64[{_UNITS[bucket]}]").astype(np.int64)
    edges = np.arange(units[0] - before, units[1] + 2).astype(f"datetime64[{_UNITS[bucket]}]")
    return edges.astype("datetime64[D]").astype(np.int64)
