"""Coverage: which part of a period is known, and how well."""

from stats_core.history.columns import History
from stats_core.history.months import instant_ms
from stats_core.insights.periods import Clock, Period
from stats_core.insights.question import AnsweredCoverage


def coverage_shares(history: History, period: Period, clock: Clock) -> AnsweredCoverage | None:
    """The shares of [start, min(end, now)) that are in each class; None where nothing of it has been yet."""
    if period.sides is None:
        return None
    start, end = period.sides
    end = clock.passed(end)
    if start >= end:
        return None
    known = {"complete": 0, "account": 0}
    for stretch in history.coverage:
        inside = min(instant_ms(stretch.end), end) - max(instant_ms(stretch.start), start)
        known[stretch.by] += max(inside, 0)
    whole = end - start
    unknown = whole - sum(known.values())
    return AnsweredCoverage(known["complete"] / whole, known["account"] / whole, unknown / whole)
