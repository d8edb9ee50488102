"""Days without music: local dates on which nothing was played, and how many of them there were in a row."""

import msgspec
import numpy as np

from stats_core.history.columns import Flags, History, Ints
from stats_core.insights.buckets import dates_of
from stats_core.insights.days import day_before, end_of, runs_of, written
from stats_core.insights.order import first_of
from stats_core.insights.parameters import COMMON, LIMIT, OFFSET
from stats_core.insights.periods import Period
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import Selection, selection_of
from stats_core.insights.zones import DAY


class Gap(msgspec.Struct):
    """Days in a row without a passing play."""

    rank: int
    days: int
    start: str
    """Its first day."""
    end: str
    """Its last day, which is of it."""


class DaysWithoutMusic(Answer, kw_only=True):
    """The days without a passing play, and a page of their longest runs."""

    first_day: str | None
    """Where the count begins: with the period, or with the first passing play of the whole history."""
    last_day: str | None
    """Where it ends: with the period, or yesterday. null, as `first_day`, where no day is left between them."""
    all_days: int
    """Days from the first to the last."""
    days: int
    """Those of them without a passing play."""
    gaps: list[Gap]
    """The longest first."""
    total: int
    """Number of gaps."""


def days_without_music(history: History, question: Question) -> DaysWithoutMusic:
    """The days from the first passing play on that have none."""
    plays = selection_of(history, question)
    days, silent = _looked_at(plays)
    runs = runs_of(silent)
    page = first_of((-runs.days, runs.first), question[OFFSET], question[LIMIT])
    columns = runs.days[page].tolist(), written(days[runs.first[page]]), written(days[runs.after[page] - 1])
    edges = written(days[[0, -1]]) if len(days) else [None, None]
    return DaysWithoutMusic(
        **plays.told,
        first_day=edges[0],
        last_day=edges[1],
        all_days=len(days),
        days=int(silent.sum()),
        gaps=[Gap(rank, *values) for rank, values in enumerate(zip(*columns, strict=True), start=question[OFFSET] + 1)],
        total=len(runs.days),
    )


def _looked_at(plays: Selection) -> tuple[Ints, Flags]:
    """The local dates that are looked at, and which of them have no passing play."""
    zone, clock, sides = plays.question.zone, plays.question.clock, plays.question.period.sides
    if sides is None:
        return np.empty(0, np.int64), np.empty(0, np.bool_)
    touched = dates_of(zone, "day", *sides).days
    first, last = int(touched[0]), int(touched[-1])
    start, end = zone.first_instant(first * DAY), end_of(zone, last)
    whole = plays if sides == (start, end) else plays.over(Period(start, end))
    first_played = zone.all_local(whole.ever.start[:1]) // DAY
    if not clock.is_over(end):
        last = min(last, day_before(zone, clock.today(zone)))
    # Where clocks fall back across midnight, some of the dates before and after come within them.
    dates = dates_of(zone, "day", start, end)
    inside = (dates.days >= max(first, first_played.min(initial=last + 1))) & (dates.days <= last)
    return dates.days[inside], dates.placed(whole).counts[inside] == 0


STATISTIC = Statistic(
    name="days-without-music",
    summary="Days without a play",
    description="The days on which no play began, and the longest runs of them, of equally long ones the earlier "
    "first. Counted from the later of the period's start and the first passing play of the whole history to the "
    "earlier of the period's end and yesterday; a date that the period's edge cuts is looked at whole.",
    parameters=(*COMMON, LIMIT, OFFSET),
    answer=DaysWithoutMusic,
    function=days_without_music,
    listed="gaps",
)
