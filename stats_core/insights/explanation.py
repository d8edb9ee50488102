"""Explanation: the plays behind a number, and how many others did not count, by what rule."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, cast

import msgspec
import numpy as np

from stats_core.documents.words import PLATFORMS
from stats_core.errors import InvalidParameter, UnknownEntry
from stats_core.history.columns import Flags, History
from stats_core.history.entries import Entries
from stats_core.insights.parameters import COMMON, ID, Choice
from stats_core.insights.plays import CURSOR, LIMIT, ListedPlay, page_of
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import UNKNOWN_COUNTRY, UNKNOWN_PLATFORM, selection_of
from stats_core.insights.top import TOPS

Of = Literal[
    "tracks", "recordings", "artists", "primary-artists", "albums", "shows", "audiobooks", "platforms", "countries"
]

_TOPS: Final[Mapping[str, Statistic]] = {statistic.name.removeprefix("top/"): statistic for statistic in TOPS}

OF: Choice[Of] = Choice(
    name="of",
    description="The top whose entry, or whose total, is to be explained, with the defaults it has. Without it: the "
    "totals of the summary.",
    example="artists",
    choices=cast("tuple[Of, ...]", tuple(_TOPS)),
)
ENTRY = replace(
    ID,
    description="The id of an entry as it stands in that top; a key of names that was one before more was known works "
    "too. Without it: the total.",
    form=f"({ID.form}|{'|'.join(PLATFORMS)}|[A-Z]{{2}})",
)


class LeftOut(msgspec.Struct):
    """How many plays of the period do not count; each under the first of these that holds."""

    private: int
    """In a private session, or in none where only such were asked for."""
    kind: int
    """Of a kind that was not asked for."""
    filter: int
    """Not of the platforms, countries, sources, artists, albums or items that were asked for."""
    min_ms: int
    """Listened to for less."""
    min_share: int
    """Listened to for a smaller share of its length."""
    completed: int
    """Not ended because the item did."""


class Explanation(Answer, kw_only=True):
    """What stands behind a total or an entry of a top; the rule is the one that it was counted by."""

    of: Of | None
    id: str | None
    """The entry's; null where a total was asked for."""
    name: str | None
    counted: int
    """Plays that count, on all pages."""
    ms: int
    """Listened in these."""
    left_out: LeftOut
    in_period: int
    """All plays of the period, or of the entry in it: those that count and those left out."""
    plays: list[ListedPlay]
    """A page of those that count, newest first."""
    cursor: str | None
    """What to give for the next page; null on the last one."""


@dataclass(frozen=True)
class _Explained:
    """An entry, and the plays that are its own."""

    id: str
    name: str | None
    own: Flags
    """Of each of the period's plays, whether it is."""


def explanation(history: History, question: Question) -> Explanation:
    """The plays behind a number. Raises UnknownEntry, and InvalidParameter for an id without its top."""
    of, identity = question.get(OF), question.get(ENTRY)
    if identity is not None and of is None:
        raise InvalidParameter(ENTRY.name, identity, "only with of, which says what it is the id of")
    selected = selection_of(history, question if of is None else question.of(_TOPS[of]))
    part, positions = selected.in_period, selected.positions
    among = np.ones(part.stop - part.start, np.bool_)
    explained = None
    if of is not None and identity is not None:
        explained = _explained(history, of, identity, part)
        among = explained.own
        positions = positions[among[positions - part.start]]
    return Explanation(
        **selected.told,
        of=of,
        id=explained.id if explained else None,
        name=explained.name if explained else None,
        counted=len(positions),
        ms=int(history.ms[positions].sum(dtype=np.int64)),
        left_out=LeftOut(**selected.left_out(among)),
        in_period=int(among.sum()),
        **page_of(history, question, positions),
    )


def _explained(history: History, of: Of, identity: str, part: slice) -> _Explained:
    match of:
        case "platforms":
            texts, codes, unknown = history.platforms, history.platform, UNKNOWN_PLATFORM
        case "countries":
            texts, codes, unknown = history.countries, history.country, UNKNOWN_COUNTRY
        case _:
            return _explained_entry(history, of, identity, part)
    is_it = np.array([(unknown if text is None else text) == identity for text in texts], np.bool_)
    if not is_it.any():
        raise UnknownEntry("platform" if of == "platforms" else "country", identity)
    return _Explained(identity, identity, is_it.take(codes[part]))


def _explained_entry(history: History, of: Of, identity: str, part: slice) -> _Explained:
    entries: Entries = getattr(history, of.replace("-", "_"))
    code = entries.position(identity)
    if code is None:
        raise UnknownEntry(of.removesuffix("s").replace("-", " "), identity)
    own = np.zeros(len(history.items), np.bool_)
    own[entries.items_of(code)] = True
    entry = entries.entries[code]
    return _Explained(entry.id, entry.name, own.take(history.item[part]))


STATISTIC = Statistic(
    name="explanation",
    summary="The plays behind a number, and what was left out",
    description="The plays that an entry of a top counts, or that a total does, newest first, in pages: give an "
    "answer's `cursor` to get the next one. Beside them how many plays of the period were left out, each once, under "
    "the first that holds of private, kind, filter, `min_ms`, `min_share`, `completed`: with those that count they are "
    "all plays of the period, or all of the entry in it. The rule is that of the top named with `of`, with the same "
    "defaults.",
    parameters=(*COMMON, OF, ENTRY, CURSOR, LIMIT),
    answer=Explanation,
    function=explanation,
    listed="plays",
)
