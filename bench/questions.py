"""The questions that are measured: every statistic there is, over all time and over one year."""

from collections.abc import Iterator, Mapping
from typing import Final

from bench.jobs import Question
from stats_core.insights import STATISTICS

_PERIODS: Final[Mapping[str, Mapping[str, str]]] = {
    "all time": {},
    "one year": {"start": "2024-01-01", "end": "2025-01-01"},
}
_GIVEN: Final[Mapping[str, tuple[Mapping[str, str], ...]]] = {
    "timeline": ({"bucket": "day"}, {"bucket": "month"}),
}
"""Statistic -> what it is asked besides the period; those not named here are asked with their defaults."""


def questions() -> Iterator[Question]:
    """All of them; a statistic that is new in `STATISTICS` is measured from then on."""
    for statistic in STATISTICS:
        for given in _GIVEN.get(statistic, ({},)):
            words = " by ".join([statistic, *given.values()])
            for period, sides in _PERIODS.items():
                yield Question(f"{words}, {period}", statistic, {**given, **sides})
