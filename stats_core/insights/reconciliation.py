"""Reconciliation: what the Web API and the exports tell of the same plays."""

from typing import Final

from stats_core.documents.words import SOURCES
from stats_core.history.columns import History
from stats_core.insights.parameters import COMMON
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import selection_of

_API: Final = SOURCES.index("api")


class Reconciliation(Answer, kw_only=True):
    """How the two sources meet in a period."""

    matched: int
    """Plays that an export and the Web API tell of."""
    only_api: int
    """Plays that the Web API alone tells of; of a period that exports cover there should be none."""
    only_export: int
    """Plays that exports alone tell of: short ones, private sessions, and those of before the first poll."""


def reconciliation(history: History, question: Question) -> Reconciliation:
    """The passing plays by who tells of them."""
    plays = selection_of(history, question)
    source, also = history.source[plays.positions], history.also[plays.positions]
    api = source == _API
    matched = int((~api & (also >> _API & 1 == 1)).sum())
    only_api = int(api.sum())
    return Reconciliation(**plays.told, matched=matched, only_api=only_api, only_export=len(api) - only_api - matched)


STATISTIC = Statistic(
    name="reconciliation",
    summary="What the Web API and the exports tell of the same plays",
    description="How many plays of a period both tell of, and how many only one. Counts plays of any length "
    "unless told otherwise.",
    parameters=COMMON,
    answer=Reconciliation,
    function=reconciliation,
    default_min_ms=0,
)
