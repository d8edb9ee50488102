"""The UTC months that instants lie in."""

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def month_start(month: str) -> datetime:
    """The first instant of a UTC month."""
    return datetime(int(month[:4]), int(month[5:]), 1, tzinfo=UTC)


def month_end(month: str) -> datetime:
    """The first instant after a UTC month."""
    year, number = int(month[:4]), int(month[5:])
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)


def months_of(instants: Ints) -> Ints:
    """The UTC month of each instant, as months since January 1970."""
    return instants.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)


def month_name(number: int) -> str:
    """`2024-07` of months since January 1970."""
    return f"{1970 + number // 12:04}-{number % 12 + 1:02}"


def month_number(month: str) -> int:
    """Months since January 1970 of `2024-07`."""
    return (int(month[:4]) - 1970) * 12 + int(month[5:]) - 1


def month_of(instant: datetime) -> str:
    """The UTC month an instant lies in, as `2024-07`."""
    return f"{instant.year:04}-{instant.month:02}"


def month_beside(month: str, distance: int) -> str:
    """The month that many months later; earlier where it is negative."""
    return month_name(month_number(month) + distance)


def months_from(month: str, count: int) -> list[str]:
    """So many UTC months in a row, the first of them given."""
    return [month_beside(month, distance) for distance in range(count)]
