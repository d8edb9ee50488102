"""Clock: at which hours of the week, and of the day, a listener listens."""

import msgspec
import numpy as np

from stats_core.history.columns import History, Ints
from stats_core.insights.parameters import COMMON
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import selection_of, sums
from stats_core.insights.zones import HOUR

_WEEK = 7 * 24
_EPOCH_HOUR = 3 * 24
"""1970 began on a Thursday."""


class Clock(Answer, kw_only=True):
    """Plays and ms by weekday (7, Monday first) and local hour (24) of their start."""

    plays: list[list[int]]
    ms: list[list[int]]


class Hour(msgspec.Struct, gc=False):
    """An hour of the day."""

    hour: int
    """Local, 0 to 23."""
    plays: int
    ms: int


class Hours(Answer, kw_only=True):
    """Plays and ms by the local hour of their start."""

    hours: list[Hour]
    """24, empty ones included."""


def clock(history: History, question: Question) -> Clock:
    """The passing plays by weekday and hour; both hours of a clock set back count in one cell."""
    selected = selection_of(history, question)
    plays, ms = by_weekday_and_hour(selected.local, selected.ms)
    return Clock(**selected.told, plays=plays, ms=ms)


def by_weekday_and_hour(local: Ints, ms: Ints) -> tuple[list[list[int]], list[list[int]]]:
    """Plays and ms of plays that start at these local times."""
    cell = (local // HOUR + _EPOCH_HOUR) % _WEEK
    return _rows(np.bincount(cell, minlength=_WEEK)), _rows(sums(cell, ms, _WEEK))


def hours(history: History, question: Question) -> Hours:
    """The passing plays by hour; both hours of a clock set back count in one."""
    plays = selection_of(history, question)
    hour = plays.local // HOUR % 24
    counts, ms = np.bincount(hour, minlength=24).tolist(), sums(hour, plays.ms, 24).tolist()
    return Hours(**plays.told, hours=[Hour(*values) for values in zip(range(24), counts, ms, strict=True)])


def _rows(cells: Ints) -> list[list[int]]:
    rows: list[list[int]] = cells.reshape(7, 24).tolist()
    return rows


CLOCK = Statistic(
    name="clock",
    summary="Plays by weekday and hour",
    description="7 x 24 of plays and of milliseconds listened: weekdays from Monday, local hours from 0. A play counts "
    "wholly in the hour of its start.",
    parameters=COMMON,
    answer=Clock,
    function=clock,
)
HOURS = Statistic(
    name="hours",
    summary="Plays by hour of the day",
    description="The 24 local hours of the day with their plays and milliseconds listened, over all days of the "
    "period. A play counts wholly in the hour of its start; both hours of a clock set back are one.",
    parameters=COMMON,
    answer=Hours,
    function=hours,
    listed="hours",
)
