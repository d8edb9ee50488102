"""The statistics: pure functions over a listener's columns, each declared once in its own module.

`STATISTICS` lists them by name; `answer_of` and `answer_bytes` answer a question. To add one, write its module with its
`Statistic` and name it here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from stats_core.documents import Listener
from stats_core.errors import InvalidParameter
from stats_core.history.columns import History
from stats_core.insights import clock, plays, summary, timeline, top
from stats_core.insights.question import Statistic, question_of

STATISTICS: Final[Mapping[str, Statistic]] = MappingProxyType(
    {
        statistic.name: statistic
        for statistic in (
            summary.STATISTIC,
            top.TRACKS,
            top.ARTISTS,
            top.ALBUMS,
            top.SHOWS,
            timeline.STATISTIC,
            clock.STATISTIC,
            plays.STATISTIC,
        )
    }
)
"""Name, the path under a listener -> statistic."""

_encode = msgspec.json.Encoder().encode


def answer_of(statistic: str, history: History, listener: Listener, given: Mapping[str, str]) -> msgspec.Struct:
    """The answer to a question, given as parameter -> text. Raises InvalidParameter."""
    declared = STATISTICS.get(statistic)
    if declared is None:
        raise InvalidParameter("statistic", statistic, tuple(STATISTICS))
    return declared.function(history, question_of(declared, history, listener, given))


def answer_bytes(statistic: str, history: History, listener: Listener, given: Mapping[str, str]) -> bytes:
    """The answer as JSON: the very bytes of the REST route and of the command line's `--json`."""
    return _encode(answer_of(statistic, history, listener, given))
