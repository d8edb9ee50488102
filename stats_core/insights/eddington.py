"""Eddington number: the largest number of days with as many plays each."""

import msgspec
import numpy as np

from stats_core.history.columns import History, Ints
from stats_core.insights.parameters import COMMON, Choice, Measure
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import Selection, selection_of, sums
from stats_core.insights.zones import DAY

_MINUTE = 60_000
BY: Choice[Measure] = Choice(
    name="by",
    description="What is counted of each day: plays, or full minutes listened (ms).",
    example="ms",
    default="plays",
    choices=("plays", "ms"),
)


class NextEddington(msgspec.Struct):
    """The number after it."""

    number: int
    days: int
    """Days that have as many plays or minutes already."""
    missing: int
    """Days more that need them."""


class Eddington(Answer, kw_only=True):
    """The Eddington number of a period."""

    by: Measure
    number: int
    """The largest E such that E days or more have E plays, or minutes, or more."""
    next: NextEddington


def eddington(history: History, question: Question) -> Eddington:
    """The Eddington number of the passing plays by local date."""
    selected = selection_of(history, question)
    counts = _by_day(selected, question[BY])
    # The nth largest day reaches n up to the number, and never after.
    largest = np.sort(counts)[::-1]
    number = int((largest >= np.arange(1, len(largest) + 1)).sum())
    following = number + 1
    reached = int((counts >= following).sum())
    return Eddington(
        **selected.told,
        by=question[BY],
        number=number,
        next=NextEddington(following, reached, following - reached),
    )


def _by_day(selected: Selection, by: Measure) -> Ints:
    """Plays, or full minutes, of every date from the first play to the last."""
    if not len(selected.positions):
        return np.empty(0, np.int64)
    days = selected.local // DAY
    days -= days.min()
    return np.bincount(days) if by == "plays" else sums(days, selected.ms, 0) // _MINUTE


STATISTIC = Statistic(
    name="eddington",
    summary="The largest number of days with as many plays each",
    description="The largest E such that at least E local dates have E passing plays or more (`by=ms`: E full minutes "
    "or more), and how many more such days the next number needs.",
    parameters=(*COMMON, BY),
    answer=Eddington,
    function=eddington,
)
