"""Behaviour: how one listens. Skips and what is heard to its end, shuffle, offline, private; in all, or of each entry.

Counted from 0 ms on, for skips are short; what nobody told is in no share.
"""

from typing import Final, Literal

import msgspec
import numpy as np

from stats_core.history.columns import History
from stats_core.history.entries import NONE
from stats_core.insights.named import Named, naming
from stats_core.insights.order import Key, first_of
from stats_core.insights.parameters import COMMON, LIMIT, OFFSET, Choice, Whole
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import Selection, selection_of
from stats_core.insights.tallies import Grouped, Measures, Tally
from stats_core.insights.zones import HOUR

Of = Literal["all", "items", "artists", "hours"]
Sort = Literal["skip_rate", "completion_rate", "mean_share", "plays"]

_HOURS: Final = 24

OF: Choice[Of] = Choice(
    name="of",
    description="What is told besides the whole: nothing, items, artists, or the local hours of the day.",
    example="artists",
    default="all",
    choices=("all", "items", "artists", "hours"),
)
SORT: Choice[Sort] = Choice(
    name="sort",
    description="What ranks the items or artists, the largest first; without that measure they are not there.",
    example="completion_rate",
    default="skip_rate",
    choices=("skip_rate", "completion_rate", "mean_share", "plays"),
)
MIN_PLAYS = Whole(
    name="min_plays",
    description="Items and artists of fewer plays are left out: a rate of one play says nothing.",
    example="25",
    default="10",
    minimum=1,
    maximum=1_000_000,
)


class OfEntry(Named, kw_only=True):
    """An item or artist, and how it was listened to."""

    rank: int
    measures: Measures


class OfHour(msgspec.Struct):
    """A local hour of the day, and how one listens in it."""

    hour: int
    measures: Measures


class Behaviour(Answer, kw_only=True):
    """How one listens in a period."""

    of: Of
    all: Measures
    entries: list[OfEntry]
    """Items or artists; empty unless they were asked for."""
    total: int
    """How many items or artists there are in all."""
    hours: list[OfHour]
    """24, or none unless they were asked for."""


def behaviour(history: History, question: Question) -> Behaviour:
    """How the passing plays were listened to, in all and by what was asked."""
    plays = selection_of(history, question)
    everything = selection_of(history, question.ruled(private="include", min_ms=0, min_share=None, completed=False))
    of = question[OF]
    entries: list[OfEntry] = []
    hours: list[OfHour] = []
    total = 0
    if of == "hours":
        told = Tally(_by_hour(plays), _by_hour(everything), _HOURS).measures()
        hours = [OfHour(hour, measures) for hour, measures in enumerate(told)]
    elif of != "all":
        entries, total = _entries(plays, everything, of)
    (whole,) = Tally(Grouped(plays, None, None), Grouped(everything, None, None), 1).measures()
    return Behaviour(**plays.told, of=of, all=whole, entries=entries, total=total, hours=hours)


def _entries(plays: Selection, everything: Selection, of: Of) -> tuple[list[OfEntry], int]:
    """The asked page of the entries, and how many there are in all."""
    history, question = plays.history, plays.question
    entries = history.titles if of == "items" else history.artists
    grouped = Grouped(plays, *entries.of_plays(plays.item))
    tally = Tally(grouped, grouped, len(entries))
    sort = question[SORT]
    value = tally.plays.astype(np.float64) if sort == "plays" else getattr(tally, sort)
    asked = np.flatnonzero((tally.plays >= question[MIN_PLAYS]) & ~np.isnan(value))
    first = plays.totals.grouped(entries).first[asked]
    # Equal quotients of whole numbers are equal floats; above 0 the order of their bits is their own.
    keys: list[Key] = [
        -(value[asked].view(np.int64)),
        -tally.plays[asked],
        -tally.ms[asked],
        plays.start[first] if len(first) else first,
        entries.place_by_id[asked],
    ]
    page = asked[first_of(keys, question[OFFSET], question[LIMIT])]
    # Only of these is everything counted.
    place = np.full(len(entries), NONE, np.int32)
    place[page] = np.arange(len(page), dtype=np.int32)
    every = Grouped(everything, *entries.of_plays(everything.item))
    told = Tally(grouped.only(place), every.only(place), len(page)).measures()
    lines = [
        OfEntry(**naming(entries.entries[code], history.catalogue), rank=rank, measures=measures)
        for rank, (code, measures) in enumerate(zip(page.tolist(), told, strict=True), start=question[OFFSET] + 1)
    ]
    return lines, len(asked)


def _by_hour(selected: Selection) -> Grouped:
    return Grouped(selected, None, (selected.local // HOUR % _HOURS).astype(np.int32))


STATISTIC = Statistic(
    name="behaviour",
    summary="How one listens: skips, completion, shuffle, offline, private",
    description="Skip rate, completion rate, mean share listened, and the shares in shuffle, offline and in private "
    "sessions; in all, and of each item, artist or hour. Counts from 0 ms on unless told otherwise. Plays of which a "
    "measure cannot tell are in neither part of it, and counted as `unknown`.",
    parameters=(*COMMON, OF, SORT, MIN_PLAYS, LIMIT, OFFSET),
    answer=Behaviour,
    function=behaviour,
    default_min_ms=0,
    listed="entries",
)
