"""Discoveries: what was heard for the first time, and how much of the listening that was."""

from typing import Literal, TypedDict

import numpy as np

from stats_core.history.columns import Flags, History, Ints
from stats_core.history.entries import Entries
from stats_core.insights.firsts import firsts_of
from stats_core.insights.named import Named, naming
from stats_core.insights.order import Key, first_of
from stats_core.insights.parameters import COMMON, LIMIT, OFFSET, Choice
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import Selection, selection_of

Of = Literal["items", "artists"]
Sort = Literal["newest", "plays", "ms"]

OF: Choice[Of] = Choice(
    name="of",
    description="What is discovered: items (tracks, and episodes and chapters where these kinds count), or artists.",
    example="artists",
    default="items",
    choices=("items", "artists"),
)
SORT: Choice[Sort] = Choice(
    name="sort",
    description="What comes first: the latest discovery, or the one most played in the period, by plays or by "
    "milliseconds.",
    example="plays",
    default="newest",
    choices=("newest", "plays", "ms"),
)


class Discovery(Named, kw_only=True):
    """What was heard for the first time, and how much since."""

    first_play: str
    """Start of its first passing play of the whole history."""
    plays: int
    """In the period, as `ms`."""
    ms: int
    plays_since: int
    """Up to the end of the history, as `ms_since`."""
    ms_since: int


class Discoveries(Answer, kw_only=True):
    """A page of what was discovered in a period, and the share of its listening that was new."""

    items: list[Discovery]
    total: int
    """Number of discoveries."""
    different: int
    """Number of different items or artists played in the period, new and known ones."""
    plays: int
    """Passing plays of the period, as `ms`."""
    ms: int
    new_plays: int
    """Those of discoveries, as `new_ms`; a play by several new artists is one."""
    new_ms: int
    share_of_plays: float
    """`new_plays` / `plays`, 0..1."""
    share_of_ms: float
    """`new_ms` / `ms`, 0..1."""


def discoveries(history: History, question: Question) -> Discoveries:
    """What has its first passing play of the whole history in the period."""
    selected = selection_of(history, question)
    entries = history.titles if question[OF] == "items" else history.artists
    new = firsts_of(selected, entries)
    here = selected.totals.grouped(entries)
    plays, ms = here.plays[new.entry], here.ms[new.entry]
    orders: dict[Sort, tuple[Ints, ...]] = {
        "newest": (-new.start, -plays, -ms),
        "plays": (-plays, -ms, new.start),
        "ms": (-ms, -plays, new.start),
    }
    keys: list[Key] = [*orders[question[SORT]], entries.place_by_id[new.entry]]
    page = first_of(keys, question[OFFSET], question[LIMIT])
    columns = (new.entry, plays, ms, new.plays, new.ms)
    items = [
        Discovery(
            **naming(entries.entries[code], history.catalogue),
            first_play=first_play,
            plays=in_period,
            ms=ms_in_period,
            plays_since=since,
            ms_since=ms_since,
        )
        for first_play, code, in_period, ms_in_period, since, ms_since in zip(
            question.zone.all_written(new.start[page]), *(column[page].tolist() for column in columns), strict=True
        )
    ]
    is_new = np.zeros(len(entries), np.bool_)
    is_new[new.entry] = True
    return Discoveries(
        **selected.told,
        items=items,
        total=len(new.entry),
        different=int((here.plays > 0).sum()),
        **_shares(selected, entries, is_new),
    )


class _Shares(TypedDict):
    plays: int
    ms: int
    new_plays: int
    new_ms: int
    share_of_plays: float
    share_of_ms: float


def _shares(selected: Selection, entries: Entries, is_new: Flags) -> _Shares:
    """All plays, and those of items that belong to a new entry: each once, however many of its artists are new."""
    of_new = np.zeros(len(entries.of_item), np.bool_)
    of_new[entries.item[is_new[entries.entry]]] = True
    totals = selected.totals
    plays, ms = len(selected.positions), int(totals.ms.sum())
    new_plays, new_ms = int(totals.plays[of_new].sum()), int(totals.ms[of_new].sum())
    return {
        "plays": plays,
        "ms": ms,
        "new_plays": new_plays,
        "new_ms": new_ms,
        "share_of_plays": new_plays / plays if plays else 0.0,
        "share_of_ms": new_ms / ms if ms else 0.0,
    }


STATISTIC = Statistic(
    name="discoveries",
    summary="What was heard for the first time",
    description="The items, or artists, whose first passing play of the whole history lies in the period, the latest "
    "first or the most played; and how many of the period's plays, and how much of its time, were theirs. A filter "
    "holds for the whole history, too: with `platform=android` it is the first play on Android that counts.",
    parameters=(*COMMON, OF, SORT, LIMIT, OFFSET),
    answer=Discoveries,
    function=discoveries,
    listed="items",
)
