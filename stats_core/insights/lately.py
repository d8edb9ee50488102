"""Lately: which plays passed in the answer before: whoever looks at a listener asks much about the same plays."""

import weakref
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from stats_core.history.by_entry import ByEntry
from stats_core.history.columns import History

MOST_BYTES: Final = 64 << 20
"""More is not kept; a million plays take 50 MB of it at most."""


class _Kept(NamedTuple):
    history: "weakref.ref[History]"
    terms: Hashable
    worked_out: Mapping[str, object]


class Lately:
    """What was worked out of the plays that passed last, of one history under one set of terms. Safe between threads.

    It saves a third of the time of a statistic, and holds no history in memory.
    """

    def __init__(self) -> None:
        self._kept: _Kept | None = None
        self._was_asked = False

    def about(self, history: History, terms: Hashable) -> Mapping[str, object]:
        """What is known of these plays: by the names it was kept under; nothing where others were asked about since."""
        kept = self._kept
        if kept is None or kept.terms != terms or kept.history() is not history:
            return {}
        return kept.worked_out

    def keep(self, history: History, terms: Hashable, worked_out: Mapping[str, object]) -> None:
        """Keep what was worked out instead of what there was."""
        for array in _arrays(worked_out):
            array.setflags(write=False)  # others count on it
        fits = sum(array.nbytes for array in _arrays(worked_out)) <= MOST_BYTES
        self._kept = _Kept(weakref.ref(history), terms, worked_out) if fits else None
        self._was_asked = True

    def tidy(self) -> None:
        """Let go of it if nobody has asked anything since the last call."""
        if not self._was_asked:
            self._kept = None
        self._was_asked = False


def _arrays(worked_out: Mapping[str, object]) -> Iterator[npt.NDArray[Any]]:
    for value in worked_out.values():
        if isinstance(value, np.ndarray):
            yield value
        elif isinstance(value, ByEntry):
            yield from (value.play, value.begin)
