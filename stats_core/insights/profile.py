"""Profile: what is told of one entry, whatever it is: totals, rank, neighbours, rank over time, best months, clock."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, Literal, TypeVar

import msgspec
import numpy as np

from stats_core.errors import UnknownEntry
from stats_core.history.by_entry import ByEntry
from stats_core.history.columns import History, Ints
from stats_core.history.entries import Entries, Kinds
from stats_core.insights.buckets import buckets_of
from stats_core.insights.clock import by_weekday_and_hour
from stats_core.insights.named import Named, Naming, naming
from stats_core.insights.order import first_of
from stats_core.insights.parameters import BY, ID, Choice, Measure
from stats_core.insights.question import Answer, Question
from stats_core.insights.ranks import ABSENT, Ranks, ranks_of
from stats_core.insights.selection import Selection, selection_of, sums
from stats_core.insights.standing import Around
from stats_core.insights.zones import DAY

P = TypeVar("P", bound="Profile")
RankBucket = Literal["week", "month", "year"]

_PASSING: Final[Mapping[Kinds, Callable[[Selection], ByEntry]]] = {
    "track": attrgetter("by_title"),
    "artist": attrgetter("by_artist"),
    "album": attrgetter("by_album"),
}
NEIGHBOURS: Final = 5
"""Entries above and below."""
BEST_MONTHS: Final = 5

BUCKET: Choice[RankBucket] = Choice(
    name="bucket",
    description="How long each stretch is in `ranks`: an ISO week, a month or a year, in the time zone.",
    example="year",
    default="month",
    choices=("week", "month", "year"),
)


class Played(Named, kw_only=True):
    """Something or somebody, and how much of it there was in the period."""

    plays: int
    ms: int


class Neighbour(Played, kw_only=True):
    """An entry ranked near."""

    rank: int


class RankPoint(msgspec.Struct, gc=False):
    """One week, month or year."""

    start: str
    """Its first instant; of one that the period's edge cuts, still its own."""
    rank: int | None
    """Among all that was played in it; null where this was not."""
    plays: int
    ms: int
    partial: bool
    """The period's edge cuts it."""


class BestMonth(msgspec.Struct, gc=False):
    """A month of many plays."""

    month: str
    """Such as 2024-07, in the time zone."""
    plays: int
    ms: int


class WeekHours(msgspec.Struct):
    """Plays and ms by weekday (7, Monday first) and local hour (24) of their start."""

    plays: list[list[int]]
    ms: list[list[int]]


class Profile(Answer, kw_only=True):
    """What is told of every entry."""

    kind: Kinds
    id: str
    """What it is named by now, whatever it was asked by."""
    name: str | None
    """As in its latest play, artists and albums as the catalogue has them; null where neither names it."""
    by: str | None
    """Artist of a track or album."""
    image: str | None
    """Address of a picture; null until the catalogue knows one."""
    url: str | None
    """Where Spotify shows it; null where it has no id of Spotify's."""
    plays: int
    ms: int
    share: float
    """Of the chosen measure over all passing plays of the period, 0..1."""
    rank: int | None
    """Among all of its kind in the period; null where it was not played in it."""
    total: int
    """Number of all of its kind in the period."""
    first_play: str | None
    """Start of its first play in the period."""
    last_play: str | None
    """Start of its last play in the period."""
    above: list[Neighbour]
    """Those ranked just above, best first."""
    below: list[Neighbour]
    """Those ranked just below, best first."""
    bucket: RankBucket
    ranks: list[RankPoint]
    """The rank over time: every bucket that the period touches."""
    best_months: list[BestMonth]
    """The months of the highest measure, best first."""
    clock: WeekHours


@dataclass(frozen=True, eq=False)
class AskedEntry:
    """The entry that a path names, among all of its kind."""

    selected: Selection
    ranks: Ranks
    code: int


def asked_entry(history: History, question: Question, entries: Entries, kind: Kinds) -> AskedEntry:
    """The entry of these that a question names. Raises UnknownEntry."""
    code = entries.position(question[ID])
    if code is None:
        raise UnknownEntry(kind, question[ID])
    selected = selection_of(history, question)
    return AskedEntry(selected, ranks_of(selected, entries, _PASSING[kind](selected), question[BY]), code)


def profile(of: type[P], asked: AskedEntry, **own: Any) -> P:
    """The page of an entry: what is told of every one, and its own."""
    selected, ranks, zone = asked.selected, asked.ranks, asked.selected.question.zone
    history, entry = selected.history, ranks.entries.entries[asked.code]
    positions = ranks.positions(asked.code)
    start, ms = history.start[positions], history.ms[positions].astype(np.int64)
    local = zone.offsets(int(start[0]), int(start[-1])).local(start) if len(start) else start
    by_ms = ranks.by == "ms"
    whole = int(history.ms[selected.positions].sum(dtype=np.int64)) if by_ms else len(selected.positions)
    around = ranks.standing.around(asked.code, NEIGHBOURS) if len(ms) else Around(ABSENT, [], [])
    return of(
        **selected.told,
        kind=entry.kind,
        id=entry.id,
        name=entry.name,
        by=entry.artist,
        image=history.catalogue.image(entry.kind, entry.id),
        url=entry.url,
        plays=len(ms),
        ms=int(ms.sum()),
        share=(int(ms.sum()) if by_ms else len(ms)) / whole if whole else 0.0,
        rank=around.rank if len(ms) else None,
        total=len(ranks.standing.played),
        first_play=zone.written(int(start[0])) if len(start) else None,
        last_play=zone.written(int(start[-1])) if len(start) else None,
        above=_neighbours(ranks, around.above, around.rank - len(around.above)),
        below=_neighbours(ranks, around.below, around.rank + 1),
        bucket=selected.question[BUCKET],
        ranks=_points(asked),
        best_months=_best_months(local, ms, ranks.by),
        clock=WeekHours(*by_weekday_and_hour(local, ms)),
        **own,
    )


def played(ranks: Ranks, codes: Iterable[int]) -> list[Played]:
    """Some entries with their plays."""
    return [Played(**_counted(ranks, code)) for code in codes]


def _neighbours(ranks: Ranks, codes: Iterable[int], first_rank: int) -> list[Neighbour]:
    return [Neighbour(**_counted(ranks, code), rank=rank) for rank, code in enumerate(codes, start=first_rank)]


class _Counted(Naming):
    plays: int
    ms: int


def _counted(ranks: Ranks, code: int) -> _Counted:
    named = naming(ranks.entries.entries[code], ranks.selected.history.catalogue)
    return {**named, "plays": int(ranks.standing.plays[code]), "ms": int(ranks.standing.ms[code])}


def _points(asked: AskedEntry) -> list[RankPoint]:
    question = asked.selected.question
    if question.period.sides is None:
        return []
    start, end = question.period.sides
    buckets = buckets_of(question.zone, question[BUCKET], start, end)
    series = asked.ranks.over_time(asked.code, buckets.placed(asked.selected))
    columns = (
        question.zone.all_written(buckets.start),
        (None if rank == ABSENT else rank for rank in series.rank.tolist()),
        series.plays.tolist(),
        series.ms.tolist(),
        ((buckets.start < start) | (buckets.end > end)).tolist(),
    )
    return [RankPoint(*values) for values in zip(*columns, strict=True)]


def _best_months(local: Ints, ms: Ints, by: Measure) -> list[BestMonth]:
    month = (local // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    first = int(month.min()) if len(month) else 0
    plays = np.bincount(month - first)
    heard = sums(month - first, ms, len(plays))
    months = np.flatnonzero(plays)
    measures = (-heard, -plays) if by == "ms" else (-plays, -heard)
    best = months[first_of([key[months] for key in (*measures, np.arange(len(plays)))], 0, BEST_MONTHS)]
    names = (best + first).astype("datetime64[M]").astype(str).tolist()
    return [BestMonth(*values) for values in zip(names, plays[best].tolist(), heard[best].tolist(), strict=True)]
