"""Days without music: local dates on which nothing was played, and how many of them there were in a row."""

import msgspec
import numpy as np

from stats_core.history.columns import History
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
    days = np.empty(0, np.int64)
    silent = np.empty(0, np.bool_)
    if (span := _span(plays)) is not None:
        first, last = span
        start, end = question.zone.first_instant(first * DAY), end_of(question.zone, last)
        # Where clocks fall back across midnight, some of the dates before and after come within them.
        dates = dates_of(question.zone, "day", start, end)
        inside = (dates.days >= first) & (dates.days <= last)
        days = dates.days[inside]
        silent = dates.placed(plays.over(Period(start, end))).counts[inside] == 0
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


def _span(plays: Selection) -> tuple[int, int] | None:
    """The first and the last local date that are looked at; None: there is none."""
    question, ever = plays.question, plays.ever
    if question.period.sides is None or not len(ever.start):
        return None
    zone, clock = question.zone, question.clock
    touched = dates_of(zone, "day", *question.period.sides).days
    first, last = max(int(touched[0]), int(ever.local[0]) // DAY), int(touched[-1])
    if not clock.is_over(end_of(zone, last)):
        last = min(last, day_before(zone, clock.today(zone)))
    return (first, last) if first <= last else None


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
