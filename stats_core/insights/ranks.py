"""Ranks: the place of one entry among all of its kind, in a period and in each of its buckets."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from stats_core.history.by_entry import ByEntry, by_entry
from stats_core.history.columns import Ints
from stats_core.history.entries import NONE, Codes, Entries
from stats_core.insights.buckets import Placed
from stats_core.insights.order import Places, first_of
from stats_core.insights.parameters import Measure
from stats_core.insights.selection import Selection, sums
from stats_core.insights.standing import NEVER, Standing

ABSENT: Final = 0
"""The rank of what was not played."""


@dataclass(frozen=True, eq=False)
class Series:
    """An entry in every bucket, shape (buckets,)."""

    rank: Ints
    """ABSENT where it was not played."""
    plays: Ints
    ms: Ints


@dataclass(frozen=True, eq=False)
class Ranks:
    """Entries by a measure of the selected plays, then the other one, then the earlier first play, then the id."""

    selected: Selection
    entries: Entries
    passing: ByEntry
    """The selected plays that are of these entries."""
    by: Measure

    @cached_property
    def standing(self) -> Standing:
        """Of the whole period."""
        plays, begin = np.diff(self.passing.begin), self.passing.begin[:-1]
        played = plays > 0
        ms, first = np.zeros(len(plays), np.int64), np.full(len(plays), NEVER)
        ms[played] = self._all_listened(self.passing.play, begin[played])
        first[played] = self.selected.history.start[self.passing.play[begin[played]]]
        return Standing(plays, ms, first, self.entries.place_by_id, self.by)

    def positions(self, code: int) -> Codes:
        """Positions in the history of an entry's plays."""
        return self.passing.play[self._own(code)]

    def best(self, codes: Places, count: int) -> list[int]:
        """The first so many of some entries."""
        plays, ms = -self.standing.plays[codes], -self.standing.ms[codes]
        measures = (ms, plays) if self.by == "ms" else (plays, ms)
        keys = (*measures, self.standing.first[codes], self.entries.place_by_id[codes])
        best: list[int] = codes[first_of(keys, 0, count)].tolist()
        return best

    def within(self, code: int, entries: Entries) -> "Ranks":
        """Other entries by the plays of this one alone."""
        positions = self.positions(code)
        own = by_entry(entries, self.selected.history.item[positions])
        return Ranks(self.selected, entries, ByEntry(positions[own.play], own.begin), self.by)

    def over_time(self, code: int, placed: Placed) -> Series:
        """An entry in each bucket; `placed` are the selected plays.

        The plays of an entry lie together, and in order of time: so each run of one bucket is a count. At 250,000 plays
        this takes 2 ms; a table of every track in every week, empty for the most part, takes 40.
        """
        history, here, count = self.selected.history, self._own(code), len(placed.counts)
        play, bucket = self._in_buckets(placed)
        own_play, own_bucket = play[here], bucket[here]
        own_plays = np.bincount(own_bucket, minlength=count)
        own_ms = sums(own_bucket, history.ms[own_play].astype(np.int64), count)
        own_first = np.zeros(count, np.int64)
        # Of several values for one place the last stays, so the plays are written from last to first.
        own_first[own_bucket[::-1]] = history.start[own_play[::-1]]
        by_ms = self.by == "ms"
        own_measure, own_other = (own_ms, own_plays) if by_ms else (own_plays, own_ms)

        begin = self._runs(bucket)
        size, at = np.diff(begin, append=len(play)), bucket[begin]
        measure, level = self._all_listened(play, begin) if by_ms else size, own_measure[at]
        # Summing flags as weights takes a quarter of picking out what is flagged.
        before = np.bincount(at, weights=measure > level, minlength=count).astype(np.int64)
        # The entry's own runs are among the equal ones, and never before themselves.
        equal = np.flatnonzero(measure == level)
        begin, size, at = begin[equal], size[equal], at[equal]
        other, own = size if by_ms else self._listened(play, begin, size), own_other[at]
        before += np.bincount(at[other > own], minlength=count)
        tied = np.flatnonzero(other == own)
        begin, at = begin[tied], at[tied]
        first, entry = history.start[play[begin]], np.searchsorted(self.passing.begin, begin, side="right") - 1
        by_id = self.entries.place_by_id
        earlier = (first < own_first[at]) | ((first == own_first[at]) & (by_id[entry] < by_id[code]))
        before += np.bincount(at[earlier], minlength=count)
        return Series(np.where(own_plays > 0, before + 1, ABSENT), own_plays, own_ms)

    def _runs(self, bucket: npt.NDArray[np.int16]) -> Places:
        """Where the plays of another entry or another bucket begin."""
        begins = np.ones(len(bucket), np.bool_)
        begins[1:] = bucket[1:] != bucket[:-1]
        begins[self.passing.begin[:-1][self.standing.was_played]] = True
        return np.flatnonzero(begins)

    def _own(self, code: int) -> slice:
        """Where an entry's plays lie."""
        return slice(*self.passing.begin[code : code + 2].tolist())

    def _in_buckets(self, placed: Placed) -> tuple[Codes, npt.NDArray[np.int16]]:
        """The plays by entry and bucket, and the bucket of each."""
        play, whole = self.passing.play, len(self.selected.history)
        if placed.order is None:
            # All plays of the history between two of a bucket may be said to be in it, whether they count or not.
            edges = np.full(len(placed.ends), whole)
            inside = placed.ends < placed.plays
            edges[inside] = self.selected.positions[placed.ends[inside]]
            numbers = np.arange(len(placed.counts), dtype=np.int16)
            bucket = np.repeat(numbers, np.diff(edges, prepend=0, append=whole)).take(play)
        else:
            of_play = np.zeros(whole, np.int16)
            of_play[self.selected.positions] = placed.bucket
            bucket = of_play.take(play)
            # Where clocks fall back across midnight, the date before comes once more.
            order = np.lexsort((bucket, np.repeat(np.arange(len(self.entries)), self.standing.plays)))
            play, bucket = play[order], bucket[order]
        return play, bucket

    def _listened(self, play: Codes, begin: Ints, size: Ints) -> Ints:
        """Milliseconds listened in some stretches of plays."""
        until = np.cumsum(size)
        at = np.repeat(begin - until + size, size) + np.arange(int(size.sum()))
        heard: Ints = np.append(0, np.cumsum(self.selected.history.ms[play[at]], dtype=np.int64))
        listened: Ints = heard[until] - heard[until - size]
        return listened

    def _all_listened(self, play: Codes, begin: Ints) -> Ints:
        """Milliseconds listened in all stretches of plays that begin at these places."""
        if not len(begin):
            return np.zeros(0, np.int64)
        listened: Ints = np.add.reduceat(self.selected.history.ms.take(play), begin, dtype=np.int64)
        return listened


def ranks_of(selected: Selection, entries: Entries, passing: ByEntry, by: Measure) -> Ranks:
    """The ranks of entries; `passing` are the selected plays in their order, and of others besides."""
    if selected.question.rule.kinds != ("track",):
        passing = passing.only((entries.of_item != NONE).take(selected.history.item))
    return Ranks(selected, entries, passing, by)
