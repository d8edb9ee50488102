"""The passing plays of a question: those that start in its period and are left after private, kinds and rule."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from stats_core.documents import KINDS
from stats_core.history.columns import Codes, Flags, History, Ints
from stats_core.history.names import Entries
from stats_core.insights.question import Question

_IS_PRIVATE = 1


@dataclass(frozen=True)
class Totals:
    """Plays and ms of each item or entry, and its first passing play; arrays of one length."""

    plays: Ints
    ms: Ints
    first: Ints
    """Number of the first play within the selection; beyond the last where there is none."""

    def grouped(self, entries: Entries) -> "Totals":
        """The totals of entries, out of those of items."""
        played = np.flatnonzero(self.plays)
        codes = entries.of_item[played]
        if (codes < 0).any():
            played, codes = played[codes >= 0], codes[codes >= 0]
        size = len(entries.entries)
        first = np.full(size, np.iinfo(np.int64).max)
        np.minimum.at(first, codes, self.first[played])
        return Totals(
            _sums(codes, self.plays[played], size),
            _sums(codes, self.ms[played], size),
            first,
        )


@dataclass(frozen=True)
class Selection:
    """The passing plays of a question, as arrays of one length in the history's order (start, key)."""

    history: History
    question: Question

    @cached_property
    def positions(self) -> npt.NDArray[np.intp]:
        """Where they stand in the history."""
        sides = self.question.period.sides
        if sides is None:
            return np.empty(0, np.intp)
        low, high = np.searchsorted(self.history.start, sides).tolist()
        positions: npt.NDArray[np.intp] = np.flatnonzero(self._passing(slice(low, high))) + low
        return positions

    @cached_property
    def start(self) -> Ints:
        """ms since 1970 UTC, ascending."""
        return self.history.start[self.positions]

    @cached_property
    def ms(self) -> Ints:
        """Milliseconds listened of each."""
        return self.history.ms[self.positions]

    @cached_property
    def item(self) -> Codes:
        """Position in `history.items` of each."""
        return self.history.item[self.positions]

    @cached_property
    def local(self) -> Ints:
        """Start of each in local time, ms; not quite ascending where clocks fall back."""
        if not len(self.start):
            return self.start
        return self.question.zone.offsets(int(self.start[0]), int(self.start[-1])).local(self.start)

    @cached_property
    def totals(self) -> Totals:
        """Plays, ms and first play of every item of the history."""
        size = len(self.history.items)
        first = np.full(size, np.iinfo(np.int64).max)
        # Of several values for one place the last stays, so the plays are written from last to first.
        first[self.item[::-1]] = np.arange(len(self.item) - 1, -1, -1)
        return Totals(np.bincount(self.item, minlength=size), _sums(self.item, self.ms, size), first)

    def _passing(self, part: slice) -> Flags:
        rule, history = self.question.rule, self.history
        passing = history.ms[part] >= rule.min_ms
        if len(rule.kinds) == 1:
            passing &= history.kind[part] == KINDS.index(rule.kinds[0])
        elif len(rule.kinds) < len(KINDS):
            wanted = np.array([kind in rule.kinds for kind in KINDS])
            passing &= wanted[history.kind[part]]
        # Not told counts as not private.
        if rule.private == "only":
            passing &= history.private[part] == _IS_PRIVATE
        elif rule.private == "exclude":
            passing &= history.private[part] != _IS_PRIVATE
        return passing


def _sums(codes: Codes, values: Ints, size: int) -> Ints:
    """The values summed by code. As floats they are exact below 2**53: 100 million plays of a whole day each."""
    return np.bincount(codes, weights=values, minlength=size).astype(np.int64)
