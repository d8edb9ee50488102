"""Search: what a listener played, by words of its name."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from stats_core.history.columns import History
from stats_core.history.entries import Entries
from stats_core.history.names import words_of
from stats_core.insights.named import Named, naming
from stats_core.insights.order import first_of
from stats_core.insights.parameters import COMMON, LIMIT, Text
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import Selection, Totals, selection_of

_MORE_THAN_PLAYS: Final = 1 << 40

Q = Text(
    name="q",
    description="What to look for: words, or parts of words, in any order; accents and case mean nothing. Without it: "
    "every name is found.",
    example="garden",
    longest=200,
)


class FoundEntry(Named, kw_only=True):
    """Something or somebody whose name holds every word."""

    plays: int
    ms: int


class FoundEntries(Answer, kw_only=True):
    """The first of what was found."""

    items: list[FoundEntry]
    total: int
    """Number of all that was found."""


def search(history: History, question: Question) -> FoundEntries:
    """The entries with a passing play whose names hold every word."""
    plays = selection_of(history, question)
    names = history.names
    totals = _totals(plays, names.groups)
    found = names.found(words_of(question.get(Q) or ""))
    matches = np.flatnonzero(found.inside & (totals.plays > 0))
    # Whoever has a word only inside stands after all plays.
    inside_last = _MORE_THAN_PLAYS * ~found.leading[matches] - totals.plays[matches]
    keys = (inside_last, -totals.ms[matches], plays.start[totals.first[matches]], names.place_by_id[matches])
    items = []
    for number in matches[first_of(keys, 0, question[LIMIT])].tolist():
        named = naming(names.entry(number), history.catalogue)
        items.append(FoundEntry(**named, plays=int(totals.plays[number]), ms=int(totals.ms[number])))
    return FoundEntries(**plays.told, items=items, total=len(matches))


def _totals(plays: Selection, groups: Sequence[Entries]) -> Totals:
    """The totals of the entries of several groups, one after the other."""
    parts = [plays.totals.grouped(entries) for entries in groups]
    return Totals(
        np.concatenate([part.plays for part in parts]),
        np.concatenate([part.ms for part in parts]),
        np.concatenate([part.first for part in parts]),
    )


STATISTIC = Statistic(
    name="search",
    summary="What was played, by its name",
    description="The tracks, episodes, chapters, artists, albums, shows and audiobooks with a passing play whose names "
    "hold every word of `q`, whatever their accents and case. Those in which every word begins a word come first; then "
    "by plays, then milliseconds listened, then the earlier first play, then the id. Episodes and chapters count "
    "unless told otherwise.",
    parameters=(*COMMON, Q, LIMIT),
    answer=FoundEntries,
    function=search,
    default_kinds=("track", "episode", "chapter"),
    listed="items",
)
