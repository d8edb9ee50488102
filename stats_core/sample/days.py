"""When the made-up listener listens: days, sittings, pauses, and the queue an offline player sends home later."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from stats_core.errors import InvalidParameter
from stats_core.sample.dice import Bools, Dice, Ints

DAY_MS = 86_400_000
MOST_A_DAY = 300
"""Rows a day on average: more than that does not fit into waking hours."""
MOST_YEARS = 17
_EPOCH = date(1970, 1, 1).toordinal()
_WEEKDAYS = (100, 95, 100, 105, 125, 130, 105)
_WORKDAY_HOURS = (6, 3, 1, 1, 1, 3, 12, 34, 38, 22, 20, 20, 24, 22, 18, 20, 30, 48, 52, 58, 66, 64, 46, 18)
_WEEKEND_HOURS = (22, 14, 8, 4, 1, 1, 2, 4, 10, 22, 36, 42, 40, 40, 42, 40, 40, 42, 46, 50, 58, 62, 58, 40)
_SITTINGS_PER_MILLE = 80


@dataclass(frozen=True, eq=False)
class Sittings:
    """Rows heard in one go, in order of time."""

    of_row: Ints
    """Position of each row's sitting."""
    day: Ints
    """Day of each row's sitting, counted from 1970."""
    start: Ints
    """When each sitting is meant to begin, ms since 1970."""
    flushed: Bools
    """Heard offline: all its rows carry the end of the last."""


def number_of(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - _EPOCH


def first_day(years: int, until: date) -> int:
    """The first day of the `years` that end with `until`, counted from 1970; years are 1 to MOST_YEARS."""
    if not 1 <= years <= MOST_YEARS:
        raise InvalidParameter("years", str(years), f"1 to {MOST_YEARS}")
    return number_of(until) + 1 - years * 1461 // 4


def made_up_sittings(plays: int, seed: int, first: int, last: int) -> Sittings:
    """`plays` rows spread over the days `first` to `last`, some more than others, and gathered into sittings."""
    dice = Dice(seed, "days")
    days = np.arange(first, last + 1, dtype=np.int64)
    weight = np.array(_WEEKDAYS, np.int64)[_weekday(days)] * dice.between(40, 161, len(days))
    weight *= dice.between(60, 141, len(days))[(days - first) // 30]
    # Who listens little listens on fewer days, not to one track a day.
    quiet = min(max(40, 1000 - 125 * plays // len(days)), 900)
    weight[dice.chance(quiet, len(days))] = 0
    # The history reaches its last day.
    weight[-1] = max(int(weight[-1]), 1)
    reach = np.cumsum(weight)
    until_day = plays * reach // reach[-1]
    day_of_row = np.repeat(days, np.diff(until_day, prepend=0))

    begins = dice.chance(_SITTINGS_PER_MILLE, plays)
    begins[0] = True
    begins[1:] |= day_of_row[1:] != day_of_row[:-1]
    of_row = np.cumsum(begins) - 1
    day = day_of_row[begins]
    count = len(day)
    hour = np.where(_weekday(day) >= 5, dice.pick(_WEEKEND_HOURS, count), dice.pick(_WORKDAY_HOURS, count))
    start = np.sort(day * DAY_MS + hour * 3_600_000 + dice.below(3_600_000, count))
    return Sittings(of_row, day_of_row, start, _flushed(dice, of_row))


def placed(sittings: Sittings, ms: Ints, dice: Dice, first: int, last: int) -> tuple[Ints, Ints]:
    """End of each row and the player's clock at its start, ms since 1970; every row lies within `first` to `last`."""
    count = len(ms)
    before = dice.below(2_500, count) + np.where(dice.chance(30, count), dice.between(30_000, 900_000, count), 0)
    pause = np.where(dice.chance(40, count), dice.between(10_000, 600_000, count), 0)
    takes = before + ms + pause
    total = np.cumsum(takes)
    # A row begins when its sitting does or the row before has ended, whichever is later: that recurrence, unrolled.
    end = total + np.maximum.accumulate(sittings.start[sittings.of_row] - (total - takes))
    # What would run over the last day is moved forward just as far as needed.
    end = np.minimum(end, (last + 1) * DAY_MS - 1000 - (total[-1] - total))
    if end[0] - takes[0] < first * DAY_MS:
        raise InvalidParameter("plays", str(count), f"fewer than {count} in {last - first + 1} days: they don't fit")
    clock = end - ms - pause + dice.below(2_000, count)
    closes = np.append(sittings.of_row[1:] != sittings.of_row[:-1], True)
    last_end = end[closes][sittings.of_row]
    return np.where(sittings.flushed[sittings.of_row], last_end, end), clock


def _flushed(dice: Dice, of_row: Ints) -> Bools:
    """One long sitting in fifty, and always the longest, so that every sample shows one."""
    rows = np.bincount(of_row)
    flushed = (rows >= 6) & dice.chance(20, len(rows))
    flushed[int(np.argmax(rows))] = True
    return flushed


def _weekday(day: Ints) -> Ints:
    """0 is Monday; 1970 began on a Thursday."""
    return (day + 3) % 7
