"""Timeline: plays, milliseconds and what else is measured over time, in hours, days, ISO weeks, months or years."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import msgspec
import numpy as np

from stats_core.history.columns import Codes, History, Ints
from stats_core.history.entries import NONE
from stats_core.insights.buckets import BUCKET, Bucket, Placed, buckets_of
from stats_core.insights.parameters import COMMON, Choice, Whole
from stats_core.insights.periods import ALL_TIME, Period
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.rolling import rolling_different, rolling_pairs, rolling_sums
from stats_core.insights.selection import Selection, selection_of

Measured = Literal["plays", "ms", "items", "artists", "new_items", "new_share", "skip_rate"]

_OF_ALL_PLAYS: Final = frozenset({"skip_rate"})
"""What is measured of short plays, too."""

MEASURE: Choice[Measured] = Choice(
    name="measure",
    description="What `value` tells of each point: plays, ms, different items, different credited artists, items that "
    "are new there, the share of plays that is of these, or the share of plays that was skipped. Without it: there is "
    "no `value`.",
    example="items",
    choices=("plays", "ms", "items", "artists", "new_items", "new_share", "skip_rate"),
)
WINDOW = Whole(
    name="window",
    description="How many buckets each point covers: its own and those before it, before the period's start, too.",
    example="7",
    default="1",
    minimum=1,
    maximum=1_000,
)


class Point(msgspec.Struct, gc=False):
    """One bucket of a timeline, or the window of buckets that ends with it."""

    start: str
    """The bucket's first instant; of one that the period's edge cuts, still its own."""
    plays: int
    ms: int
    partial: bool
    """The period's edge cuts what the point covers."""
    value: int | float | msgspec.UnsetType | None = msgspec.UNSET
    """Of the measure, where one is asked for; null where nothing of the point could tell a share."""


class Timeline(Answer, kw_only=True):
    """Plays and ms of every bucket that the period touches, empty ones included."""

    bucket: Bucket
    window: int
    """How many buckets each point covers."""
    measure: Measured | None
    """What `value` tells."""
    points: list[Point]


def timeline(history: History, question: Question) -> Timeline:
    """The passing plays by the bucket of their start. Raises InvalidParameter above MOST_POINTS."""
    measure, sides = question.get(MEASURE), question.period.sides
    plays = selection_of(history, question)
    points = [] if sides is None else _points(plays, *sides)
    return Timeline(**plays.told, bucket=question[BUCKET], window=question[WINDOW], measure=measure, points=points)


def _points(plays: Selection, start: int, end: int) -> list[Point]:
    question = plays.question
    window, measure = question[WINDOW], question.get(MEASURE)
    # One more than a window reaches back: its plays are then all in some bucket.
    buckets = buckets_of(question.zone, question[BUCKET], start, end, before=window if window > 1 else 0)
    cut = buckets.end > end
    if buckets.before:
        plays = plays.over(Period(int(buckets.start[1]), end))
    else:
        cut |= buckets.start < start
    windows = _Windows(plays, buckets.placed(plays), window)
    counted: list[Sequence[object]] = [windows.plays.tolist(), windows.ms.tolist(), cut.tolist()]
    if measure is not None:
        values: Ints | list[float | None] = getattr(windows, measure)
        counted.append(values if isinstance(values, list) else values.tolist())
    shown = slice(buckets.before, None)
    columns = (question.zone.all_written(buckets.start[shown]), *(column[shown] for column in counted))
    return [Point(*values) for values in zip(*columns, strict=True)]


@dataclass(frozen=True, eq=False)
class _Windows:
    """What there is in the window of buckets that ends with each; by the names of what can be measured."""

    selection: Selection
    placed: Placed
    window: int

    @cached_property
    def plays(self) -> Ints:
        return rolling_sums(self.placed.counts, self.window)

    @cached_property
    def ms(self) -> Ints:
        return rolling_sums(self.placed.sums(self.selection.ms), self.window)

    @cached_property
    def items(self) -> Ints:
        """How many different titles there are."""
        return rolling_different(self.selection.title, self.placed.bucket, self._size, self.window)

    @cached_property
    def artists(self) -> Ints:
        """How many different credited artists there are."""
        artists, item, bucket = self.selection.history.artists, self.selection.item, self.placed.bucket
        further, guest = artists.further_of_plays(item)
        artist, bucket = np.append(artists.of_item.take(item), guest), np.append(bucket, bucket[further])
        return rolling_different(artist, bucket, self._size, self.window)

    @cached_property
    def new_items(self) -> Ints:
        """How many titles are new."""
        new = self._new_in[self._new_in < self._size]
        return rolling_sums(np.bincount(new, minlength=self._size), self.window)

    @cached_property
    def new_share(self) -> list[float | None]:
        """The share of plays that is of titles that are new."""
        new_in = self._new_in.take(self.selection.title)
        new = np.flatnonzero(new_in < self._size)
        return _shares(rolling_pairs(new_in[new], self.placed.bucket[new], self._size, self.window), self.plays)

    @cached_property
    def skip_rate(self) -> list[float | None]:
        """The share of plays that was skipped, of those whose end is explained."""
        told = (self.selection.skipped, self.selection.end_explained)
        return _shares(*(rolling_sums(self.placed.numbers(flags), self.window) for flags in told))

    @property
    def _size(self) -> int:
        return len(self.placed.counts)

    @cached_property
    def _new_in(self) -> Codes:
        """Of each title, the bucket of its first passing play in the whole history; beyond all where it is in none."""
        plays = self.selection
        # One more, at which NONE points.
        new_in = np.full(len(plays.history.titles) + 1, self._size, np.int32)
        # Of several values for one place the last stays, so the plays are written from last to first.
        new_in[plays.title[::-1]] = self.placed.bucket[::-1]
        new_in[plays.over(Period(ALL_TIME.start, plays.question.period.start)).title] = self._size
        new_in[NONE] = self._size
        return new_in


def _shares(parts: Ints, wholes: Ints) -> list[float | None]:
    return [part / whole if whole else None for part, whole in zip(parts.tolist(), wholes.tolist(), strict=True)]


def _least_ms(values: Mapping[str, object]) -> int | None:
    return 0 if values.get(MEASURE.name) in _OF_ALL_PLAYS else None


STATISTIC = Statistic(
    name="timeline",
    summary="Plays over time",
    description="Plays and milliseconds listened of every hour, day, ISO week, month or year that the period touches, "
    "empty ones included; those that the period's edge cuts are `partial`. At most 10,000 points. An hour that clocks "
    "repeat is two points. `measure` adds a `value`: an item is new where its first passing play of the whole history "
    "lies, and different items or artists are different over all a point covers. With a `window` each point covers as "
    "many buckets, its own the last of them; those before the period's start are counted whole. A skip rate is of the "
    "plays with a known reason for their end, and counts short ones unless `min_ms` is given.",
    parameters=(*COMMON, BUCKET, MEASURE, WINDOW),
    answer=Timeline,
    function=timeline,
    default_min_ms=_least_ms,
    listed="points",
)
