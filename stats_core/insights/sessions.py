"""Sessions: what was heard in one go."""

from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from stats_core.documents.words import KINDS
from stats_core.history.columns import History, Ints
from stats_core.history.entries import NONE
from stats_core.insights.buckets import Placed
from stats_core.insights.named import Named, naming
from stats_core.insights.order import first_of
from stats_core.insights.parameters import COMMON, LIMIT, OFFSET, Whole
from stats_core.insights.periods import Period
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import selection_of

_MINUTE: Final = 60_000
_FOREVER: Final = 2**62
_UNFILTERED: Final = {
    "min_ms": 0, "kinds": KINDS, "min_share": None, "completed": False, "platform": None, "country": None,
    "source": None, "artist": None, "album": None, "item": None,
}  # fmt: skip
"""The rule by which sessions are cut: privacy alone is left of the question's."""

GAP = Whole(
    name="gap",
    description="How many minutes of silence a session may hold; after more a new one begins.",
    example="30",
    default="10",
    unit="min",
    minimum=1,
    maximum=1_440,
)


class Session(msgspec.Struct):
    """A session."""

    rank: int
    start: str
    """Of its first play, whether that counts or not."""
    end: str
    """The latest end of its plays, whether they count or not."""
    length: int
    """ms from start to end."""
    plays: int
    """Passing plays in it."""
    ms: int
    """Listened in these."""
    first: Named | None
    """What the first passing play played; null where that has no name."""


class Sessions(Answer, kw_only=True):
    """The sessions of a period and the longest of them."""

    gap: int
    """Minutes of silence after which a new one begins."""
    total: int
    """Number of sessions with a passing play."""
    plays: int
    """Passing plays in all of them."""
    ms: int
    """Listened in these."""
    length: int
    """ms from start to end, of all together."""
    mean_length: float | None
    """ms; null where there is no session."""
    sessions: list[Session]
    """A page of them, the longest first."""


def sessions(history: History, question: Question) -> Sessions:
    """The sessions that begin in the period; they are cut from all plays, and those without a passing one dropped."""
    cut = _cut(history, question)
    asked = selection_of(history, question)
    plays = asked.over(cut.period)
    placed = Placed(np.searchsorted(plays.start, cut.start[1:]), None, len(plays.start))
    counts, ms = placed.counts, placed.sums(plays.ms)
    heard = np.flatnonzero(counts)
    length = cut.end[heard] - cut.start[heard]
    page = heard[first_of((-length, -ms[heard], heard), question[OFFSET], question[LIMIT])]
    first = (np.cumsum(counts) - counts)[page]
    columns = (
        *(question.zone.all_written(side[page]) for side in (cut.start, cut.end)),
        *(column[page].tolist() for column in (cut.end - cut.start, counts, ms)),
        (_named(history, int(title)) for title in plays.title[first]),
    )
    total = int(length.sum())
    return Sessions(
        **asked.told,
        gap=question[GAP],
        total=len(heard),
        plays=len(plays.start),
        ms=int(plays.ms.sum()),
        length=total,
        mean_length=total / len(heard) if len(heard) else None,
        sessions=[
            Session(rank, *values) for rank, values in enumerate(zip(*columns, strict=True), start=question[OFFSET] + 1)
        ],
    )


@dataclass(frozen=True)
class _Cut:
    """The sessions that begin in a period, as arrays of one length."""

    start: Ints
    end: Ints
    """The latest end of a play in it."""
    following: int
    """When the session after the last one begins."""

    @property
    def period(self) -> Period:
        """The time in which their plays start, and no others."""
        return Period(int(self.start[0]), self.following) if len(self.start) else Period(None, None)


def _cut(history: History, question: Question) -> _Cut:
    everything = selection_of(history, question.ruled(**_UNFILTERED)).ever
    start = everything.start
    # That of all plays before: those of earlier sessions ended earlier.
    latest = np.maximum.accumulate(start + history.span[everything.positions])
    begin = np.flatnonzero(start[1:] - latest[:-1] > question[GAP] * _MINUTE) + 1
    begin = np.concatenate(([0], begin)) if len(start) else begin
    starts, ends = start[begin], np.append(latest[begin[1:] - 1], latest[-1:])
    here = slice(*np.searchsorted(starts, question.period.sides or (0, 0)))
    return _Cut(starts[here], ends[here], int(starts[here.stop]) if here.stop < len(starts) else _FOREVER)


def _named(history: History, title: int) -> Named | None:
    return None if title == NONE else Named(**naming(history.titles.entries[title], history.catalogue))


STATISTIC = Statistic(
    name="sessions",
    summary="What was heard in one go",
    description="A session ends where nothing played for more than `gap` minutes. Sessions are cut from all plays, of "
    "every kind and length, of which only private ones may be left out; filters and rule choose what is counted in "
    "them, and a session without such a play is none. It belongs to the period that it begins in, with all of its "
    "plays. The longest come first; of equally long ones those with more listened, then the earlier.",
    parameters=(*COMMON, GAP, LIMIT, OFFSET),
    answer=Sessions,
    function=sessions,
    listed="sessions",
)
