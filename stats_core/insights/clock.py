"""Clock: at which hours of the week a listener listens."""

import numpy as np

from stats_core.history.columns import History, Ints
from stats_core.insights.parameters import COMMON
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import Selection, sums
from stats_core.insights.zones import HOUR

_WEEK = 7 * 24
_EPOCH_HOUR = 3 * 24
"""1970 began on a Thursday."""


class Clock(Answer, kw_only=True):
    """Plays and ms by weekday (7, Monday first) and local hour (24) of their start."""

    plays: list[list[int]]
    ms: list[list[int]]


def clock(history: History, question: Question) -> Clock:
    """The passing plays by weekday and hour; both hours of a clock set back count in one cell."""
    plays = Selection(history, question)
    cell = (plays.local // HOUR + _EPOCH_HOUR) % _WEEK
    return Clock(
        **plays.told,
        plays=_rows(np.bincount(cell, minlength=_WEEK)),
        ms=_rows(sums(cell, plays.ms, _WEEK)),
    )


def _rows(cells: Ints) -> list[list[int]]:
    rows: list[list[int]] = cells.reshape(7, 24).tolist()
    return rows


STATISTIC = Statistic(
    name="clock",
    summary="Plays by weekday and hour",
    description="7 x 24 of plays and of milliseconds listened: weekdays from Monday, local hours from 0. A play counts "
    "wholly in the hour of its start.",
    parameters=COMMON,
    answer=Clock,
    function=clock,
)
