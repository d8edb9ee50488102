"""Movers: who climbed and who fell, against the period before."""

from dataclasses import replace
from typing import Final, Literal

import numpy as np

from stats_core.history.columns import Flags, History, Ints
from stats_core.history.entries import Entries
from stats_core.insights.named import Named, Naming, naming
from stats_core.insights.order import Key, first_of
from stats_core.insights.parameters import BY as TOP_BY
from stats_core.insights.parameters import COMMON, Choice, Measure
from stats_core.insights.parameters import LIMIT as TOP_LIMIT
from stats_core.insights.periods import ALL_TIME, Period
from stats_core.insights.question import Answer, AnsweredPeriod, Question, Statistic
from stats_core.insights.selection import selection_of
from stats_core.insights.standing import Standing, standing_of

Of = Literal["tracks", "recordings", "artists", "albums"]

TOP: Final = 100

OF: Choice[Of] = Choice(
    name="of",
    description="What moves.",
    example="artists",
    default="tracks",
    choices=("tracks", "recordings", "artists", "albums"),
)
BY: Choice[Measure] = replace(TOP_BY, description="The measure that ranks in both periods.")
LIMIT = replace(TOP_LIMIT, description="How many climbers to answer at most, and how many fallers.")


class Mover(Named, kw_only=True):
    """An entry, and its places in two periods."""

    rank: int | None
    """In the period; null where it was not played in it."""
    previous_rank: int | None
    """In the period before; null where it was not played in it."""
    change: int
    """`previous_rank` - `rank`: above 0 it climbed. Where one is null, the place after that period's last entry
    stands for it."""
    plays: int
    """In the period, as `ms`."""
    ms: int
    previous_plays: int
    """In the period before, as `previous_ms`."""
    previous_ms: int


class Movers(Answer, kw_only=True):
    """Those that moved most, the largest change first."""

    before: AnsweredPeriod | None
    """The period compared with; null where the question had no start: then nothing moved."""
    climbers: list[Mover]
    fallers: list[Mover]
    new: int
    """How many of the period's top were never played before: they are no climbers."""


def movers(history: History, question: Question) -> Movers:
    """The entries in the TOP of the period or of the one before, by how far they moved between the two."""
    selected = selection_of(history, question)
    before = question.before
    if before is None or question.period.start is None:
        return Movers(**selected.told, before=None, climbers=[], fallers=[], new=0)
    entries: Entries = getattr(history, question[OF])
    now, then = (standing_of(plays, entries, question[BY]) for plays in (selected, selected.over(before)))
    known = selected.over(Period(ALL_TIME.start, question.period.start)).totals.grouped(entries).plays > 0
    moved: Ints = np.where(known & (_on_top(now) | _on_top(then)), then.rank - now.rank, 0)

    def listed(direction: int) -> list[Mover]:
        some = np.flatnonzero(direction * moved > 0)
        first: Ints = np.minimum(now.first, then.first)
        keys: tuple[Key, ...] = (-abs(moved), -now.plays, -now.ms, first, entries.place_by_id)
        page = some[first_of([key[some] for key in keys], 0, question[LIMIT])]
        return [_mover(naming(entries.entries[code], history.catalogue), now, then, code) for code in page.tolist()]

    return Movers(
        **selected.told,
        before=question.over(before).answered_period,
        climbers=listed(1),
        fallers=listed(-1),
        new=int((_on_top(now) & ~known).sum()),
    )


def _on_top(standing: Standing) -> Flags:
    on_top: Flags = standing.was_played & (standing.rank <= TOP)
    return on_top


def _mover(named: Naming, now: Standing, then: Standing, code: int) -> Mover:
    rank, previous = int(now.rank[code]), int(then.rank[code])
    return Mover(
        **named,
        rank=rank if now.plays[code] else None,
        previous_rank=previous if then.plays[code] else None,
        change=previous - rank,
        plays=int(now.plays[code]),
        ms=int(now.ms[code]),
        previous_plays=int(then.plays[code]),
        previous_ms=int(then.ms[code]),
    )


STATISTIC = Statistic(
    name="movers",
    summary="Who climbed and who fell against the period before",
    description=f"Of the {TOP} most played of the period and of the period before: those whose rank rose and those "
    "whose rank fell, the largest change first, then the most plays in the period. What was not played in one of the "
    "two stands after its last entry there; what was never played before the period is new, and no climber. Needs a "
    "start: whole months or years compare with as many before, other dates with as many days.",
    parameters=(*COMMON, OF, BY, LIMIT),
    answer=Movers,
    function=movers,
    entries="track",
)
