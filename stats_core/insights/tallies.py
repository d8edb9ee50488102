"""Tallies: how plays were listened to, counted of groups of them; what nobody told is in no share."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from stats_core.history.columns import Codes, Flags, Ints, Small
from stats_core.history.entries import NONE
from stats_core.history.lengths import UNKNOWN_LENGTH
from stats_core.insights.selection import FINISHED, NO_REASON, SKIPPED, Selection

Scalar = TypeVar("Scalar", bound=np.generic)
Floats = npt.NDArray[np.float64]

_NOT_TOLD, _SKIPPED, _FINISHED, _OTHERWISE = range(4)
_ENDS: Final = 4
_FLAGS: Final = 3
"""0 false, 1 true, 2 not told."""
_MEANING: Final[Mapping[str | None, int]] = {
    FINISHED: _FINISHED,
    **dict.fromkeys(SKIPPED, _SKIPPED),
    **dict.fromkeys(NO_REASON, _NOT_TOLD),
}


class Unknown(msgspec.Struct, gc=False):
    """Plays of which a measure cannot tell: they are in neither part of it."""

    reason: int
    """Nobody told why they ended."""
    length: int
    """Nobody knows how long their item is."""
    shuffle: int
    offline: int
    private: int


class Measures(msgspec.Struct, gc=False):
    """How some plays were listened to; a share is null where nothing is known."""

    plays: int
    ms: int
    skip_rate: float | None
    """Skipped (`fwdbtn`, `backbtn`, `endplay`) / plays with a known reason."""
    completion_rate: float | None
    """Ended because the item did (`trackdone`) / plays with a known reason."""
    mean_share: float | None
    """The mean of how much of its item each play heard, at most 1, over plays of a known length."""
    shuffle_share: float | None
    """In shuffle / plays of which that is known; as the two below."""
    offline_share: float | None
    private_share: float | None
    """Of all plays of the period that kinds and filters let through, private ones and short ones too; null for a
    sharing link."""
    unknown: Unknown


@dataclass(frozen=True)
class Tally:
    """What is counted of each of some groups of plays, when it is asked for; arrays of one length."""

    grouped: "Grouped"
    every: "Grouped"
    """Plays of any length and privacy, in the same groups."""
    size: int

    @cached_property
    def plays(self) -> Ints:
        """Plays of each."""
        return self.grouped.table(None, self.size, 1)[:, 0]

    @cached_property
    def ms(self) -> Ints:
        """Milliseconds listened of each."""
        return self.grouped.summed(self._heard, self.size).astype(np.int64)

    @cached_property
    def ends(self) -> Ints:
        """Plays by how they ended, shape (size, _ENDS)."""
        history = self.grouped.plays.history
        meaning = np.array([_MEANING.get(reason, _OTHERWISE) for reason in history.reason_ends], np.int8)
        return self.grouped.table(meaning.take(self.grouped.of(history.reason_end)), self.size, _ENDS)

    @cached_property
    def lengths(self) -> Ints:
        """Plays of a known length."""
        return self.grouped.table(self._known.view(np.int8), self.size, 2)[:, 1]

    @property
    def skip_rate(self) -> Floats:
        """NaN where nothing is known, as the others."""
        return _ratio(self.ends[:, _SKIPPED], self.ends[:, _SKIPPED:].sum(axis=1))

    @property
    def completion_rate(self) -> Floats:
        """Of each group."""
        return _ratio(self.ends[:, _FINISHED], self.ends[:, _SKIPPED:].sum(axis=1))

    @cached_property
    def mean_share(self) -> Floats:
        """Of each group."""
        shares = np.divide(self._heard, self._lengths, out=np.zeros(len(self._heard)), where=self._known)
        return _ratio(self.grouped.summed(np.minimum(shares, 1.0, out=shares), self.size), self.lengths)

    def measures(self) -> list[Measures]:
        """Those of each group, to be answered."""
        history, plays = self.grouped.plays.history, self.plays
        known = plays - self.ends[:, _NOT_TOLD]
        flags = [
            grouped.table(grouped.of(column), self.size, _FLAGS)
            for grouped, column in (
                (self.grouped, history.shuffle),
                (self.grouped, history.offline),
                (self.every, history.private),
            )
        ]
        if self.every.plays.question.limits is not None:
            flags[2] = np.zeros_like(flags[2])  # private plays are not there to be counted
        columns = (
            *(plays, self.ms),
            *(self.ends[:, _SKIPPED], self.ends[:, _FINISHED], known),
            *(self.mean_share, self.lengths),
            *flags,
        )
        return [_measures(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]

    @cached_property
    def _heard(self) -> Ints:
        return self.grouped.taken(self.grouped.plays.ms)

    @cached_property
    def _lengths(self) -> Codes:
        return self.grouped.taken(self.grouped.plays.length)

    @cached_property
    def _known(self) -> Flags:
        known: Flags = self._lengths != UNKNOWN_LENGTH
        return known


def _measures(
    plays: int,
    ms: int,
    skipped: int,
    finished: int,
    known: int,
    mean_share: float,
    lengths: int,
    shuffle: list[int],
    offline: list[int],
    private: list[int],
) -> Measures:
    return Measures(
        plays=plays,
        ms=ms,
        skip_rate=_share(skipped, known),
        completion_rate=_share(finished, known),
        mean_share=mean_share if lengths else None,
        shuffle_share=_share(shuffle[1], shuffle[0] + shuffle[1]),
        offline_share=_share(offline[1], offline[0] + offline[1]),
        private_share=_share(private[1], private[0] + private[1]),
        unknown=Unknown(plays - known, plays - lengths, shuffle[2], offline[2], private[2]),
    )


@dataclass(frozen=True)
class Grouped:
    """Plays in groups: perhaps not all, perhaps some more than once."""

    plays: Selection
    numbers: npt.NDArray[np.intp] | None
    """Which plays; None: all, in order."""
    group: Codes | None
    """The group of each of them; None: they are one."""

    def of(self, column: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
        """A column of the history, of each of them."""
        return self.taken(column.take(self.plays.positions))

    def only(self, place: Codes) -> "Grouped":
        """Those of some groups, in groups numbered anew; NONE: of none of these."""
        group = place.take(self.group) if self.group is not None else place
        kept = np.flatnonzero(group != NONE)
        numbers = kept if self.numbers is None else self.numbers[kept]
        return Grouped(self.plays, numbers, group[kept])

    def taken(self, values: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
        """What is told of each play, of each of them."""
        return values if self.numbers is None else values.take(self.numbers)

    def table(self, values: Small | None, size: int, width: int) -> Ints:
        """How often each value occurs in each group, shape (size, width); without values how many there are."""
        if self.group is None:
            if values is None:
                return np.array([[len(self.plays.positions)]])
            # Of a few small numbers each is counted in a twentieth of the time of all at once.
            return np.array([[np.count_nonzero(values == value) for value in range(width)]])
        cells = self.group if values is None else self.group.astype(np.int64) * width + values
        return np.bincount(cells, minlength=size * width).reshape(size, width)

    def summed(self, values: npt.NDArray[np.floating | np.integer], size: int) -> Floats:
        """The values of each group together."""
        if self.group is None:
            return np.array([values.sum()], np.float64)
        return np.bincount(self.group, weights=values, minlength=size).astype(np.float64)


def _ratio(part: Ints | Floats, whole: Ints) -> Floats:
    with np.errstate(invalid="ignore"):
        ratio: Floats = part / whole
    return ratio


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None
