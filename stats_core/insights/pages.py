"""Pages: one track, artist or album of a listener's."""

from collections.abc import Iterable
from typing import Final, TypedDict

import numpy as np

from stats_core.history.columns import History
from stats_core.history.entries import Entries
from stats_core.insights.named import Named, naming
from stats_core.insights.parameters import BY, COMMON, ID
from stats_core.insights.profile import BUCKET, AskedEntry, Played, Profile, asked_entry, played, profile
from stats_core.insights.question import Question, Statistic

MOST_LISTED: Final = 50
"""Tracks of an artist, an album or a recording."""


class TrackPage(Profile, kw_only=True):
    """A track."""

    provisional: bool
    """The artists are told by exports alone, which name the album artist only."""
    artists: list[Named]
    """Whom it credits, the primary artist first; where exports gave several names, those of its latest play first."""
    albums: list[Named]
    """What it was played from, the latest first."""
    recording: list[Played]
    """Other tracks of the same recording, the most played first, played in the period or not; at most 50."""


class ArtistPage(Profile, kw_only=True):
    """An artist."""

    provisional: bool
    """Some plays are theirs by the export's word alone, which names the album artist only."""
    ambiguous: bool
    """The catalogue knows several of that name, so this one stays apart from them."""
    tracks: list[Played]
    """Their most played tracks of the period; at most 50."""
    different_tracks: int
    """How many there are in all."""


class AlbumPage(Profile, kw_only=True):
    """An album."""

    tracks: list[Played]
    """Its most played tracks of the period; at most 50."""
    different_tracks: int
    """How many there are in all."""


def track_page(history: History, question: Question) -> TrackPage:
    """The page of a track. Raises UnknownEntry."""
    asked = asked_entry(history, question, history.tracks, "track")
    items = _latest_first(history, asked.code)
    return profile(
        TrackPage,
        asked,
        provisional=history.catalogue.credits(history.tracks.entries[asked.code].id) is None,
        artists=_of_items(history, history.artists, items),
        albums=_of_items(history, history.albums, items),
        recording=_same_recording(asked),
    )


def artist_page(history: History, question: Question) -> ArtistPage:
    """The page of an artist. Raises UnknownEntry."""
    asked = asked_entry(history, question, history.artists, "artist")
    provisional, ambiguous = history.artists.provisional[asked.code], history.artists.ambiguous[asked.code]
    return profile(ArtistPage, asked, provisional=bool(provisional), ambiguous=bool(ambiguous), **_tracks(asked))


def album_page(history: History, question: Question) -> AlbumPage:
    """The page of an album. Raises UnknownEntry."""
    asked = asked_entry(history, question, history.albums, "album")
    return profile(AlbumPage, asked, **_tracks(asked))


class _Tracks(TypedDict):
    tracks: list[Played]
    different_tracks: int


def _tracks(asked: AskedEntry) -> _Tracks:
    """The tracks among the plays of an entry."""
    ranks = asked.ranks.within(asked.code, asked.selected.history.tracks)
    best = ranks.standing.best(0, MOST_LISTED)
    return _Tracks(tracks=played(ranks, best.tolist()), different_tracks=len(ranks.standing.played))


def _same_recording(asked: AskedEntry) -> list[Played]:
    """The other tracks of a track's recording, played in the period or not."""
    recordings, tracks = asked.selected.history.recordings, asked.ranks.entries
    recording = int(recordings.of_item[tracks.shown[asked.code]])
    same = np.unique(tracks.of_item[recordings.items_of(recording)])
    return played(asked.ranks, asked.ranks.best(same[same != asked.code], MOST_LISTED))


def _latest_first(history: History, title: int) -> list[int]:
    """The items of a title, the one played last first."""
    begin, end = history.by_title.begin[title : title + 2].tolist()
    return list(dict.fromkeys(history.item[history.by_title.play[begin:end]][::-1].tolist()))


def _of_items(history: History, entries: Entries, items: Iterable[int]) -> list[Named]:
    """What these items belong to, in their order."""
    codes = dict.fromkeys(code for item in items for code in entries.entry[entries.item == item].tolist())
    return [Named(**naming(entries.entries[code], history.catalogue)) for code in codes]


_PARAMETERS: Final = (*COMMON, BY, BUCKET)
_TELLS: Final = (
    "Plays and milliseconds listened, first and last play, its rank in the period and the five ranked above and below "
    "it, its rank in each week, month or year, its best months, and its clock, weekday by hour. Ranked as in {top}: by "
    "the measure, then the other one, then the earlier first play, then the id. In a bucket without it, its rank is "
    "null. At most 10,000 buckets."
)

TRACK = Statistic(
    name="tracks/{id}",
    summary="One track",
    description=_TELLS.format(top="top/tracks") + " Besides, whom it credits, the albums it was played from, and the "
    "other tracks of its recording.",
    parameters=_PARAMETERS,
    path_parameters=(ID,),
    answer=TrackPage,
    function=track_page,
    entries="track",
    listed="ranks",
)
ARTIST = Statistic(
    name="artists/{id}",
    summary="One artist",
    description=_TELLS.format(top="top/artists") + " Besides, the artist's most played tracks.",
    parameters=_PARAMETERS,
    path_parameters=(ID,),
    answer=ArtistPage,
    function=artist_page,
    entries="track",
    listed="ranks",
)
ALBUM = Statistic(
    name="albums/{id}",
    summary="One album",
    description=_TELLS.format(top="top/albums") + " Besides, the album's most played tracks.",
    parameters=_PARAMETERS,
    path_parameters=(ID,),
    answer=AlbumPage,
    function=album_page,
    entries="track",
    listed="ranks",
)
