"""Coverage: which part of a period is known, and how well."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, Literal

import msgspec
import numpy as np

from stats_core.clock import instant_ms
from stats_core.documents.listeners import Covered
from stats_core.documents.words import COVERAGES
from stats_core.history.columns import History
from stats_core.insights.parameters import COMMON, LIMIT, OFFSET
from stats_core.insights.periods import Clock, Period
from stats_core.insights.question import Answer, AnsweredCoverage, Question, Statistic, within_limits

Known = Literal["complete", "account", "preview", "gap", "unknown"]

_FOREVER: Final = 2**62
_EXPORTED: Final = frozenset({"complete", "account"})
_MOST_PREVIEW_DAYS: Final = 30
"""More than that since the last covered day is worth an export."""

MOST = replace(LIMIT, description="How many stretches to answer at most.", default="100", example="50", maximum=500)


class KnownStretch(msgspec.Struct):
    """A stretch of the period that is known equally well throughout."""

    start: str
    end: str
    """Not included."""
    known: Known
    """Told by the extended history (complete), by account data alone, by the Web API alone (preview); a gap in what
    that told; or told by nothing."""


class Coverage(Answer, kw_only=True):
    """How well a period is known; the shares of it stand in `coverage`."""

    stretches: list[KnownStretch]
    """The period up to now, without a hole, in order of time; a page of it."""
    total: int
    """Number of stretches."""
    advice: str | None
    """Why a new export is worth asking for, and how; whatever the period. null where it is not."""


def coverage(history: History, question: Question) -> Coverage:
    """The stretches of a period up to now, and their shares."""
    question = question.over(_known_period(history, question))
    stretches = list(_stretches(history, question))
    offset = question[OFFSET]
    page = stretches[offset : offset + question[MOST]]
    sides = np.array([side for start, end, _ in page for side in (start, end)], np.int64)
    written = question.zone.all_written(sides)
    return Coverage(
        period=question.answered_period,
        rule=question.rule,
        coverage=coverage_shares(history, question.period, question.clock),
        stretches=[
            KnownStretch(start, end, known)
            for start, end, (_, _, known) in zip(written[::2], written[1::2], page, strict=True)
        ],
        total=len(stretches),
        # Of a part of the time it would be wrong, and whom a link is for can ask for no export.
        advice=export_advice(history.coverage) if question.limits is None else None,
    )


def export_advice(coverage: Sequence[Covered]) -> str | None:
    """Why a new export is worth asking for: plays may have been lost, or for long only the Web API told of any."""
    since = max((stretch.end for stretch in coverage if stretch.by in _EXPORTED), default=None)
    preview = sum(
        (stretch.end - max(stretch.start, since or stretch.start)).total_seconds()
        for stretch in coverage
        if stretch.by == "preview" and (since is None or stretch.end > since)
    )
    gaps = [stretch for stretch in coverage if stretch.by == "gap"]
    reasons = []
    if gaps:
        times = "once" if len(gaps) == 1 else f"{len(gaps)} times"
        reasons.append(f"plays may have been lost {times}, first on {gaps[0].start:%Y-%m-%d}")
    if preview > _MOST_PREVIEW_DAYS * 86_400:
        told = f"since {since:%Y-%m-%d}" if since else "so far"
        reasons.append(f"{told} only the Web API tells of your plays, without the short ones and with estimated times")
    if not reasons:
        return None
    return (
        f"Ask Spotify for your extended streaming history (account, privacy): {'; and '.join(reasons)}. "
        "Drop what it sends into the inbox: it replaces what is estimated and fills what is missing."
    )


def coverage_shares(history: History, period: Period, clock: Clock) -> AnsweredCoverage | None:
    """The shares of [start, min(end, now)) that are in each class; None where nothing of it has been yet."""
    sides = _passed(period, clock)
    if sides is None:
        return None
    start, end = sides
    known = dict.fromkeys(COVERAGES, 0)
    for stretch in history.coverage:
        inside = min(instant_ms(stretch.end), end) - max(instant_ms(stretch.start), start)
        known[stretch.by] += max(inside, 0)
    whole = end - start
    unknown = whole - sum(known.values())
    return AnsweredCoverage(*(ms / whole for ms in (*known.values(), unknown)))


def _passed(period: Period, clock: Clock) -> tuple[int, int] | None:
    """What of a period has been; None: nothing."""
    if period.sides is None:
        return None
    start, end = period.sides
    end = clock.passed(end)
    return (start, end) if start < end else None


def _known_period(history: History, question: Question) -> Period:
    """The period, an open side of it from the first known time, or to now."""
    period = question.period
    start, end = period.start, period.end
    if not period.ends_as_asked:
        end = question.clock.passed(_FOREVER)
    if not period.begins_as_asked:
        firsts = [instant_ms(stretch.start) for stretch in history.coverage[:1]]
        start = min([*firsts, *history.start[:1].tolist()], default=None)
    if start is not None and end is not None and start > end:  # what was asked stays where it is
        start, end = (end, end) if period.ends_as_asked else (start, start)
    known = Period(start, end, period.days, period.begins_as_asked, period.ends_as_asked)
    return known if question.limits is None else within_limits(known, question.limits)


def _stretches(history: History, question: Question) -> Iterator[tuple[int, int, Known]]:
    sides = _passed(question.period, question.clock)
    if sides is None:
        return
    at, end = sides
    for stretch in history.coverage:
        begin, finish = max(instant_ms(stretch.start), at), min(instant_ms(stretch.end), end)
        if begin < finish:
            if at < begin:
                yield at, begin, "unknown"
            yield begin, finish, stretch.by
            at = finish
    if at < end:
        yield at, end, "unknown"


STATISTIC = Statistic(
    name="coverage",
    summary="Which time is known, and how well",
    description="The stretches of a period up to now: told by the extended history (complete), by account data alone "
    "(every play, but no reasons and no devices), by the Web API alone (preview), by it with plays perhaps lost (gap), "
    "or by nothing (unknown). Where two tell of one time the better "
    "counts. An extended export covers from its first to its last play, quiet weeks included. Without a start it "
    "begins with the first known time, without an end it ends now; now is cut to the whole hour. What counts as a play "
    "changes nothing here.",
    parameters=(*COMMON, MOST, OFFSET),
    answer=Coverage,
    function=coverage,
    listed="stretches",
)
