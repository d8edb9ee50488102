"""Rediscoveries: what was loved, left for a year, and came back to stay."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from stats_core.history.columns import Codes, History, Ints
from stats_core.insights.named import Named, naming
from stats_core.insights.order import Places, first_of
from stats_core.insights.parameters import COMMON, LIMIT, OFFSET
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import Selection, selection_of
from stats_core.insights.zones import DAY

FEWEST_BEFORE: Final = 10
FEWEST_AFTER: Final = 3
AWAY_DAYS: Final = 365
BACK_DAYS: Final = 90


class Rediscovery(Named, kw_only=True):
    """An item that came back; one that came back twice is there twice."""

    last_before: str
    """Start of the last play before it was left."""
    returned: str
    """Start of the play it came back with."""
    away_days: int
    """Whole days of 24 hours between these two."""
    plays_before: int
    """All plays until it was left."""
    plays_back: int
    """Plays in the 90 days from its return on, that one included; as `ms_back`."""
    ms_back: int


class Rediscoveries(Answer, kw_only=True):
    """A page of rediscoveries, the latest first."""

    items: list[Rediscovery]
    total: int


@dataclass(frozen=True)
class _ByTitle:
    """Passing plays of the whole history in the order of (title, start, key)."""

    position: Codes
    """In the history."""
    start: Ints
    begin: Ints
    """Where each title's plays begin, and where the last ones end."""


def rediscoveries(history: History, question: Question) -> Rediscoveries:
    """The returns in the period: FEWEST_BEFORE plays, AWAY_DAYS without any, FEWEST_AFTER within BACK_DAYS."""
    selected = selection_of(history, question)
    titles = history.titles
    plays = _by_title(selected.ever)
    returns, title = _returns(plays, *(question.period.sides or (0, 0)))
    before = returns - plays.begin[title]
    page = first_of((-plays.start[returns], -before, titles.place_by_id[title]), question[OFFSET], question[LIMIT])
    last, back = plays.start[returns[page] - 1], plays.start[returns[page]]
    items = []
    for at, code, earlier, last_before, returned, away in zip(
        *(column[page].tolist() for column in (returns, title, before)),
        *(question.zone.all_written(instants) for instants in (last, back)),
        ((back - last) // DAY).tolist(),
        strict=True,
    ):
        again = _back(plays, at, int(plays.begin[code + 1]))
        items.append(
            Rediscovery(
                **naming(titles.entries[code], history.catalogue),
                last_before=last_before,
                returned=returned,
                away_days=away,
                plays_before=earlier,
                plays_back=len(again),
                ms_back=int(history.ms[again].sum(dtype=np.int64)),
            )
        )
    return Rediscoveries(**selected.told, items=items, total=len(returns))


def _by_title(plays: Selection) -> _ByTitle:
    kept = plays.by_title
    return _ByTitle(kept.play, plays.history.start[kept.play], kept.begin)


def _returns(plays: _ByTitle, start: int, end: int) -> tuple[Places, Places]:
    """Where in the plays the returns from `start` on and before `end` stand, and the title of each."""
    at = np.flatnonzero(np.diff(plays.start) >= AWAY_DAYS * DAY) + 1
    at = at[(plays.start[at] >= start) & (plays.start[at] < end)]
    title = np.searchsorted(plays.begin, at, side="right") - 1
    third = at + FEWEST_AFTER - 1
    whole = (at - plays.begin[title] >= FEWEST_BEFORE) & (third < plays.begin[title + 1])
    at, title, third = at[whole], title[whole], third[whole]
    stayed = plays.start[third] - plays.start[at] <= BACK_DAYS * DAY
    return at[stayed], title[stayed]


def _back(plays: _ByTitle, at: int, end: int) -> Codes:
    """The plays from a return on for BACK_DAYS, of a title whose plays end at `end`."""
    until = int(plays.start[at]) + BACK_DAYS * DAY
    return plays.position[at : at + int(np.searchsorted(plays.start[at:end], until, side="right"))]


STATISTIC = Statistic(
    name="rediscoveries",
    summary="What was left for a year and came back",
    description=f"The items with {FEWEST_BEFORE} passing plays or more, then none for {AWAY_DAYS} days of 24 hours, "
    f"then {FEWEST_AFTER} or more within {BACK_DAYS} days of the return, that one included. The period says when they "
    "returned; the plays before and after count wherever they lie. The latest return first.",
    parameters=(*COMMON, LIMIT, OFFSET),
    answer=Rediscoveries,
    function=rediscoveries,
    listed="items",
)
