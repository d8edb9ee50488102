"""Seasons: in which months of the year a listener listens more."""

import msgspec
import numpy as np

from stats_core.history.columns import History, Ints
from stats_core.insights.buckets import dates_of
from stats_core.insights.parameters import COMMON
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import selection_of, sums

_MONTHS = 12


class MonthOfYear(msgspec.Struct, gc=False):
    """A month of the year, over all years of the period."""

    month: int
    """1 to 12."""
    days: int
    """Local dates of this month that lie in the period, up to today."""
    plays: int
    ms: int
    plays_per_day: float | None
    """Null where no day of the month lies in the period."""
    ms_per_day: float | None


class Seasons(Answer, kw_only=True):
    """The time of the year."""

    months: list[MonthOfYear]
    """Twelve, January first."""


def seasons(history: History, question: Question) -> Seasons:
    """The passing plays by month of the year, and their mean on a day of it."""
    plays = selection_of(history, question)
    nothing = np.zeros(_MONTHS, np.int64)
    days, counts, ms = nothing, nothing, nothing
    if question.period.sides is not None:
        dates = dates_of(question.zone, "day", *question.period.sides)
        placed = dates.placed(plays)
        month = _months(dates.days)
        counts, ms = (sums(month, values, _MONTHS) for values in (placed.counts, placed.sums(plays.ms)))
        days = np.bincount(_months(_begun(dates.days, question)), minlength=_MONTHS)
    columns = days.tolist(), counts.tolist(), ms.tolist(), _means(counts, days), _means(ms, days)
    months = [MonthOfYear(month, *values) for month, values in enumerate(zip(*columns, strict=True), start=1)]
    return Seasons(**plays.told, months=months)


def _begun(days: Ints, question: Question) -> Ints:
    """Those days of the period that have begun."""
    end = question.period.end
    if end is None or question.clock.is_over(end):
        return days
    return days[days <= question.clock.today(question.zone)]


def _means(values: Ints, days: Ints) -> list[float | None]:
    return [value / each if each else None for value, each in zip(values.tolist(), days.tolist(), strict=True)]


def _months(days: Ints) -> Ints:
    """The month of the year of each day, from 0."""
    months: Ints = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % _MONTHS
    return months


STATISTIC = Statistic(
    name="seasons",
    summary="Plays by month of the year",
    description="The twelve months of the year with their plays and milliseconds listened, over all years of the "
    "period, and the mean on one of their days: months are of unequal length, and a period may hold one of them more "
    "often. A date counts if any of it lies in the period, and not before it has begun.",
    parameters=COMMON,
    answer=Seasons,
    function=seasons,
    listed="months",
)
