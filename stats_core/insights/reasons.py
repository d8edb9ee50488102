"""Reasons: why plays began and why they ended, in Spotify's own words."""

from collections.abc import Sequence

import msgspec
import numpy as np

from stats_core.history.columns import History, TextCodes
from stats_core.insights.parameters import COMMON
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import NO_REASON, Selection, selection_of, sums


class ReasonCount(msgspec.Struct, gc=False):
    """A reason and its plays."""

    reason: str
    """Spotify's word, such as `trackdone` or `clickrow`."""
    plays: int
    ms: int
    share: float
    """Of the plays with a known reason, 0..1."""


class Told(msgspec.Struct):
    """The reasons of one end of the plays."""

    reasons: list[ReasonCount]
    """The most frequent first."""
    unknown: int
    """Plays of which nobody told."""


class Reasons(Answer, kw_only=True):
    """Why plays began and why they ended."""

    plays: int
    ms: int
    started: Told
    ended: Told


def reasons(history: History, question: Question) -> Reasons:
    """The passing plays by the reasons of their start and of their end."""
    plays = selection_of(history, question)
    return Reasons(
        **plays.told,
        plays=len(plays.positions),
        ms=int(plays.ms.sum()),
        started=_counted(plays, history.reason_start, history.reason_starts),
        ended=_counted(plays, history.reason_end, history.reason_ends),
    )


def _counted(plays: Selection, codes: TextCodes, texts: Sequence[str | None]) -> Told:
    code = codes[plays.positions]
    counts = np.bincount(code, minlength=len(texts)).tolist()
    heard = sums(code, plays.ms, len(texts)).tolist()
    unknown = sum(count for text, count in zip(texts, counts, strict=True) if text in NO_REASON)
    known = len(code) - unknown
    told = [
        ReasonCount(text, count, ms, count / known)
        for text, count, ms in zip(texts, counts, heard, strict=True)
        if text is not None and text not in NO_REASON and count
    ]
    told.sort(key=lambda one: (-one.plays, -one.ms, one.reason))
    return Told(told, unknown)


STATISTIC = Statistic(
    name="reasons",
    summary="Why plays began and ended",
    description="How many plays began and ended for which reason, in Spotify's own words, the most frequent first. "
    "Counts from 0 ms on unless told otherwise. Plays of which nobody told are counted as `unknown` and in no share.",
    parameters=COMMON,
    answer=Reasons,
    function=reasons,
    default_min_ms=0,
)
