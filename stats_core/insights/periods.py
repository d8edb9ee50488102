"""Periods: half-open ranges of time, settled from what was asked, and the period before one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stats_core.errors import InvalidParameter
from stats_core.history.columns import History
from stats_core.insights.calendar import Days, NamedPeriod, days_before
from stats_core.insights.parameters import END, PERIOD, START, Moment
from stats_core.insights.zones import DAY, HOUR, Zone


@dataclass(frozen=True)
class Period:
    """A half-open range [start, end) in ms since 1970 UTC; a side is None where there are no plays to take it from."""

    start: int | None
    end: int | None
    days: Days | None = None
    """Its local dates, where it was asked by dates or by name."""
    begins_as_asked: bool = True
    """Its start was asked, not taken from the first play."""
    ends_as_asked: bool = True
    """Its end was asked, not taken from the last play."""

    @property
    def sides(self) -> tuple[int, int] | None:
        """Both sides, where the period holds any instant at all."""
        if self.start is None or self.end is None or self.start >= self.end:
            return None
        return self.start, self.end

    def before(self, zone: Zone) -> "Period | None":
        """As many months, days or ms before it; None where no start was asked."""
        if not self.begins_as_asked or self.start is None or self.end is None:
            return None
        if self.days is None:
            return Period(self.start - (self.end - self.start), self.start)
        return of_days(days_before(self.days), zone)


ALL_TIME: Final = Period(-(2**62), 2**62)


class Clock:
    """What time it is, for those who must know; remembers from when on their answer may be another."""

    def __init__(self, now: int) -> None:
        self._now = now
        self.valid_until: int | None = None
        """ms since 1970; None: nobody has looked."""

    def today(self, zone: Zone) -> int:
        """The local date, in days since 1970."""
        offsets = zone.offsets(self._now, self._now)
        day = offsets.local_span(self._now, self._now + 1)[0] // DAY
        following = zone.first_instant((day + 1) * DAY)
        # Clocks that fall back across midnight may begin a date anew.
        self._until(following if following > self._now else self._now + HOUR)
        return day

    def passed(self, end: int) -> int:
        """The end, or now where that is earlier, cut to the whole hour: an answer can then be kept for so long."""
        begun = self._now - self._now % HOUR
        if end <= begun:
            return end
        self._until(begun + HOUR)
        return begun

    def is_over(self, end: int) -> bool:
        """Whether a period of this end lies behind."""
        if end <= self._now:
            return True
        self._until(end)
        return False

    def _until(self, instant: int) -> None:
        self.valid_until = instant if self.valid_until is None else min(instant, self.valid_until)


def of_days(days: Days, zone: Zone) -> Period:
    """The period of some local dates."""
    first, after = (zone.first_instant(day * DAY) for day in days)
    return Period(first, after, days)


def settled(
    values: Mapping[str, object], given: Mapping[str, str], history: History, zone: Zone, clock: Clock
) -> Period:
    """The period that was asked: an open side is the first play's start, or the end of the last play.

    Raises InvalidParameter where it ends before it begins, or is asked in both ways at once.
    """
    named = values.get(PERIOD.name)
    first, last = values.get(START.name), values.get(END.name)
    if isinstance(named, NamedPeriod):
        if first is not None or last is not None:
            raise InvalidParameter("period", given["period"], "either a period, or start and end")
        days = named.fixed or (named.days(clock.today(zone)) if named.follows else None)
        return of_days(days, zone) if days else _opened(None, None, None, history)
    start = first.instant(zone) if isinstance(first, Moment) else None
    end = last.instant(zone) if isinstance(last, Moment) else None
    if start is not None and end is not None and start >= end:
        raise InvalidParameter("end", given["end"], f"later than start, {zone.written(start)}")
    dates = [side.day if isinstance(side, Moment) else None for side in (first, last)]
    days = (dates[0], dates[1]) if dates[0] is not None and dates[1] is not None else None
    return _opened(start, end, days, history)


def _opened(start: int | None, end: int | None, days: Days | None, history: History) -> Period:
    asked = (start is not None, end is not None)
    if not len(history):
        return Period(start, end, days, *asked)
    # A side that was not asked never crosses the one that was: such a period is empty.
    if start is None:
        start = int(history.start[0]) if end is None else min(int(history.start[0]), end)
    if end is None:
        end = max(int(history.start[-1]) + 1, int(history.start[-1]) + int(history.span[-1]), start)
    return Period(start, end, days, *asked)
