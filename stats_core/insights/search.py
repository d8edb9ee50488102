"""Search: what a listener played, by words of its name."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from stats_core.history.columns import History, Ints
from stats_core.history.entries import Entries, Kinds
from stats_core.history.names import Names, words_of
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


class FoundEntry(msgspec.Struct, gc=False):
    """Something or somebody whose name holds every word."""

    kind: Kinds
    id: str
    name: str | None
    by: str | None
    """Artist of a track or album, show of an episode, audiobook of a chapter, author of an audiobook."""
    plays: int
    ms: int
    image: str | None
    """Address of a picture; null until the catalogue knows one."""
    url: str | None
    """Where Spotify shows it; null where it has no id of Spotify's."""


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
    only_inside = (~found.leading[matches]).astype(np.int64)
    ranked_by = np.stack((only_inside, -totals.plays[matches], -totals.ms[matches], plays.start[totals.first[matches]]))
    items = []
    for number in _first(matches, ranked_by, question[LIMIT], names):
        entry = names.entry(number)
        counts = int(totals.plays[number]), int(totals.ms[number])
        image = history.catalogue.image(entry.kind, entry.id)
        items.append(FoundEntry(entry.kind, entry.id, entry.name, entry.artist, *counts, image, entry.url))
    return FoundEntries(**plays.told, items=items, total=len(matches))


def _totals(plays: Selection, groups: Sequence[Entries]) -> Totals:
    """The totals of the entries of several groups, one after the other."""
    parts = [plays.totals.grouped(entries) for entries in groups]
    return Totals(
        np.concatenate([part.plays for part in parts]),
        np.concatenate([part.ms for part in parts]),
        np.concatenate([part.first for part in parts]),
    )


def _first(numbers: npt.NDArray[np.intp], ranked_by: Ints, count: int, names: Names) -> list[int]:
    """The first so many of these names by what ranks them, smallest first, shape (4, n); equals come by id."""
    if not len(numbers):
        return []
    worth = _MORE_THAN_PLAYS * ranked_by[0] + ranked_by[1]
    if count < len(worth):
        near = np.flatnonzero(worth <= np.partition(worth, count - 1)[count - 1])
        numbers, ranked_by = numbers[near], ranked_by[:, near]
    order = np.lexsort(ranked_by[::-1])
    numbers, ranked_by = numbers[order], ranked_by[:, order]
    place = np.cumsum(np.concatenate(([0], (ranked_by[:, 1:] != ranked_by[:, :-1]).any(axis=0))))
    end = int(np.searchsorted(place, place[min(count, len(place)) - 1], side="right"))
    equals = zip(place[:end].tolist(), numbers[:end].tolist(), strict=True)
    return [number for _, _, number in sorted((at, names.entry(number).id, number) for at, number in equals)][:count]


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
