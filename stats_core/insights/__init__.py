"""The statistics: pure functions over a listener's columns, each declared once in its own module.

`STATISTICS` lists them by name; `asked` reads a question, `answer_of` answers it. To add one, write its module with its
`Statistic` and name it here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, cast

import msgspec

from stats_core.errors import InvalidParameter
from stats_core.history.limiting import within
from stats_core.history.reader import Heard
from stats_core.insights import (
    adoptions,
    anniversaries,
    behaviour,
    clock,
    comparison,
    coverage,
    days_without_music,
    devices,
    discoveries,
    eddington,
    explanation,
    milestones,
    movers,
    one_hit_wonders,
    pages,
    plays,
    reasons,
    recap,
    reconciliation,
    records,
    rediscoveries,
    search,
    seasons,
    sessions,
    streaks,
    summary,
    timeline,
    top,
)
from stats_core.insights.lately import Lately
from stats_core.insights.periods import Clock
from stats_core.insights.question import Answer, Companion, Statistic, question_of, values_of
from stats_core.insights.selection import keep_selection
from stats_core.security.access import Limits

STATISTICS: Final[Mapping[str, Statistic]] = MappingProxyType(
    {
        statistic.name: statistic
        for statistic in (
            summary.STATISTIC,
            *top.TOPS,
            timeline.STATISTIC,
            clock.CLOCK,
            clock.HOURS,
            seasons.STATISTIC,
            sessions.STATISTIC,
            streaks.STATISTIC,
            days_without_music.STATISTIC,
            discoveries.STATISTIC,
            one_hit_wonders.STATISTIC,
            rediscoveries.STATISTIC,
            movers.STATISTIC,
            adoptions.STATISTIC,
            milestones.STATISTIC,
            records.STATISTIC,
            eddington.STATISTIC,
            anniversaries.STATISTIC,
            behaviour.STATISTIC,
            reasons.STATISTIC,
            devices.STATISTIC,
            plays.STATISTIC,
            explanation.STATISTIC,
            coverage.STATISTIC,
            reconciliation.STATISTIC,
            recap.STATISTIC,
            comparison.STATISTIC,
            pages.TRACK,
            pages.ARTIST,
            pages.ALBUM,
            search.STATISTIC,
        )
    }
)
"""Name, the path under a listener -> statistic."""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Asked:
    """What was asked, read and checked as far as that can be without a history or a clock."""

    statistic: Statistic
    values: Mapping[str, object]
    """Parameter -> its value, given or default."""
    given: Mapping[str, str]

    @property
    def key(self) -> str:
        """Canonical text: equal questions have equal keys, whether defaults were given or not."""
        return "&".join([self.statistic.name, *(f"{name}={value!r}" for name, value in self.values.items())])

    @property
    def companion(self) -> str | None:
        """Another listener whose history it needs, too."""
        named = self.statistic.companion
        return None if named is None else cast("str | None", self.values.get(named.name))


@dataclass(frozen=True)
class Answered:
    """An answer, and how long it holds."""

    answer: Answer
    valid_until: int | None
    """ms since 1970 from when on it may be another though no play changed: it read the clock. None: it did not."""

    @property
    def json(self) -> bytes:
        """The very bytes of the REST route and of the command line's `--json`."""
        return _encode(self.answer)


def asked(statistic: str, given: Mapping[str, str]) -> Asked:
    """A question, given as parameter -> text. Raises InvalidParameter."""
    declared = STATISTICS.get(statistic)
    if declared is None:
        raise InvalidParameter("statistic", statistic, tuple(STATISTICS))
    return Asked(declared, values_of(declared, given), given)


def answer_of(
    asked: Asked,
    heard: Heard,
    *,
    now: int,
    limits: Limits | None = None,
    companion: Companion | None = None,
    lately: Lately | None = None,
) -> Answered:
    """The answer to a question about a listener; `now` in ms since 1970.

    `lately` keeps what the next question about the same plays can take up.

    Of what lies outside `limits` nothing is there. Raises InvalidParameter where a period ends before it begins, and
    UnknownEntry where the path names what the listener never played.
    """
    if limits is not None:
        heard = Heard(heard.listener, within(heard.history, limits.start, limits.end))
    elif companion is not None and companion.shares_only:
        # Neither side's private plays are there: nothing may hang on them, not even which recordings are one.
        heard = Heard(heard.listener, within(heard.history, None, None))
        other = Heard(companion.heard.listener, within(companion.heard.history, None, None))
        companion = Companion(other, shares_only=True)
    clock = Clock(now)
    question = question_of(asked.statistic, heard, asked.values, asked.given, clock, limits, companion)
    question = replace(question, lately=lately)
    try:
        answer = asked.statistic.function(heard.history, question)
        keep_selection(heard.history, question)
        return Answered(answer, clock.valid_until)
    finally:
        # It holds the question that holds it: megabytes that would wait for the garbage collector.
        question.shared.clear()


def answered(statistic: str, heard: Heard, given: Mapping[str, str], *, now: int) -> Answered:
    """The answer to a question given as texts, of a listener at hand. Raises as `asked` and `answer_of` do."""
    return answer_of(asked(statistic, given), heard, now=now)
