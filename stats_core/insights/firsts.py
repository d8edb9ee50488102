"""Firsts: the entries whose first passing play of the whole history lies in the period."""

from dataclasses import dataclass

import numpy as np

from stats_core.history.columns import Ints
from stats_core.history.entries import Entries
from stats_core.insights.order import Places
from stats_core.insights.selection import Selection


@dataclass(frozen=True)
class Firsts:
    """Entries as arrays of one length, in the order of the entries."""

    entry: Places
    """Positions in the entries."""
    start: Ints
    """Start of the first passing play, ms since 1970."""
    plays: Ints
    """Passing plays of the whole history."""
    ms: Ints


def firsts_of(plays: Selection, entries: Entries) -> Firsts:
    """The entries first played in the period of a selection."""
    ever = plays.ever
    totals = ever.totals.grouped(entries)
    played = np.flatnonzero(totals.plays)
    start = ever.start[totals.first[played]]
    begin, end = plays.question.period.sides or (0, 0)
    here = (start >= begin) & (start < end)
    first = played[here]
    return Firsts(first, start[here], totals.plays[first], totals.ms[first])
