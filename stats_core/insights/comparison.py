"""Comparison: two periods of one listener, or two listeners, and how much of what they heard is the same.

Two listeners who only agreed to compare get shares of what both played, of whole months, rounded, and nothing else:
neither counts nor times, nor anything that only one of them has.
"""

import heapq
import math
from dataclasses import dataclass, replace
from typing import Final

import msgspec
import numpy as np

from stats_core.documents.words import USER_NAME
from stats_core.errors import InvalidParameter
from stats_core.history.columns import History
from stats_core.history.entries import Entries, Entry
from stats_core.insights.calendar import Days, whole_unit
from stats_core.insights.parameters import END, KINDS_GIVEN, LIMIT, OF_A_YEAR, PERIOD, START, Name
from stats_core.insights.periods import Period, of_days, settled
from stats_core.insights.question import Answer, AnsweredPeriod, Companion, Question, Statistic
from stats_core.insights.selection import Selection, selection_of
from stats_core.insights.zones import DAY

WITH = Name(
    name="with",
    description="Another listener, of the same period. Without it: another period of the same listener.",
    example="bob",
    form=USER_NAME,
    is_a="a listener's name",
)
OTHER_PERIOD = replace(
    PERIOD,
    name="other_period",
    description="The period to compare with, by name. Without it: other_start and other_end; without these, too, the "
    "one before.",
    example="2023",
)
OTHER_START = replace(
    START,
    name="other_start",
    description="Where the period to compare with begins. Without it: other_period, or the start of the first play.",
    example="2023-01-01",
)
OTHER_END = replace(
    END,
    name="other_end",
    description="Where the period to compare with ends, not included. Without it: other_period, or after the last "
    "play.",
    example="2024-01-01",
)
_OTHERS: Final = {OTHER_PERIOD.name: PERIOD.name, OTHER_START.name: START.name, OTHER_END.name: END.name}
_BY_AGREEMENT: Final = frozenset({PERIOD.name, START.name, END.name, KINDS_GIVEN.name, WITH.name, LIMIT.name})
"""All that may be asked where two only agreed to compare: a filter by country would tell where the other was."""
_DECIMALS: Final = 3
"""Of the shares of an agreement: a tenth of a percent tells no counts."""


class Affinity(msgspec.Struct):
    """How much of what was heard is the same: sums of the smaller share of each, 0..1."""

    artists: float
    """By primary artist."""
    recordings: float
    affinity: float
    """The mean of the two."""


class ComparedTotals(msgspec.Struct):
    """What one side heard in all."""

    plays: int
    ms: int
    recordings: int
    artists: int
    """Primary ones."""


class ComparedEntry(msgspec.Struct):
    """An artist or a recording that both sides have; with the shares that its plays are of each side's."""

    id: str
    name: str | None
    artist: str | None
    share: float
    other_share: float
    plays: int | None
    """null where two listeners only agreed to compare; as the other three numbers below."""
    other_plays: int | None
    ms: int | None
    other_ms: int | None


class LoneEntry(msgspec.Struct):
    """An artist or a recording that only one side has."""

    id: str
    name: str | None
    artist: str | None
    plays: int
    ms: int


class Compared(msgspec.Struct):
    """The artists, or the recordings, of both sides."""

    both: list[ComparedEntry]
    """By the smaller of its two shares, the largest first."""
    total: int
    """How many both have."""
    only: list[LoneEntry] | None
    """What only this side has, the most played first; null where two listeners only agreed to compare."""
    other_only: list[LoneEntry] | None


class Comparison(Answer, kw_only=True):
    """Two sides side by side: the question's own, and the other."""

    other_user: str | None
    """The other listener; null: another period of the same."""
    other_period: AnsweredPeriod
    agreed: bool
    """The two listeners agreed to compare, and this key reads only one of them: shares of what both played, no more."""
    affinity: Affinity | None
    """null where one side has no plays."""
    totals: ComparedTotals | None
    other_totals: ComparedTotals | None
    artists: Compared
    recordings: Compared


@dataclass(frozen=True)
class _Heard:
    """What one side heard of one entry."""

    entry: Entry
    plays: int
    ms: int
    first: int
    """When, ms since 1970."""


Lines = dict[str, _Heard]
"""What one side heard, by ids that are the same for both."""


def comparison(history: History, question: Question) -> Comparison:
    """The question's plays beside those of another listener or another period."""
    companion = question.companion
    agreed = companion is not None and companion.shares_only
    if agreed:
        _refuse_what_would_tell(question)
        question = question.over(_whole_months(question))
    mine = selection_of(history, question)
    theirs = _their_plays(companion, question) if companion else mine.over(_other_period(history, question))
    sides = mine, theirs
    wholes = len(mine.positions), len(theirs.positions)
    artists = [_lines(side, side.history.primary_artists) for side in sides]
    recordings = [_lines(side, side.history.recordings) for side in sides]
    if companion is not None:
        recordings = _joined(recordings, histories=(history, companion.heard.history))
    limit = question[LIMIT]
    return Comparison(
        **mine.told,
        other_user=companion.heard.listener.id if companion else None,
        other_period=theirs.question.answered_period,
        agreed=agreed,
        affinity=_affinity(artists, recordings, wholes, agreed=agreed),
        totals=None if agreed else _totals(mine, artists[0], recordings[0]),
        other_totals=None if agreed else _totals(theirs, artists[1], recordings[1]),
        artists=_compared(artists, wholes, limit, agreed=agreed),
        recordings=_compared(recordings, wholes, limit, agreed=agreed),
    )


def _their_plays(companion: Companion, question: Question) -> Selection:
    """What the other listener heard in the period; an open side of it is their own, unless only shares may be told."""
    history = companion.heard.history
    if not companion.shares_only:
        own = settled(question.values, question.given, history, question.zone, question.clock)
        question = question.over(own)
    return selection_of(history, question)


def _refuse_what_would_tell(question: Question) -> None:
    for name, given in question.given.items():
        if name not in _BY_AGREEMENT:
            raise InvalidParameter(name, given, f"only {', '.join(sorted(_BY_AGREEMENT))} where two agreed to compare")


def _whole_months(question: Question) -> Period:
    """The period, which must be whole months; an open side of it is widened to the end of its month."""
    period, zone = question.period, question.zone
    if period.start is None or period.end is None:
        return period
    first, last = (zone.offsets(at, at).local_span(at, at + 1)[0] // DAY for at in (period.start, period.end - 1))
    days: Days = whole_unit(first, "month")[0], whole_unit(last, "month")[1]
    whole = of_days(days, zone)
    if (period.begins_as_asked and whole.start != period.start) or (period.ends_as_asked and whole.end != period.end):
        asked = " to ".join(filter(None, (question.given.get(name) for name in (PERIOD.name, START.name, END.name))))
        raise InvalidParameter("period", asked, "whole months, where two agreed to compare")
    return whole


def _other_period(history: History, question: Question) -> Period:
    values = {own: question.values[name] for name, own in _OTHERS.items() if name in question.values}
    if values:
        given = {own: question.given.get(name, "") for name, own in _OTHERS.items()}
        return settled(values, given, history, question.zone, question.clock)
    # Before the first play of all there is nothing.
    return question.period.before(question.zone) or replace(question.period, end=question.period.start)


def _lines(plays: Selection, entries: Entries) -> Lines:
    totals = plays.totals.grouped(entries)
    played = np.flatnonzero(totals.plays)
    columns = (totals.plays[played], totals.ms[played], plays.start[totals.first[played]])
    return {
        entries.entries[code].id: _Heard(entries.entries[code], *values)
        for code, *values in zip(played.tolist(), *(column.tolist() for column in columns), strict=True)
    }


def _joined(sides: list[Lines], histories: tuple[History, History]) -> list[Lines]:
    """The recordings of two listeners by common ids: those that share a track or an ISRC are one, the smallest id's."""
    leads_to: dict[str, str] = {}

    def head(key: str) -> str:
        while leads_to.setdefault(key, key) != key:
            key = leads_to[key]
        return key

    for history in histories:
        entries, tracks = history.recordings, history.tracks
        for item, code in zip(entries.item.tolist(), entries.entry.tolist(), strict=True):
            track = tracks.entries[int(tracks.of_item[item])].id
            known = history.catalogue.tracks.get(track)
            for name in (track, f"isrc {known.isrc}" if known and known.isrc else track):
                low, high = sorted((head(name), head(entries.entries[code].id)))
                leads_to[high] = low
    return [_summed(side, {identity: head(identity) for identity in side}) for side in sides]


def _summed(side: Lines, ids: dict[str, str]) -> Lines:
    summed: Lines = {}
    for identity, heard in side.items():
        known = summed.get(ids[identity])
        summed[ids[identity]] = heard if known is None else _Heard(
            known.entry, known.plays + heard.plays, known.ms + heard.ms, min(known.first, heard.first)
        )  # fmt: skip
    return summed


def _affinity(
    artists: list[Lines], recordings: list[Lines], wholes: tuple[int, int], *, agreed: bool
) -> Affinity | None:
    if not all(wholes):
        return None
    by_artist, by_recording = (
        math.fsum(
            min(mine[key].plays / wholes[0], theirs[key].plays / wholes[1]) for key in mine.keys() & theirs.keys()
        )
        for mine, theirs in (artists, recordings)
    )
    shown = (by_artist, by_recording, (by_artist + by_recording) / 2)
    return Affinity(*(round(share, _DECIMALS) if agreed else share for share in shown))


def _totals(plays: Selection, artists: Lines, recordings: Lines) -> ComparedTotals:
    return ComparedTotals(len(plays.positions), int(plays.ms.sum()), len(recordings), len(artists))


def _compared(sides: list[Lines], wholes: tuple[int, int], limit: int, *, agreed: bool) -> Compared:
    mine, theirs = sides
    shared = [(key, mine[key].plays / wholes[0], theirs[key].plays / wholes[1]) for key in mine.keys() & theirs.keys()]
    shared.sort(key=lambda line: (-min(line[1:]), -max(line[1:]), line[0]))
    both = [_both(key, mine[key], theirs[key], *shares, agreed=agreed) for key, *shares in shared[:limit]]
    if agreed:
        return Compared(both, len(shared), None, None)
    return Compared(both, len(shared), _alone(mine, theirs, limit), _alone(theirs, mine, limit))


def _both(key: str, mine: _Heard, theirs: _Heard, share: float, other_share: float, *, agreed: bool) -> ComparedEntry:
    named = (key, mine.entry.name, mine.entry.artist if mine.entry.kind == "track" else None)
    if agreed:
        shares = (round(share, _DECIMALS), round(other_share, _DECIMALS))
        return ComparedEntry(*named, *shares, None, None, None, None)
    return ComparedEntry(*named, share, other_share, mine.plays, theirs.plays, mine.ms, theirs.ms)


def _alone(mine: Lines, theirs: Lines, limit: int) -> list[LoneEntry]:
    alone = [(-heard.plays, -heard.ms, heard.first, key) for key, heard in mine.items() if key not in theirs]
    return [
        LoneEntry(key, mine[key].entry.name, mine[key].entry.artist, -plays, -ms)
        for plays, ms, _, key in heapq.nsmallest(limit, alone)
    ]


STATISTIC = Statistic(
    name="comparison",
    summary="Two periods or two listeners side by side",
    description="How much of what was heard is the same: the affinity (sums of the smaller share that each artist and "
    "each recording has of both sides' plays), what both have, and what only one has. Compares with another period of "
    "the same listener, the one before unless told otherwise, or with another listener: in full where the key reads "
    "both; where each has named the other, in rounded shares of what both played, of whole months, without private "
    "plays.",
    parameters=(*OF_A_YEAR, WITH, OTHER_PERIOD, OTHER_START, OTHER_END, LIMIT),
    answer=Comparison,
    function=comparison,
    companion=WITH,
)
