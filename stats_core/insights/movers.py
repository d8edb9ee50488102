"""Movers: who climbed and who fell, against the period before."""

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from stats_core.history.columns import Flags, History, Ints
from stats_core.history.entries import Entries
from stats_core.insights.named import Named, Naming, naming
from stats_core.insights.order import Key, first_of, in_order
from stats_core.insights.parameters import BY as TOP_BY
from stats_core.insights.parameters import COMMON, Choice, Measure
from stats_core.insights.parameters import LIMIT as TOP_LIMIT
from stats_core.insights.periods import ALL_TIME, Period
from stats_core.insights.question import Answer, AnsweredPeriod, Question, Statistic
from stats_core.insights.selection import Selection, Totals, selection_of

Of = Literal["tracks", "recordings", "artists", "albums"]

TOP: Final = 100
_NEVER: Final = np.iinfo(np.int64).max

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


@dataclass(frozen=True)
class _Ranked:
    """The entries of one period."""

    totals: Totals
    first: Ints
    """Start of each one's first play; _NEVER without any."""
    rank: Ints
    """Of each; of those not played the place after the last one."""

    @property
    def played(self) -> Flags:
        """Of each, whether it was."""
        played: Flags = self.totals.plays > 0
        return played

    @property
    def on_top(self) -> Flags:
        """Of each, whether it is one of the TOP."""
        return self.played & (self.rank <= TOP)


def movers(history: History, question: Question) -> Movers:
    """The entries in the TOP of the period or of the one before, by how far they moved between the two."""
    selected = selection_of(history, question)
    before = question.period.before(question.zone)
    if before is None or question.period.start is None:
        return Movers(**selected.told, before=None, climbers=[], fallers=[], new=0)
    entries: Entries = getattr(history, question[OF])
    now, then = (_ranked(plays, entries) for plays in (selected, selected.over(before)))
    known = selected.over(Period(ALL_TIME.start, question.period.start)).totals.grouped(entries).plays > 0
    moved: Ints = np.where(known & (now.on_top | then.on_top), then.rank - now.rank, 0)

    def listed(direction: int) -> list[Mover]:
        some = np.flatnonzero(direction * moved > 0)
        first: Ints = np.minimum(now.first, then.first)
        keys: tuple[Key, ...] = (-abs(moved), -now.totals.plays, -now.totals.ms, first, entries.place_by_id)
        page = some[first_of([key[some] for key in keys], 0, question[LIMIT])]
        return [_mover(naming(entries.entries[code], history.catalogue), now, then, code) for code in page.tolist()]

    return Movers(
        **selected.told,
        before=question.over(before).answered_period,
        climbers=listed(1),
        fallers=listed(-1),
        new=int((now.on_top & ~known).sum()),
    )


def _ranked(plays: Selection, entries: Entries) -> _Ranked:
    totals = plays.totals.grouped(entries)
    played = np.flatnonzero(totals.plays)
    first = np.full(len(entries), _NEVER, np.int64)
    first[played] = plays.start[totals.first[played]]
    measures = (-totals.plays, -totals.ms) if plays.question[BY] == "plays" else (-totals.ms, -totals.plays)
    keys = (*measures, first, entries.place_by_id)
    order = in_order([key[played] for key in keys])
    rank = np.full(len(entries), len(played) + 1, np.int64)
    rank[played[order]] = np.arange(1, len(played) + 1)
    return _Ranked(totals, first, rank)


def _mover(named: Naming, now: _Ranked, then: _Ranked, code: int) -> Mover:
    rank, previous = int(now.rank[code]), int(then.rank[code])
    return Mover(
        **named,
        rank=rank if now.played[code] else None,
        previous_rank=previous if then.played[code] else None,
        change=previous - rank,
        plays=int(now.totals.plays[code]),
        ms=int(now.totals.ms[code]),
        previous_plays=int(then.totals.plays[code]),
        previous_ms=int(then.totals.ms[code]),
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
