"""Milestones: the first play, the hundredth, the thousandth, and every ten thousandth."""

from typing import Final

import msgspec
import numpy as np

from stats_core.history.columns import History
from stats_core.history.entries import NONE
from stats_core.insights.named import Named, naming
from stats_core.insights.parameters import COMMON
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import selection_of

FIRST: Final = (1, 100, 1_000)
STEP: Final = 10_000


class Milestone(msgspec.Struct):
    """The nth passing play of the whole history."""

    number: int
    start: str
    item: Named | None
    """null where nobody knows what was played."""


class NextMilestone(msgspec.Struct):
    """The milestone that the next plays lead to."""

    number: int
    missing: int
    """Plays still to go."""


class Milestones(Answer, kw_only=True):
    """The milestones that lie in a period, in order."""

    items: list[Milestone]
    plays: int
    """Passing plays of the whole history."""
    next: NextMilestone


def milestones(history: History, question: Question) -> Milestones:
    """The plays of the period that are milestones of the whole history, counted in the order of (start, key)."""
    selected = selection_of(history, question)
    ever = selected.ever
    plays = len(ever.positions)
    begin, end = np.searchsorted(ever.start, question.period.sides or (0, 0)).tolist()
    numbers = [number for number in _up_to(plays) if begin < number <= end]
    at = np.array(numbers, np.intp) - 1
    starts = question.zone.all_written(ever.start[at])
    items = [
        Milestone(number, start, _named(history, int(title)))
        for number, start, title in zip(numbers, starts, ever.title[at].tolist(), strict=True)
    ]
    following = next(number for number in (*FIRST, (plays // STEP + 1) * STEP) if number > plays)
    return Milestones(**selected.told, items=items, plays=plays, next=NextMilestone(following, following - plays))


def _up_to(plays: int) -> list[int]:
    return [*(number for number in FIRST if number <= plays), *range(STEP, plays + 1, STEP)]


def _named(history: History, title: int) -> Named | None:
    return None if title == NONE else Named(**naming(history.titles.entries[title], history.catalogue))


STATISTIC = Statistic(
    name="milestones",
    summary="The first, hundredth, thousandth play, and every ten thousandth",
    description="The plays of the period that are the 1st, 100th, 1,000th, 10,000th, 20,000th and so on of the whole "
    "history's passing plays, in order, and the next one to come. A million plays have 102 of them.",
    parameters=COMMON,
    answer=Milestones,
    function=milestones,
    listed="items",
)
