"""The questions that are measured: every statistic there is, over all time and over one year."""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote, urlencode

from bench.jobs import Question
from stats_core.insights import STATISTICS

ALL_TIME: Final = "all time"
_PERIODS: Final[Mapping[str, Mapping[str, str]]] = {
    ALL_TIME: {"period": "all"},
    "one year": {"start": "2024-01-01", "end": "2025-01-01"},
}
_DEFAULT_MIN_MS: Final = 30_000
_GIVEN: Final[Mapping[str, tuple[Mapping[str, str], ...]]] = {
    "timeline": ({"bucket": "day"}, {"bucket": "month"}),
    "search": ({"q": "vel"},),
    "comparison": ({"other_period": "all"},),
}
"""Statistic -> what it is asked besides the period; those not named here are asked with their defaults."""
TOP_OF: Final[Mapping[str, str]] = {
    "tracks/{id}": "top/tracks",
    "artists/{id}": "top/artists",
    "albums/{id}": "top/albums",
}
"""Statistic about one thing -> the top whose first entry it is asked about."""


def questions() -> Iterator[Question]:
    """All of them; a statistic that is new in `STATISTICS` is measured from then on."""
    for statistic in STATISTICS:
        for given in _GIVEN.get(statistic, ({},)):
            words = f"{statistic} by {given['bucket']}" if "bucket" in given else statistic
            for period, sides in _PERIODS.items():
                yield Question(f"{words}, {period}", statistic, {**given, **sides}, TOP_OF.get(statistic))


def of_other_plays(given: Mapping[str, str], number: int) -> dict[str, str]:
    """The same question of plays that no question was about before, so that nothing of them is worked out yet."""
    return {**given, "min_ms": str(_DEFAULT_MIN_MS + number)}


def path_of(user: str, statistic: str, given: Mapping[str, str]) -> str:
    """The address of an answer; of a statistic about one thing, `given` holds its id."""
    query = dict(given)
    if "{id}" in statistic:
        statistic = statistic.replace("{id}", quote(query.pop("id"), safe=""))
    return f"/v1/listeners/{user}/{statistic}" + (f"?{urlencode(query)}" if query else "")
