"""Lengths: how long each title is, as the catalogue says, or as the listener's own finished plays tell."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from stats_core.history.catalogue import Catalogue
from stats_core.history.entries import NONE, Codes, Entries, Flags

UNKNOWN_LENGTH: Final = 0
_PLAYS_TO_TELL: Final = 2
"""One finished play alone may have been anything."""


@dataclass(frozen=True, eq=False)
class Lengths:
    """Of each title, shape (titles,)."""

    ms: Codes
    """UNKNOWN_LENGTH where nobody tells."""
    estimated: Flags
    """It is the median of the listener's plays that ended `trackdone`."""


def lengths_of(titles: Entries, item: Codes, ms: Codes, catalogue: Catalogue) -> Lengths:
    """The lengths of titles; `item` and `ms` are those of the whole history's plays that ended `trackdone`.

    A median between two plays is cut to whole milliseconds.
    """
    lengths = np.full(len(titles), UNKNOWN_LENGTH, np.int32)
    title = titles.of_item[item]
    title, ms = title[title != NONE], ms[title != NONE]
    order = np.lexsort((ms, title))
    ms = ms[order]
    counts = np.bincount(title, minlength=len(titles))
    begin = np.cumsum(counts) - counts
    told = np.flatnonzero(counts >= _PLAYS_TO_TELL)
    low = ms[begin[told] + (counts[told] - 1) // 2].astype(np.int64)
    high = ms[begin[told] + counts[told] // 2]
    lengths[told] = (low + high) // 2
    known = _catalogued(titles, catalogue)
    return Lengths(np.where(known, known, lengths).astype(np.int32), (known == UNKNOWN_LENGTH) & (lengths > 0))


def _catalogued(titles: Entries, catalogue: Catalogue) -> npt.NDArray[np.int64]:
    lengths = np.full(len(titles), UNKNOWN_LENGTH, np.int64)
    if catalogue.tracks:
        for position, entry in enumerate(titles.entries):
            track = catalogue.tracks.get(entry.id) if entry.kind == "track" else None
            if track is not None and track.length:
                lengths[position] = track.length
    return lengths
