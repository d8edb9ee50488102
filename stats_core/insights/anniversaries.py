"""Anniversaries: what was first heard on this day of an earlier year, and has stayed."""

from typing import Final

import numpy as np

from stats_core.history.columns import Flags, History, Ints
from stats_core.insights.firsts import firsts_of
from stats_core.insights.named import Named, naming
from stats_core.insights.order import first_of
from stats_core.insights.parameters import COMMON, LIMIT, OFFSET
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import selection_of
from stats_core.insights.zones import DAY

FEWEST_PLAYS: Final = 10
_LEAP_DAY: Final = (2, 29)
_DAY_BEFORE: Final = (2, 28)


class Anniversary(Named, kw_only=True):
    """An item that was first heard so many years ago today."""

    years: int
    first_play: str
    plays: int
    """In the whole history, as `ms`."""
    ms: int


class Anniversaries(Answer, kw_only=True):
    """A page of today's anniversaries, the most played first."""

    date: str
    """Today in the time zone."""
    items: list[Anniversary]
    total: int


def anniversaries(history: History, question: Question) -> Anniversaries:
    """The items with FEWEST_PLAYS or more whose first passing play fell on today's month and day of an earlier year."""
    selected = selection_of(history, question)
    titles, zone = history.titles, question.zone
    new = firsts_of(selected, titles)
    today = question.clock.today(zone)
    days = zone.all_local(new.start) // DAY
    years = _years(np.array(today)) - _years(days)
    due = np.flatnonzero((new.plays >= FEWEST_PLAYS) & (years > 0) & _return_on(today, days))
    keys = (-new.plays, -new.ms, new.start, titles.place_by_id[new.entry])
    page = due[first_of([key[due] for key in keys], question[OFFSET], question[LIMIT])]
    items = [
        Anniversary(
            **naming(titles.entries[code], history.catalogue), years=since, first_play=first_play, plays=plays, ms=ms
        )
        for first_play, code, since, plays, ms in zip(
            zone.all_written(new.start[page]),
            *(column[page].tolist() for column in (new.entry, years, new.plays, new.ms)),
            strict=True,
        )
    ]
    return Anniversaries(**selected.told, date=str(np.datetime64(today, "D")), items=items, total=len(due))


def _return_on(today: int, days: Ints) -> Flags:
    """Which days come back today: those of its month and day, and a leap day on the last of February."""
    (month,), (day,) = _months_and_days(np.array([today]))
    months, days_of_month = _months_and_days(days)
    back: Flags = (months == month) & (days_of_month == day)
    (following,), _ = _months_and_days(np.array([today + 1]))
    if (month, day) == _DAY_BEFORE and following != month:
        back |= (months == _LEAP_DAY[0]) & (days_of_month == _LEAP_DAY[1])
    return back


def _years(days: Ints) -> Ints:
    years: Ints = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    return years


def _months_and_days(days: Ints) -> tuple[Ints, Ints]:
    """Month (1 to 12) and day of the month of days since 1970."""
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    return months.astype(np.int64) % 12 + 1, days - months.astype("datetime64[D]").astype(np.int64) + 1


STATISTIC = Statistic(
    name="anniversaries",
    summary="What was first heard on this day of an earlier year",
    description=f"The items with {FEWEST_PLAYS} passing plays or more whose first one fell on today's month and day of "
    "an earlier year, the most played first. On 28 February of a year without a 29th, what was first heard on a 29th "
    "has its anniversary, too. Plays count from the whole history; a period says when the first one must lie.",
    parameters=(*COMMON, LIMIT, OFFSET),
    answer=Anniversaries,
    function=anniversaries,
    listed="items",
)
