"""One-hit wonders: artists of whom one recording alone was played, and that one often."""

from typing import Final

import numpy as np

from stats_core.history.columns import History, Ints
from stats_core.history.entries import NONE
from stats_core.insights.named import Named, naming
from stats_core.insights.order import first_of
from stats_core.insights.parameters import COMMON, LIMIT, OFFSET
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import Selection, selection_of

FEWEST_PLAYS: Final = 10
_SEVERAL: Final = -2
"""More recordings than one."""


class OneHitWonder(Named, kw_only=True):
    """An artist, and their one recording."""

    recording: Named
    plays: int
    """In the period, as `ms`; plays of the recording under another first artist are not theirs."""
    ms: int
    first_play: str
    """In the period."""


class OneHitWonders(Answer, kw_only=True):
    """A page of one-hit wonders, the most played first."""

    items: list[OneHitWonder]
    total: int


def one_hit_wonders(history: History, question: Question) -> OneHitWonders:
    """The primary artists with exactly one recording among the passing plays, and FEWEST_PLAYS of it."""
    selected = selection_of(history, question)
    artists, recordings = history.primary_artists, history.recordings
    totals = selected.totals.grouped(artists)
    only = _only_recordings(selected)
    found = np.flatnonzero((totals.plays >= FEWEST_PLAYS) & (only != _SEVERAL))
    plays, ms, first = totals.plays[found], totals.ms[found], selected.start[totals.first[found]]
    page = first_of((-plays, -ms, first, artists.place_by_id[found]), question[OFFSET], question[LIMIT])
    columns = (found, only[found], plays, ms)
    items = [
        OneHitWonder(
            **naming(artists.entries[artist], history.catalogue),
            recording=Named(**naming(recordings.entries[recording], history.catalogue)),
            plays=count,
            ms=heard,
            first_play=first_play,
        )
        for first_play, artist, recording, count, heard in zip(
            question.zone.all_written(first[page]), *(column[page].tolist() for column in columns), strict=True
        )
    ]
    return OneHitWonders(**selected.told, items=items, total=len(found))


def _only_recordings(selected: Selection) -> Ints:
    """Of each primary artist the one recording played, or _SEVERAL; NONE without any."""
    history = selected.history
    played = np.flatnonzero((selected.totals.plays > 0) & (history.primary_artists.of_item != NONE))
    artist, recording = history.primary_artists.of_item[played], history.recordings.of_item[played]
    only = np.full(len(history.primary_artists), NONE, np.int64)
    only[artist] = recording  # of several the last stays
    only[artist[only[artist] != recording]] = _SEVERAL
    return only


STATISTIC = Statistic(
    name="one-hit-wonders",
    summary="Artists of whom one recording alone was played",
    description="The artists with exactly one recording among the period's passing plays, and "
    f"{FEWEST_PLAYS} plays of it or more; the most played first. Only a track's first artist counts, so a guest is no "
    "wonder; the same recording on a single and on an album is one.",
    parameters=(*COMMON, LIMIT, OFFSET),
    answer=OneHitWonders,
    function=one_hit_wonders,
    entries="track",
    listed="items",
)
