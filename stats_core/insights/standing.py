"""Standing: how often each of some entries was heard in a period, and the rank that gives it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from stats_core.history.columns import Codes, Flags, Ints
from stats_core.history.entries import Entries
from stats_core.insights.order import Places, first_of
from stats_core.insights.parameters import Measure
from stats_core.insights.selection import Selection

NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Around:
    """An entry's rank, and the entries nearest to it, best first."""

    rank: int
    above: list[int]
    below: list[int]


@dataclass(frozen=True)
class Standing:
    """Entries in one period, as arrays of one length."""

    plays: Ints
    ms: Ints
    first: Ints
    """Start of each one's first play, ms since 1970; beyond all time without any."""
    place_by_id: Codes
    by: Measure
    """What ranks: then the other measure, then the earlier first play, then the id."""

    @cached_property
    def played(self) -> Places:
        """The entries with a play."""
        return np.flatnonzero(self.plays)

    @cached_property
    def was_played(self) -> Flags:
        """Of each entry, whether it was."""
        played: Flags = self.plays > 0
        return played

    def best(self, offset: int, limit: int) -> Places:
        """A page of the played entries, best first."""
        return self.played[first_of(self._keys, offset, limit)]

    def around(self, code: int, count: int) -> "Around":
        """A played entry's rank, and at most so many above and so many below it: only these are sorted."""
        keys, at = self._keys, int(np.searchsorted(self.played, code))
        before, equal = np.zeros(len(self.played), np.bool_), np.ones(len(self.played), np.bool_)
        for key in keys:
            before |= equal & (key < key[at])
            equal &= key == key[at]
        above, below = np.flatnonzero(before), np.flatnonzero(~before & ~equal)
        above = above[first_of([-key[above] for key in keys], 0, count)][::-1]
        below = below[first_of([key[below] for key in keys], 0, count)]
        return Around(int(before.sum()) + 1, self.played[above].tolist(), self.played[below].tolist())

    @cached_property
    def rank(self) -> Ints:
        """The rank of each entry; of those not played the place after the last one."""
        rank = np.full(len(self.plays), len(self.played) + 1, np.int64)
        rank[self.best(0, len(self.played))] = np.arange(1, len(self.played) + 1)
        return rank

    @property
    def _keys(self) -> tuple[Ints, Ints, Ints, Codes]:
        played = self.played
        plays, ms = -self.plays[played], -self.ms[played]
        measures = (plays, ms) if self.by == "plays" else (ms, plays)
        return (*measures, self.first[played], self.place_by_id[played])


def standing_of(plays: Selection, entries: Entries, by: Measure) -> Standing:
    """The standing of entries among the passing plays of a selection."""
    totals = plays.totals.grouped(entries)
    return standing(plays, totals.plays, totals.ms, totals.first, entries.place_by_id, by)


def standing(plays: Selection, counts: Ints, ms: Ints, number: Ints, place_by_id: Codes, by: Measure) -> Standing:
    """The standing of whatever was counted; `number` of the first play within the selection."""
    first = np.full(len(counts), NEVER, np.int64)
    played = counts > 0
    first[played] = plays.start[number[played]]
    return Standing(counts, ms, first, place_by_id, by)
