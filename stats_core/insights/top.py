"""Tops: tracks, artists, albums and shows by plays or by milliseconds listened."""

from dataclasses import dataclass
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from stats_core.history.columns import History, Ints
from stats_core.history.entries import Entries
from stats_core.insights.parameters import BY, COMMON, LIMIT, OFFSET
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import Selection

T = TypeVar("T")


class TopEntry(msgspec.Struct):
    """An artist or a show in a top."""

    rank: int
    id: str
    name: str | None
    """As in its latest play; null where no play ever named it."""
    plays: int
    ms: int
    share: float
    """Of the chosen measure over all passing plays of the period, 0..1."""


class TopTrack(msgspec.Struct):
    """A track in a top."""

    rank: int
    id: str
    name: str | None
    artist: str | None
    album: str | None
    plays: int
    ms: int
    share: float


class TopAlbum(msgspec.Struct):
    """An album in a top."""

    rank: int
    id: str
    name: str | None
    artist: str | None
    plays: int
    ms: int
    share: float


class TopTracks(Answer, kw_only=True):
    """A page of the tracks of a period."""

    items: list[TopTrack]
    total: int
    """Number of tracks in all."""


class TopArtists(Answer, kw_only=True):
    """A page of the artists of a period."""

    items: list[TopEntry]
    total: int
    uncredited: int
    """Passing plays that belong to no artist: by "Various Artists", or without an artist's name."""


class TopAlbums(Answer, kw_only=True):
    """A page of the albums of a period."""

    items: list[TopAlbum]
    total: int


class TopShows(Answer, kw_only=True):
    """A page of the shows of a period."""

    items: list[TopEntry]
    total: int


@dataclass(frozen=True)
class Line:
    """What the lines of every top share."""

    rank: int
    code: int
    """Position in the entries."""
    plays: int
    ms: int
    share: float


@dataclass(frozen=True)
class Ranking:
    """A page of a ranking, best first."""

    lines: list[Line]
    total: int
    """Entries with a passing play."""
    plays: int
    """Plays of all of these."""


def ranking(plays: Selection, entries: Entries) -> Ranking:
    """The asked page of the entries: by the measure, then the other one, then the earlier first play, then the id."""
    question = plays.question
    totals = plays.totals.grouped(entries)
    played = np.flatnonzero(totals.plays)
    by_ms = question[BY] == "ms"
    # What ranks, smallest first: negated measures, and the start of the first play.
    measure, other = (-totals.ms, -totals.plays) if by_ms else (-totals.plays, -totals.ms)
    offset, limit = question[OFFSET], question[LIMIT]
    best = played[_up_to(measure[played], offset + limit)]
    first = plays.start[totals.first[best]]
    order = np.lexsort((first, other[best], measure[best]))
    best, keys = best[order], np.stack((measure[best], other[best], first))[:, order]
    page = _by_id(best, keys, offset, limit, entries)
    whole = int(plays.ms.sum()) if by_ms else len(plays.positions)
    lines = [
        Line(offset + number, code, count, ms, (ms if by_ms else count) / whole if whole else 0.0)
        for number, (code, count, ms) in enumerate(
            zip(page, totals.plays[page].tolist(), totals.ms[page].tolist(), strict=True), start=1
        )
    ]
    return Ranking(lines, len(played), int(totals.plays.sum()))


def _up_to(values: Ints, count: int) -> npt.NDArray[np.intp]:
    """Where the smallest `count` values stand, and every other value equal to the largest of these."""
    if count >= len(values):
        return np.arange(len(values))
    return np.flatnonzero(values <= np.partition(values, count - 1)[count - 1])


def _by_id(best: npt.NDArray[np.intp], keys: Ints, offset: int, limit: int, entries: Entries) -> list[int]:
    """The page of `best`, ordered by `keys`, shape (3, n); those equal in all three come by id."""
    low, high = min(offset, len(best)), min(offset + limit, len(best))
    if low == high:
        return []
    as_before = np.concatenate(([False], (keys[:, 1:] == keys[:, :-1]).all(axis=0), [False]))
    begin, end = low, high
    while as_before[begin]:
        begin -= 1
    while as_before[end]:
        end += 1
    codes = best[begin:end].tolist()
    groups = np.cumsum(~as_before[begin:end]).tolist()
    ordered = sorted(zip(groups, codes, strict=True), key=lambda line: (line[0], int(entries.place_by_id[line[1]])))
    return [code for _, code in ordered][low - begin : high - begin]


def top_tracks(history: History, question: Question) -> TopTracks:
    """The tracks of the passing plays."""
    entries = history.tracks
    plays = Selection(history, question)
    ranked = ranking(plays, entries)
    items = []
    for line in ranked.lines:
        entry = entries.entries[line.code]
        items.append(
            TopTrack(line.rank, entry.id, entry.name, entry.artist, entry.album, line.plays, line.ms, line.share)
        )
    return TopTracks(**plays.told, items=items, total=ranked.total)


def top_artists(history: History, question: Question) -> TopArtists:
    """The artists of the passing plays."""
    plays = Selection(history, question)
    ranked = ranking(plays, history.artists)
    uncredited = len(plays.positions) - ranked.plays
    items = _plain(ranked, history.artists)
    return TopArtists(**plays.told, items=items, total=ranked.total, uncredited=uncredited)


def top_albums(history: History, question: Question) -> TopAlbums:
    """The albums of the passing plays."""
    entries = history.albums
    plays = Selection(history, question)
    ranked = ranking(plays, entries)
    items = []
    for line in ranked.lines:
        entry = entries.entries[line.code]
        items.append(TopAlbum(line.rank, entry.id, entry.name, entry.artist, line.plays, line.ms, line.share))
    return TopAlbums(**plays.told, items=items, total=ranked.total)


def top_shows(history: History, question: Question) -> TopShows:
    """The shows of the passing plays."""
    plays = Selection(history, question)
    ranked = ranking(plays, history.shows)
    return TopShows(**plays.told, items=_plain(ranked, history.shows), total=ranked.total)


def _plain(ranked: Ranking, entries: Entries) -> list[TopEntry]:
    named = [(line, entries.entries[line.code]) for line in ranked.lines]
    return [TopEntry(line.rank, entry.id, entry.name, line.plays, line.ms, line.share) for line, entry in named]


_PARAMETERS = (*COMMON, BY, LIMIT, OFFSET)
_ORDER = " Ranked by the measure, then the other one, then the earlier first play, then the id."

TRACKS = Statistic(
    name="top/tracks",
    summary="The most played tracks",
    description="A track is its URI; plays with names only take the URI the listener's other plays or library give "
    "for the same names." + _ORDER,
    parameters=_PARAMETERS,
    answer=TopTracks,
    function=top_tracks,
    entries="track",
    listed="items",
)
ARTISTS = Statistic(
    name="top/artists",
    summary="The most played artists",
    description="Artists by exact name. `uncredited` counts the plays by Various Artists or without an artist's name, "
    "which are in no entry." + _ORDER,
    parameters=_PARAMETERS,
    answer=TopArtists,
    function=top_artists,
    entries="track",
    listed="items",
)
ALBUMS = Statistic(
    name="top/albums",
    summary="The most played albums",
    description="Albums by name and album artist." + _ORDER,
    parameters=_PARAMETERS,
    answer=TopAlbums,
    function=top_albums,
    entries="track",
    listed="items",
)
SHOWS = Statistic(
    name="top/shows",
    summary="The most played shows",
    description="The shows of podcasts, by name; counts episodes unless told otherwise." + _ORDER,
    parameters=_PARAMETERS,
    answer=TopShows,
    function=top_shows,
    default_kinds=("episode",),
    entries="episode",
    listed="items",
)
