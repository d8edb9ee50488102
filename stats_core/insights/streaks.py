"""Streaks: days in a row with a play, of a listener or of each of their artists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from stats_core.history.columns import Codes, History, Ints
from stats_core.insights.buckets import Placed, dates_of
from stats_core.insights.days import Runs, day_before, runs_of, written
from stats_core.insights.named import Named, naming
from stats_core.insights.order import first_of
from stats_core.insights.pairs import Pairs, sorted_pairs
from stats_core.insights.parameters import COMMON, LIMIT, OFFSET, Choice
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import Selection, selection_of, sums

Of = Literal["all", "artists"]

_PLAYS_BITS: Final = 32

OF: Choice[Of] = Choice(
    name="of",
    description="Whose streaks to list: those of all plays, or the longest one of each credited artist.",
    example="artists",
    default="all",
    choices=("all", "artists"),
)


class Streak(msgspec.Struct):
    """Days in a row, each with a passing play."""

    rank: int
    days: int
    start: str
    """Its first day."""
    end: str
    """Its last day, which is of it."""
    plays: int
    """Passing plays on these days; of the artist, where it is an artist's."""
    ms: int
    current: bool
    """It lasts: its last day is today or yesterday; in a period that is over, its last day or the one before."""
    artist: Named | None
    """Whose plays make it; null where all count."""


class Streaks(Answer, kw_only=True):
    """A page of streaks, the longest first."""

    of: Of
    current: int
    """Days of the current streak of all plays; 0 where there is none."""
    streaks: list[Streak]
    total: int
    """Number of streaks, or of artists."""


@dataclass(frozen=True, eq=False)
class _Page:
    """Streaks as arrays of one length; days are numbers of the period's dates."""

    first: Ints
    after: Ints
    """The day after the last one."""
    plays: Ints
    ms: Ints
    artists: Sequence[Named | None]
    total: int
    """How many there are on all pages."""


def streaks(history: History, question: Question) -> Streaks:
    """The longest runs of days with a passing play of the period."""
    plays, of = selection_of(history, question), question[OF]
    if question.period.sides is None:
        return Streaks(**plays.told, of=of, current=0, streaks=[], total=0)
    dates = dates_of(question.zone, "day", *question.period.sides)
    placed = dates.placed(plays)
    runs = runs_of(placed.counts > 0)
    lasting = np.isin(dates.days, _last_of_lasting(question, dates.days))
    page = _of_all(plays, placed, runs) if of == "all" else _of_artists(plays, placed.bucket, len(dates))
    columns = (
        (page.after - page.first).tolist(),
        written(dates.days[page.first]),
        written(dates.days[page.after - 1]),
        page.plays.tolist(),
        page.ms.tolist(),
        lasting[page.after - 1].tolist(),
        page.artists,
    )
    return Streaks(
        **plays.told,
        of=of,
        current=int(runs.days[lasting[runs.after - 1]].sum()),
        streaks=[
            Streak(rank, *values) for rank, values in enumerate(zip(*columns, strict=True), start=question[OFFSET] + 1)
        ],
        total=page.total,
    )


def _last_of_lasting(question: Question, days: Ints) -> Ints:
    """The local dates of which one is the last of a streak that lasts; `days` are those of the period."""
    period, clock, zone = question.period, question.clock, question.zone
    if period.ends_as_asked and period.end is not None and clock.is_over(period.end):
        return days[-2:]
    today = clock.today(zone)
    return np.array([day_before(zone, today), today])


def _of_all(plays: Selection, placed: Placed, runs: Runs) -> _Page:
    counts = runs.sums(placed.counts)
    page = first_of((-runs.days, -counts, runs.first), plays.question[OFFSET], plays.question[LIMIT])
    ms = runs.sums(placed.sums(plays.ms))
    return _Page(runs.first[page], runs.after[page], counts[page], ms[page], [None] * len(page), len(counts))


def _of_artists(plays: Selection, day: Codes, days: int) -> _Page:
    """The longest streak of each artist; of equally long ones that of more plays, then the earlier."""
    artists, question = plays.history.artists, plays.question
    further, guest = artists.further_of_plays(plays.item)
    artist, day = np.append(artists.of_item.take(plays.item), guest), np.append(day, day[further])
    # One more than there are days: the last of an artist and the first of the next are never in a row.
    stride = days + 1
    pairs = sorted_pairs(artist, day, stride)
    pairs = pairs[np.searchsorted(pairs, 0) :]
    begins = np.ones(len(pairs), np.bool_)
    np.greater(pairs[1:] - pairs[:-1], 1, out=begins[1:])
    edges = np.append(np.flatnonzero(begins), len(pairs))
    first, last, counts = pairs[edges[:-1]], pairs[edges[1:] - 1], np.diff(edges)
    worth = (last - first).astype(np.int64)
    worth <<= _PLAYS_BITS
    worth += counts
    best = _best_of_each(first, worth, stride)
    counts, (of, first), last = counts[best], np.divmod(first[best], stride), last[best] % stride
    page = first_of((first - last, -counts, first, artists.place_by_id[of]), question[OFFSET], question[LIMIT])
    of, first, after = of[page], first[page], last[page] + 1
    ms = _listened(plays.ms, further, artist, day, (of, first, after))
    named = [Named(**naming(artists.entries[code], plays.history.catalogue)) for code in of.tolist()]
    return _Page(first, after, counts[page], ms, named, len(best))


def _best_of_each(pairs: Pairs, worth: Ints, stride: int) -> npt.NDArray[np.intp]:
    """Where the first of greatest worth stands among the pairs of each code; they are in order."""
    if not len(pairs):
        return np.empty(0, np.intp)
    begin = np.searchsorted(pairs, (np.arange(int(pairs[-1]) // stride + 2) * stride).astype(pairs.dtype))
    counts = np.diff(begin)
    begin, counts = begin[:-1][counts > 0], counts[counts > 0]
    best = np.flatnonzero(worth == np.repeat(np.maximum.reduceat(worth, begin), counts))
    return best[np.diff(pairs[best] // stride, prepend=-1) > 0]


def _listened(
    ms: Ints, further: npt.NDArray[np.intp], artist: Codes, day: Codes, streaks: tuple[Pairs, Pairs, Pairs]
) -> Ints:
    """The ms of the plays in streaks, one of an artist at most: artists, first days and the days after the last.

    Artists and days are those of each play, and after these of the `further` ones that credit another.
    """
    of, first, after = streaks
    begin, end = np.zeros((2, int(artist.max(initial=0)) + 2), np.int32)
    begin[of], end[of] = first, after
    number = np.flatnonzero(end.take(artist))
    artist, day = artist[number], day[number]
    inside = np.flatnonzero((day >= begin.take(artist)) & (day < end.take(artist)))
    number, artist = number[inside], artist[inside]
    credited_first = np.searchsorted(number, len(ms))
    number[credited_first:] = further[number[credited_first:] - len(ms)]
    return sums(artist, ms[number], len(begin))[of]


STATISTIC = Statistic(
    name="streaks",
    summary="Days in a row with a play",
    description="The longest runs of days of the period on which a play began; with `of=artists` the longest one of "
    "each artist whom the plays credit. A streak is current if its last day is today or yesterday; in a period that "
    "is over, its last day or the one before. Ranked by days, then plays, then the earlier first day, then the id. A "
    "date that a time zone skipped breaks no streak.",
    parameters=(*COMMON, OF, LIMIT, OFFSET),
    answer=Streaks,
    function=streaks,
    listed="streaks",
)
