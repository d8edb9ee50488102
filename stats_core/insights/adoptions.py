"""Adoptions: how fast artists who were new became regulars."""

import numpy as np

from stats_core.history.columns import History, Ints
from stats_core.insights.firsts import firsts_of
from stats_core.insights.named import Named, naming
from stats_core.insights.order import first_of
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
    new = firsts_of(selected, artists)
    nth = _nth_starts(selected.ever, question[N])[new.entry]
    took = np.where(nth == _NEVER, _NEVER, nth - new.start)
    keys = (took, -new.plays, -new.ms, new.start, artists.place_by_id[new.entry])
    page = first_of(keys, question[OFFSET], question[LIMIT])
    reached = nth != _NEVER
    texts = (question.zone.all_written(starts[page]) for starts in (new.start, np.where(reached, nth, new.start)))
    columns = (column[page].tolist() for column in (new.entry, took, new.plays, new.ms))
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
    return Adoptions(**selected.told, n=question[N], items=items, total=len(new.entry), adopted=int(reached.sum()))


def _nth_starts(plays: Selection, n: int) -> Ints:
    """Start of the nth play of each artist, _NEVER where there are fewer.

    Whole numbers of artist and play are sorted: 2 ms at 250,000 plays. Those of no artist come before all others.
    """
    artists = plays.history.artists
    room = len(plays.item).bit_length()
    further, guest = artists.further_of_plays(plays.item)
    artist = np.concatenate((artists.of_item.take(plays.item), guest)).astype(np.int64)
    keys = (artist << room) | np.concatenate((np.arange(len(plays.item)), further))
    keys.sort()
    begin = np.searchsorted(keys, np.arange(len(artists) + 1) << room)
    nth = np.full(len(artists), _NEVER, np.int64)
    reached = np.flatnonzero(np.diff(begin) >= n)
    nth[reached] = plays.start[keys[begin[reached] + n - 1] & ((1 << room) - 1)]
    return nth


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
