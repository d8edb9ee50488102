"""Recap: a period in one answer, a year unless told otherwise; each part is what its own statistic answers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from stats_core.history.columns import History
from stats_core.insights import (
    clock,
    discoveries,
    eddington,
    milestones,
    movers,
    records,
    rediscoveries,
    sessions,
    streaks,
    summary,
    timeline,
    top,
)
from stats_core.insights.parameters import LIMIT as TOP_LIMIT
from stats_core.insights.parameters import OF_A_YEAR
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.summary import Summary

LIMIT = replace(TOP_LIMIT, description="How many entries each list answers at most.", default="5", example="3")


class Recap(Answer, kw_only=True):
    """The best of a period; each part says by which rule it was counted."""

    summary: Summary
    before: Summary | None
    """The period before; null where there is none."""
    tracks: top.Top
    artists: top.Top
    albums: top.Top
    shows: top.Top
    months: timeline.Timeline
    hours: clock.Hours
    records: records.Records
    streaks: streaks.Streaks
    sessions: sessions.Sessions
    """By length."""
    discoveries: discoveries.Discoveries
    """New artists, the most played first."""
    rediscoveries: rediscoveries.Rediscoveries
    movers: movers.Movers
    """Of artists."""
    milestones: milestones.Milestones
    eddington: eddington.Eddington


@dataclass(frozen=True)
class _Part:
    statistic: Statistic
    given: Mapping[str, str]
    is_list: bool = True
    """It takes a limit."""

    def of(self, history: History, question: Question) -> Answer:
        """Its answer about the plays of the recap."""
        limit = {LIMIT.name: str(question[LIMIT])} if self.is_list else {}
        return self.statistic.function(history, question.of(self.statistic, **self.given, **limit))


_TOPS: Final = {statistic.name: statistic for statistic in top.TOPS}
_PARTS: Final[Mapping[str, _Part]] = {
    "summary": _Part(summary.STATISTIC, {}, is_list=False),
    "tracks": _Part(_TOPS["top/tracks"], {}),
    "artists": _Part(_TOPS["top/artists"], {}),
    "albums": _Part(_TOPS["top/albums"], {}),
    "shows": _Part(_TOPS["top/shows"], {}),
    "months": _Part(timeline.STATISTIC, {"bucket": "month"}, is_list=False),
    "hours": _Part(clock.HOURS, {}, is_list=False),
    "records": _Part(records.STATISTIC, {}, is_list=False),
    "streaks": _Part(streaks.STATISTIC, {}),
    "sessions": _Part(sessions.STATISTIC, {}),
    "discoveries": _Part(discoveries.STATISTIC, {"of": "artists", "sort": "plays"}),
    "rediscoveries": _Part(rediscoveries.STATISTIC, {}),
    "movers": _Part(movers.STATISTIC, {"of": "artists"}),
    "milestones": _Part(milestones.STATISTIC, {}, is_list=False),
    "eddington": _Part(eddington.STATISTIC, {}, is_list=False),
}


def recap(history: History, question: Question) -> Recap:
    """Every part's own answer about the period."""
    before = question.before
    parts = {name: part.of(history, question) for name, part in _PARTS.items()}
    earlier = None if before is None else _PARTS["summary"].of(history, question.over(before))
    told = parts["summary"]
    return Recap(period=told.period, rule=told.rule, coverage=told.coverage, before=earlier, **parts)  # type: ignore[arg-type]


STATISTIC = Statistic(
    name="recap",
    summary="A period in one answer",
    description="The best of a period, this year unless told otherwise: totals beside those of the period before, "
    "tops, months and hours, records, streaks, sessions, discoveries, rediscoveries, climbers, milestones. Each part "
    "is what its own statistic answers about the same plays, with its own defaults, and lists as much as `limit` says.",
    parameters=(*OF_A_YEAR, LIMIT),
    answer=Recap,
    function=recap,
)
