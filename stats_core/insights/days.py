"""Days: local dates, and runs of them."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from stats_core.history.columns import Flags, Ints
from stats_core.insights.buckets import dates_of
from stats_core.insights.zones import DAY, Zone

_BEFORE: Final = 3
"""As many dates before one hold one that was not skipped."""


@dataclass(frozen=True, eq=False)
class Runs:
    """Days in a row, as arrays of one length: the numbers of the first day, and of the one after the last."""

    first: Ints
    after: Ints

    @property
    def days(self) -> Ints:
        """How many days each run has."""
        return self.after - self.first

    def sums(self, values: Ints) -> Ints:
        """The sum over each run of a value of each day."""
        until = np.concatenate(([0], np.cumsum(values)))
        return until[self.after] - until[self.first]


def runs_of(flags: Flags) -> Runs:
    """The longest possible runs of days that are flagged."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    return Runs(edges[::2], edges[1::2])


def end_of(zone: Zone, day: int) -> int:
    """The instant from which on it is never a local date or an earlier one again."""
    following = (day + 1) * DAY
    return int(zone.offsets(following, following).last_ends(np.array([following]))[0])


def day_before(zone: Zone, day: int) -> int:
    """The local date before one; not one that the zone skipped."""
    first, last = (zone.first_instant(each * DAY) for each in (day - _BEFORE, day))
    days = dates_of(zone, "day", first, last + 1).days
    return int(days[days < day][-1])


def written(days: Ints) -> list[str]:
    """`2024-01-31` of each local date."""
    texts: list[str] = np.datetime_as_string(days.astype("datetime64[D]")).tolist()
    return texts
