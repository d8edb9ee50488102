"""Adoptions: how fast artists who were new became regulars."""

from dataclasses import dataclass

import numpy as np

from stats_core.history.columns import History, Ints
from stats_core.insights.named import Named, naming
from stats_core.insights.order import Places, first_of
from stats_core.insights.parameters import COMMON, LIMIT, OFFSET, Whole
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import Selection, selection_of
from stats_core.insights.zones import DAY

N = Whole(
    name="n",
    description="The play with which an artist is adopted.",
    example="20",
    default="10",
    unit="plays",
    minimum=2,
    maximum=10_000,
)
_NEVER = np.iinfo(np.int64).max


class Adoption(Named, kw_only=True):
    """An artist, and how long it took from their first play to the nth."""

    first_play: str
    nth_play: str | None
    """Start of the nth play; null where there are fewer."""
    days: float | None
    """Days of 24 hours from the first play's start to the nth's; null where there are fewer."""
    plays: int
    """Up to the end of the history, as `ms`."""
    ms: int


class Adoptions(Answer, kw_only=True):
    """A page of the artists discovered in a period, the fastest adopted first."""

    n: int
    items: list[Adoption]
    total: int
    """Number of artists discovered in the period."""
    adopted: int
    """Those of them with `n` plays at least."""


def adoptions(history: History, question: Question) -> Adoptions:
    """The artists whose first passing play of the whole history lies in the period, with their nth."""
    selected = selection_of(history, question)
    artists = history.artists
    new = _new_artists(selected, question[N])
    reached = new.nth != _NEVER
    took = np.where(reached, new.nth - new.start, _NEVER)
    keys = (took, -new.plays, -new.ms, new.start, artists.place_by_id[new.artist])
    page = first_of(keys, question[OFFSET], question[LIMIT])
    texts = (question.zone.all_written(starts[page]) for starts in (new.start, np.where(reached, new.nth, new.start)))
    columns = (column[page].tolist() for column in (new.artist, took, new.plays, new.ms))
    items = [
        Adoption(
            **naming(artists.entries[code], history.catalogue),
            first_play=first_play,
            nth_play=nth_play if is_reached else None,
            days=ms_taken / DAY if is_reached else None,
            plays=plays,
            ms=ms,
        )
        for is_reached, first_play, nth_play, code, ms_taken, plays, ms in zip(
            reached[page].tolist(), *texts, *columns, strict=True
        )
    ]
    return Adoptions(**selected.told, n=question[N], items=items, total=len(new.artist), adopted=int(reached.sum()))


@dataclass(frozen=True)
class _New:
    """The artists first played in the period, as arrays of one length, in the order of the artists."""

    artist: Places
    start: Ints
    """Start of the first passing play, ms since 1970."""
    nth: Ints
    """Start of the nth; _NEVER where there are fewer."""
    plays: Ints
    """Passing plays of the whole history."""
    ms: Ints


def _new_artists(selected: Selection, n: int) -> _New:
    """The plays of an artist lie together, in order of time: the first and the nth are picked out."""
    history, ordered = selected.history, selected.ever.by_artist
    counts = np.diff(ordered.begin)
    played = np.flatnonzero(counts)
    begin = ordered.begin[played]
    start = history.start[ordered.play[begin]]
    first, end = selected.question.period.sides or (0, 0)
    here = (start >= first) & (start < end)
    heard = np.add.reduceat(history.ms.take(ordered.play), begin, dtype=np.int64) if len(begin) else begin
    artist, plays = played[here], counts[played[here]]
    nth = np.full(len(artist), _NEVER, np.int64)
    reached = plays >= n
    nth[reached] = history.start[ordered.play[ordered.begin[artist[reached]] + n - 1]]
    return _New(artist, start[here], nth, plays, heard[here])


STATISTIC = Statistic(
    name="adoptions",
    summary="How fast new artists became regulars",
    description="Of every artist whose first passing play of the whole history lies in the period: the days from it "
    "to their nth, whenever that was. The fastest first, then the more played; those with fewer plays come last, "
    "without days.",
    parameters=(*COMMON, N, LIMIT, OFFSET),
    answer=Adoptions,
    function=adoptions,
    entries="track",
    listed="items",
)
