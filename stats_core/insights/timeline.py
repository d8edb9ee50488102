"""Timeline: plays and milliseconds over time, in hours, days, ISO weeks, months or years."""

from dataclasses import dataclass
from typing import Final, Literal

import msgspec
import numpy as np

from stats_core.errors import InvalidParameter
from stats_core.history.columns import Flags, History, Ints
from stats_core.insights.parameters import COMMON, Choice
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import Selection
from stats_core.insights.zones import DAY, HOUR

Bucket = Literal["hour", "day", "week", "month", "year"]

MOST_POINTS: Final = 10_000
_UNITS: Final = {"month": "M", "year": "Y"}

BUCKET: Choice[Bucket] = Choice(
    name="bucket",
    description="The length of a point: hour, day, ISO week (from Monday), month or year, in the time zone.",
    example="day",
    default="month",
    choices=("hour", "day", "week", "month", "year"),
)


class Point(msgspec.Struct, gc=False):
    """One bucket of a timeline."""

    start: str
    """Its first instant; of one that the period's edge cuts, still its own."""
    plays: int
    ms: int
    partial: bool
    """The period's edge cuts it."""


class Timeline(Answer, kw_only=True):
    """Plays and ms of every bucket that the period touches, empty ones included."""

    bucket: Bucket
    points: list[Point]


@dataclass(frozen=True)
class Buckets:
    """The buckets a period touches and what passed in them; arrays of one length, in order."""

    start: Ints
    partial: Flags
    plays: Ints
    ms: Ints


def timeline(history: History, question: Question) -> Timeline:
    """The passing plays by the bucket of their start. Raises InvalidParameter above MOST_POINTS."""
    bucket = question[BUCKET]
    sides = question.period.sides
    points = []
    plays = Selection(history, question)
    if sides is not None:
        counted = buckets_of(plays, bucket, *sides)
        texts = question.zone.all_written(counted.start)
        columns = (texts, counted.plays.tolist(), counted.ms.tolist(), counted.partial.tolist())
        points = [Point(*values) for values in zip(*columns, strict=True)]
    return Timeline(**plays.told, bucket=bucket, points=points)


def buckets_of(plays: Selection, bucket: Bucket, start: int, end: int) -> Buckets:
    """The buckets from the one of the period's first instant to the one of its last."""
    if bucket == "hour":
        _refuse_above(MOST_POINTS, bucket, (end - start) // HOUR)  # before as many are made
        counted = _hours(plays, start, end)
    else:
        counted = _dates(plays, bucket, start, end)
    _refuse_above(MOST_POINTS, bucket, len(counted.start))
    return counted


def _refuse_above(most: int, bucket: Bucket, points: int) -> None:
    if points > most:
        raise InvalidParameter(
            "bucket", bucket, f"at most {most:,} points: a longer bucket ({BUCKET.allowed}) or a shorter period"
        )


def _hours(plays: Selection, start: int, end: int) -> Buckets:
    """Real hours: a local hour that a change of the clocks cuts or repeats is two."""
    offsets = plays.question.zone.offsets(start, end)
    inside = offsets.at[(offsets.at > start) & (offsets.at < end)]
    begins, ends = [], []
    for low, high in zip([start, *inside.tolist()], [*inside.tolist(), end], strict=True):
        segment = int(np.searchsorted(offsets.at, low, side="right"))
        offset = int(offsets.offset[segment])
        hours = np.arange((low + offset) // HOUR, (high - 1 + offset) // HOUR + 1) * HOUR - offset
        begins.append(np.maximum(hours, offsets.at[segment - 1]) if segment else hours)
        ends.append(np.minimum(hours + HOUR, offsets.at[segment]) if segment < len(offsets.at) else hours + HOUR)
    begin, finish = np.concatenate(begins), np.concatenate(ends)
    cuts = np.append(np.searchsorted(plays.start, begin), len(plays.start))
    heard = np.concatenate(([0], np.cumsum(plays.ms)))
    return Buckets(begin, (begin < start) | (finish > end), np.diff(cuts), np.diff(heard[cuts]))


def _dates(plays: Selection, bucket: Bucket, start: int, end: int) -> Buckets:
    """Whole local dates, one or more: a date that a zone skipped has no point."""
    offsets = plays.question.zone.offsets(start, end)
    first, last = (local // DAY for local in offsets.local_span(start, end))
    days = _first_days(bucket, first, last)
    begin, finish = offsets.first_instants(days * DAY), offsets.last_ends(days[1:] * DAY)
    by_day = plays.local // DAY - days[0]
    size = int(days[-1] - days[0])
    counts = np.bincount(by_day, minlength=size)
    ms = np.bincount(by_day, weights=plays.ms, minlength=size).astype(np.int64)
    exists = begin[:-1] < begin[1:]
    begin, days = begin[:-1], days[:-1] - days[0]
    return Buckets(
        begin[exists],
        ((begin < start) | (finish > end))[exists],
        np.add.reduceat(counts, days)[exists],
        np.add.reduceat(ms, days)[exists],
    )


def _first_days(bucket: Bucket, first: int, last: int) -> Ints:
    """The first day of each bucket from that of day `first` to that of day `last`, and of the one after, in days since
    1970."""
    if bucket == "day":
        return np.arange(first, last + 2)
    if bucket == "week":
        monday = first - (first + 3) % 7
        return np.arange(monday, last + 8 - (last + 3) % 7, 7)
    units = np.array([first, last]).astype("datetime64[D]").astype(f"datetime64[{_UNITS[bucket]}]").astype(np.int64)
    edges = np.arange(units[0], units[1] + 2).astype(f"datetime64[{_UNITS[bucket]}]")
    return edges.astype("datetime64[D]").astype(np.int64)


STATISTIC = Statistic(
    name="timeline",
    summary="Plays over time",
    description="Plays and milliseconds listened of every hour, day, ISO week, month or year that the period touches, "
    "empty ones included; those that the period's edge cuts are `partial`. At most 10,000 points. An hour that clocks "
    "repeat is two points.",
    parameters=(*COMMON, BUCKET),
    answer=Timeline,
    function=timeline,
    listed="points",
)
