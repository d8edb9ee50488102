"""Plays in the order of what they are of: what belongs to one entry lies together."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from stats_core.history.entries import Codes, Entries, Flags

_NARROW: Final = 1 << 16


@dataclass(frozen=True, eq=False)
class ByEntry:
    """Plays of a history in the order of (entry, start, key); one that belongs to several entries is there for each."""

    play: Codes
    """Positions in the history."""
    begin: npt.NDArray[np.int64]
    """Where each entry's plays begin in `play`, and one more where the last ones end; shape (entries + 1,)."""

    def only(self, among: Flags) -> "ByEntry":
        """Without the plays that are not among those flagged, of all plays of the history."""
        kept = np.flatnonzero(among.take(self.play))
        return ByEntry(self.play[kept], np.searchsorted(kept, self.begin))


def by_entry(entries: Entries, item: Codes) -> ByEntry:
    """All plays of a history, given by their items. Takes 2 ms at 250,000 plays, 30 ms at 1,000,000."""
    play, entry = entries.of_plays(item)
    # Sorting numbers of 16 bits is a radix sort, of more a slower merge: the lower halves first, then the upper ones.
    order = np.argsort(entry.astype(np.uint16), kind="stable")
    if len(entries) > _NARROW:
        order = order[np.argsort((entry >> 16).astype(np.uint16)[order], kind="stable")]
    counts = np.bincount(entry, minlength=len(entries))
    return ByEntry(play[order].astype(np.int32), np.concatenate(([0], np.cumsum(counts))))
