"""The calendar: periods by name, and the period before one, as local dates in days since 1970."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import numpy as np

from stats_core.insights.zones import FIRST_YEAR, LAST_YEAR

Days = tuple[int, int]
"""Local dates from the first to the one after the last."""
Follows = Literal["week", "month", "year", "days", None]

NAMED_PERIODS: Final = (
    "a year such as 2024, a month such as 2024-07, an ISO week such as 2024-W12, today, this_week, this_month, "
    "this_year, last_N_days with N from 1 to 36500 (today is the last of them), all"
)
_EPOCH: Final = date(1970, 1, 1).toordinal()
_YEAR: Final = re.compile(r"\d{4}", re.ASCII)
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_WEEK: Final = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_LAST: Final = re.compile(r"last_([1-9]\d{0,4})_days", re.ASCII)
_MOST_DAYS: Final = 36_500
_OF_TODAY: Final[Mapping[str, Follows]] = {
    "all": None, "today": "days", "this_week": "week", "this_month": "month", "this_year": "year",
}  # fmt: skip


@dataclass(frozen=True)
class NamedPeriod:
    """A period by its name."""

    name: str
    fixed: Days | None = None
    """Its dates, where they do not hang on today."""
    follows: Follows = None
    """What of the calendar it follows."""
    count: int = 1
    """How many days, where it follows days."""

    def days(self, today: int) -> Days | None:
        """Its dates on a day; None: it is all time."""
        match self.follows:
            case "days":
                return today + 1 - self.count, today + 1
            case "week":
                monday = today - (today + 3) % 7
                return monday, monday + 7
            case "month" | "year":
                return whole_unit(today, self.follows)
            case _:
                return self.fixed


def named_period(name: str) -> NamedPeriod:
    """The period of a name; raises ValueError."""
    if name in _OF_TODAY:
        return NamedPeriod(name, follows=_OF_TODAY[name])
    if (last := _LAST.fullmatch(name)) and int(last[1]) <= _MOST_DAYS:
        return NamedPeriod(name, follows="days", count=int(last[1]))
    if _YEAR.fullmatch(name):
        return NamedPeriod(name, whole_unit(_number(date(_year(name), 1, 1)), "year"))
    if month := _MONTH.fullmatch(name):
        return NamedPeriod(name, whole_unit(_number(date(_year(month[1]), int(month[2]), 1)), "month"))
    if week := _WEEK.fullmatch(name):
        monday = _number(date.fromisocalendar(_year(week[1]), int(week[2]), 1))
        return NamedPeriod(name, (monday, monday + 7))
    raise ValueError(name)


def whole_unit(day: int, unit: Literal["month", "year"]) -> Days:
    """The month or year a day lies in."""
    code = "M" if unit == "month" else "Y"
    first = np.datetime64(day, "D").astype(f"datetime64[{code}]")
    begin, end = first.astype("datetime64[D]"), (first + 1).astype("datetime64[D]")
    return int(begin.astype(np.int64)), int(end.astype(np.int64))


def days_before(days: Days) -> Days:
    """As many whole months before whole months, else as many days."""
    first, after = days
    months = [np.datetime64(day, "D").astype("datetime64[M]") for day in days]
    if all(month.astype("datetime64[D]").astype(np.int64) == day for month, day in zip(months, days, strict=True)):
        earlier = months[0] - (months[1] - months[0])
        return int(earlier.astype("datetime64[D]").astype(np.int64)), first
    return first - (after - first), first


def _year(text: str) -> int:
    year = int(text)
    if not FIRST_YEAR <= year < LAST_YEAR:
        raise ValueError(text)
    return year


def _number(day: date) -> int:
    return day.toordinal() - _EPOCH
