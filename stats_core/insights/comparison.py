"""Comparison: two periods of one listener, or two listeners, and how much of what they heard is the same.

Two listeners who only agreed to compare get shares of what both played, of whole months, rounded, and nothing else:
neither counts nor times, nor anything that only one of them has.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import msgspec
import numpy as np

from stats_core.documents.words import USER_NAME
from stats_core.errors import InvalidParameter
from stats_core.history.columns import Codes, History, Ints
from stats_core.history.entries import Entries, Entry
from stats_core.insights.calendar import Days, whole_unit
from stats_core.insights.order import Places, first_of
from stats_core.insights.parameters import END, KINDS_GIVEN, LIMIT, OF_A_YEAR, PERIOD, START, Name
from stats_core.insights.periods import Period, of_days, settled
from stats_core.insights.question import Answer, AnsweredPeriod, Companion, Question, Statistic
from stats_core.insights.selection import Selection, selection_of, sums
from stats_core.insights.tallies import Floats
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
class _Side:
    """What one side heard of each entry; arrays of one length, the same entries for both sides."""

    entries: Sequence[Entry | None]
    """None: there is no such entry on this side."""
    plays: Ints
    ms: Ints
    first: Ints
    """When, ms since 1970; anything where there are no plays."""


@dataclass(frozen=True)
class _Sides:
    """What both heard of each entry."""

    ids: Sequence[str]
    """The same for both."""
    place_by_id: Ints | Codes
    mine: _Side
    theirs: _Side

    @cached_property
    def shared(self) -> Places:
        """Positions of what both have."""
        return np.flatnonzero((self.mine.plays > 0) & (self.theirs.plays > 0))

    def turned(self) -> "_Sides":
        """From the other side."""
        return _Sides(self.ids, self.place_by_id, self.theirs, self.mine)


def comparison(history: History, question: Question) -> Comparison:
    """The question's plays beside those of another listener or another period."""
    companion = question.companion
    agreed = companion is not None and companion.shares_only
    if agreed:
        _refuse_what_would_tell(question)
        question = question.over(_whole_months(question))
    mine = selection_of(history, question)
    theirs = _their_plays(companion, question) if companion else mine.over(_other_period(history, question))
    wholes = len(mine.positions), len(theirs.positions)
    if companion is None:
        artists, recordings = (
            _of_one(mine, theirs, entries) for entries in (history.primary_artists, history.recordings)
        )
    else:
        other = companion.heard.history
        artists = _of_two(mine, theirs, (history.primary_artists, other.primary_artists), {})
        recordings = _of_two(mine, theirs, (history.recordings, other.recordings), _joined((history, other)))
    limit = question[LIMIT]
    return Comparison(
        **mine.told,
        other_user=companion.heard.listener.id if companion else None,
        other_period=theirs.question.answered_period,
        agreed=agreed,
        affinity=_affinity(artists, recordings, wholes, agreed=agreed),
        totals=None if agreed else _totals(mine, artists.mine, recordings.mine),
        other_totals=None if agreed else _totals(theirs, artists.theirs, recordings.theirs),
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
    return question.before or replace(question.period, end=question.period.start)


def _of_one(mine: Selection, theirs: Selection, entries: Entries) -> _Sides:
    """Two periods of one listener: the entries are the same."""
    known = [entry.id for entry in entries.entries]
    return _Sides(known, entries.place_by_id, *(_side(plays, entries) for plays in (mine, theirs)))


def _of_two(mine: Selection, theirs: Selection, entries: tuple[Entries, Entries], joined: Mapping[str, str]) -> _Sides:
    """Two listeners: the entries meet by their ids, and by what these are `joined` under."""
    heard = [_side(plays, own) for plays, own in zip((mine, theirs), entries, strict=True)]
    named = [
        [joined.get(own.entries[code].id, own.entries[code].id) for code in np.flatnonzero(side.plays).tolist()]
        for side, own in zip(heard, entries, strict=True)
    ]
    ids = sorted({*named[0], *named[1]})
    place = {identity: number for number, identity in enumerate(ids)}
    sides = [
        _placed(side, np.array([place[identity] for identity in own], np.intp), len(ids))
        for side, own in zip(heard, named, strict=True)
    ]
    return _Sides(ids, np.arange(len(ids)), *sides)


def _side(plays: Selection, entries: Entries) -> _Side:
    totals = plays.totals.grouped(entries)
    first = np.zeros(len(entries), np.int64)
    played = np.flatnonzero(totals.plays)
    first[played] = plays.start[totals.first[played]]
    return _Side(entries.entries, totals.plays, totals.ms, first)


def _placed(side: _Side, place: Places, size: int) -> _Side:
    """The same at other places; of several at one place everything together, called as the first of them."""
    played = np.flatnonzero(side.plays)
    entries: list[Entry | None] = [None] * size
    for at, code in zip(reversed(place.tolist()), reversed(played.tolist()), strict=True):
        entries[at] = side.entries[code]
    first = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(first, place, side.first[played])
    return _Side(entries, sums(place, side.plays[played], size), sums(place, side.ms[played], size), first)


def _joined(histories: tuple[History, History]) -> dict[str, str]:
    """The recordings of two listeners under common ids: those that share a track or an ISRC are one, under the
    smallest."""
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
    return {name: head(name) for name in leads_to}


def _shares(sides: _Sides, wholes: tuple[int, int]) -> tuple[Floats, Floats]:
    """Of what both have, the share of each side's plays that it is."""
    return sides.mine.plays[sides.shared] / wholes[0], sides.theirs.plays[sides.shared] / wholes[1]


def _affinity(artists: _Sides, recordings: _Sides, wholes: tuple[int, int], *, agreed: bool) -> Affinity | None:
    if not all(wholes):
        return None
    by_artist, by_recording = (
        math.fsum(np.minimum(*_shares(sides, wholes)).tolist()) for sides in (artists, recordings)
    )
    shown = (by_artist, by_recording, (by_artist + by_recording) / 2)
    return Affinity(*(round(share, _DECIMALS) if agreed else share for share in shown))


def _totals(plays: Selection, artists: _Side, recordings: _Side) -> ComparedTotals:
    counts = (int(np.count_nonzero(side.plays)) for side in (recordings, artists))
    return ComparedTotals(len(plays.positions), int(plays.ms.sum()), *counts)


def _compared(sides: _Sides, wholes: tuple[int, int], limit: int, *, agreed: bool) -> Compared:
    shared, both = sides.shared, []
    if len(shared):
        shares, other_shares = _shares(sides, wholes)
        # Equal quotients of whole numbers are equal floats; above 0 the order of their bits is their own.
        smaller, larger = (-side(shares, other_shares).view(np.int64) for side in (np.minimum, np.maximum))
        page = first_of((smaller, larger, sides.place_by_id[shared]), 0, limit)
        columns = (column[page].tolist() for column in (shared, shares, other_shares))
        both = [_both(sides, *values, agreed=agreed) for values in zip(*columns, strict=True)]
    if agreed:
        return Compared(both, len(shared), None, None)
    return Compared(both, len(shared), _alone(sides, limit), _alone(sides.turned(), limit))


def _both(sides: _Sides, code: int, share: float, other_share: float, *, agreed: bool) -> ComparedEntry:
    mine, theirs = sides.mine, sides.theirs
    entry = _there(mine.entries[code])
    if agreed:  # as this side calls it: the other's id may be of what only they have
        shares = (round(share, _DECIMALS), round(other_share, _DECIMALS))
        return ComparedEntry(entry.id, entry.name, _artist(entry), *shares, None, None, None, None)
    counts = (int(numbers[code]) for numbers in (mine.plays, theirs.plays, mine.ms, theirs.ms))
    return ComparedEntry(sides.ids[code], entry.name, _artist(entry), share, other_share, *counts)


def _alone(sides: _Sides, limit: int) -> list[LoneEntry]:
    """What only this side has, the most played first."""
    mine = sides.mine
    lone = np.flatnonzero((mine.plays > 0) & (sides.theirs.plays == 0))
    if not len(lone):
        return []
    keys = (-mine.plays[lone], -mine.ms[lone], mine.first[lone], sides.place_by_id[lone])
    page = lone[first_of(keys, 0, limit)].tolist()
    return [
        LoneEntry(sides.ids[code], entry.name, _artist(entry), int(mine.plays[code]), int(mine.ms[code]))
        for code, entry in ((code, _there(mine.entries[code])) for code in page)
    ]


def _there(entry: Entry | None) -> Entry:
    assert entry is not None  # noqa: S101 - it has plays
    return entry


def _artist(entry: Entry) -> str | None:
    return entry.artist if entry.kind == "track" else None


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
