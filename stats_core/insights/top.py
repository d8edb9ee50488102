"""Tops: what was played most, or by whom, from where, on what; each with the change against the period before."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, TypedDict, cast

import msgspec
import numpy as np

from stats_core.documents.words import Kind
from stats_core.history.columns import History, Ints
from stats_core.history.entries import NONE, Entries
from stats_core.insights.parameters import BY, COMMON, LIMIT, OFFSET, Measure
from stats_core.insights.periods import ALL_TIME, Period
from stats_core.insights.question import Answer, AnsweredPeriod, Question, Statistic
from stats_core.insights.selection import UNKNOWN_COUNTRY, UNKNOWN_PLATFORM, Selection, selection_of, sums
from stats_core.insights.standing import Standing, standing, standing_of

Group = Literal["tracks", "recordings", "artists", "primary_artists", "albums", "shows", "audiobooks"]
Column = Literal["platform", "country"]


class TopEntry(msgspec.Struct, kw_only=True, gc=False):
    """A line of a top; what its kind does not have is null."""

    rank: int
    id: str
    name: str | None
    """As in its latest play, artists and albums as the catalogue has them; null where neither names it."""
    artist: str | None = None
    """Of a track, recording or album; the author of an audiobook."""
    album: str | None = None
    """Of a track or recording."""
    plays: int
    ms: int
    share: float
    """Of the chosen measure over all passing plays of the period, 0..1."""
    previous_rank: int | None
    """In the period before; null where it was not played in it, or where there is no period before."""
    previous_plays: int | None
    """In the period before; null where there is none, as `previous_ms`."""
    previous_ms: int | None
    new: bool
    """It was never played before the period."""
    returned: bool
    """It was played before, but not in the period before."""
    image: str | None = None
    """Address of a picture; null until the catalogue knows one."""
    url: str | None = None
    """Where Spotify shows it; null where it has no id of Spotify's."""
    provisional: bool | None = None
    """Of an artist: some plays are theirs by the album artist's name alone, until the catalogue knows the track."""
    ambiguous: bool | None = None
    """Of an artist: several of the catalogue bear this name, so it stays apart from them."""


class Top(Answer, kw_only=True):
    """A page of a top."""

    before: AnsweredPeriod | None
    """The period that ranks and values are compared with; null where the question has no start."""
    items: list[TopEntry]
    total: int
    """Number of entries in all."""
    uncredited: int | None = None
    """Of artists: passing plays that belong to none, by "Various Artists" or without an artist's name."""


class _Named(TypedDict, total=False):
    id: str
    name: str | None
    artist: str | None
    album: str | None
    image: str | None
    url: str | None
    provisional: bool
    ambiguous: bool


@dataclass(frozen=True)
class _Compared:
    """What was counted in a period, beside the period before; both others are None where there is none."""

    plays: Selection
    now: Standing
    then: Standing | None
    until: Standing | None
    """Of all time until the period."""
    before: Period | None

    @classmethod
    def of(cls, history: History, question: Question, counted: Callable[[Selection], Standing]) -> "_Compared":
        plays = selection_of(history, question)
        before = question.before
        if before is None:
            return cls(plays, counted(plays), None, None, None)
        until = plays.over(Period(ALL_TIME.start, question.period.start))
        return cls(plays, counted(plays), counted(plays.over(before)), counted(until), before)

    def answered(self, named: Callable[[int], _Named], uncredited: int | None = None) -> Top:
        """The asked page; `named` says what an entry is called."""
        question = self.plays.question
        offset = question[OFFSET]
        page = self.now.best(offset, question[LIMIT]).tolist()
        return Top(
            **self.plays.told,
            before=None if self.before is None else question.over(self.before).answered_period,
            items=[self._entry(code, rank, named(code)) for rank, code in enumerate(page, start=offset + 1)],
            total=len(self.now.played),
            uncredited=uncredited,
        )

    def _entry(self, code: int, rank: int, named: _Named) -> TopEntry:
        then, plays, ms = self.then, int(self.now.plays[code]), int(self.now.ms[code])
        value, whole = (ms, self.plays.ms.sum()) if self.now.by == "ms" else (plays, len(self.plays.positions))
        was = then is not None and bool(then.plays[code])
        ever = self.until is not None and bool(self.until.plays[code])
        return TopEntry(
            **named,
            rank=rank,
            plays=plays,
            ms=ms,
            share=value / int(whole) if whole else 0.0,
            previous_rank=int(then.rank[code]) if then is not None and was else None,
            previous_plays=None if then is None else int(then.plays[code]),
            previous_ms=None if then is None else int(then.ms[code]),
            new=then is not None and not ever,
            returned=ever and not was,
        )


def top(history: History, question: Question, *, of: Group) -> Top:
    """The entries of the passing plays."""
    entries = cast("Entries", getattr(history, of))
    compared = _Compared.of(history, question, lambda plays: standing_of(plays, entries, question[BY]))
    are_artists = of in {"artists", "primary_artists"}

    def named(code: int) -> _Named:
        entry = entries.entries[code]
        told = _Named(
            id=entry.id,
            name=entry.name,
            artist=entry.artist,
            album=entry.album,
            image=history.catalogue.image(entry.kind, entry.id),
            url=entry.url,
        )
        if are_artists:
            told["provisional"] = bool(entries.provisional[code])
            told["ambiguous"] = bool(entries.ambiguous[code])
        return told

    uncredited = int((entries.of_item[compared.plays.item] == NONE).sum()) if are_artists else None
    return compared.answered(named, uncredited)


def top_values(history: History, question: Question, *, of: Column) -> Top:
    """The platforms or countries of the passing plays; a missing one is the unknown one."""
    texts, unknown = {
        "platform": (history.platforms, UNKNOWN_PLATFORM),
        "country": (history.countries, UNKNOWN_COUNTRY),
    }[of]
    told = [unknown if text is None else text for text in texts]
    names = sorted(set(told))
    name_of_code = np.array([names.index(text) for text in told], np.int32)

    def counted(plays: Selection) -> Standing:
        codes = name_of_code[getattr(history, of)[plays.positions]] if names else np.empty(0, np.int32)
        first = np.zeros(len(names), np.int64)
        first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
        counts: Ints = np.bincount(codes, minlength=len(names))
        by: Measure = question[BY]
        by_id = np.arange(len(names), dtype=np.int32)
        return standing(plays, counts, sums(codes, plays.ms, len(names)), first, by_id, by)

    return _Compared.of(history, question, counted).answered(lambda code: _Named(id=names[code], name=names[code]))


_PARAMETERS: Final = (*COMMON, BY, LIMIT, OFFSET)
_ORDER: Final = (
    " Ranked by the measure, then the other one, then the earlier first play, then the id; with rank and values in the "
    "period before."
)


def _statistic(of: Group, summary: str, description: str, kind: Kind = "track") -> Statistic:
    return Statistic(
        name=f"top/{of.replace('_', '-')}",
        summary=summary,
        description=description + _ORDER,
        parameters=_PARAMETERS,
        answer=Top,
        function=partial(top, of=of),
        default_kinds=(kind,),
        entries=kind,
        listed="items",
    )


def _of_column(name: str, of: Column, summary: str, description: str) -> Statistic:
    return Statistic(
        name=f"top/{name}",
        summary=summary,
        description=description + _ORDER,
        parameters=_PARAMETERS,
        answer=Top,
        function=partial(top_values, of=of),
        listed="items",
    )


TOPS: Final = (
    _statistic(
        "tracks",
        "The most played tracks",
        "A track is its URI; plays with names only take the URI the listener's other plays or library give for the "
        "same names.",
    ),
    _statistic(
        "recordings",
        "The most played recordings",
        "Tracks that are one recording, published more than once, count together: those of one ISRC, and those of "
        "equal name, primary artist and length, within two seconds.",
    ),
    _statistic(
        "artists",
        "The most played artists",
        "A play counts for each artist that its track credits, once the catalogue knows; until then for the album "
        'artist. `uncredited` counts the plays by "Various Artists" or without an artist\'s name.',
    ),
    _statistic(
        "primary_artists",
        "The most played primary artists",
        "The first artist that a track credits, once the catalogue knows; until then the album artist: each play "
        "counts once.",
    ),
    _statistic(
        "albums",
        "The most played albums",
        "Albums by the catalogue's id once it knows them, until then by name and album artist.",
    ),
    _statistic(
        "shows",
        "The most played shows",
        "The shows of podcasts, by name; counts episodes unless told otherwise.",
        "episode",
    ),
    _statistic(
        "audiobooks",
        "The most played audiobooks",
        "Audiobooks by their URI, or by name; counts chapters unless told otherwise.",
        "chapter",
    ),
    _of_column(
        "platforms", "platform", "The platforms of most plays", "Families of devices, as in the exports of both eras."
    ),
    _of_column("countries", "country", "The countries of most plays", "By two letters; ZZ is an unknown one."),
)
"""Every top there is."""
