"""Summary: how much was heard in a period, and how much of it was different."""

import numpy as np

from stats_core.history.columns import Flags, History
from stats_core.history.entries import Entries
from stats_core.insights.parameters import COMMON
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import selection_of
from stats_core.insights.zones import DAY


class Summary(Answer, kw_only=True):
    """Totals of the passing plays of a period."""

    plays: int
    ms: int
    """Milliseconds listened."""
    tracks: int
    """Different tracks; as `artists` and `albums`, the `total` of the top of the same name."""
    artists: int
    albums: int
    active_days: int
    """Local dates on which a play started."""
    first_play: str | None
    """Start of the first play."""
    last_play: str | None
    """Start of the last play."""


def summary(history: History, question: Question) -> Summary:
    """The totals of the passing plays."""
    plays = selection_of(history, question)
    count = len(plays.positions)
    played = np.bincount(plays.item, minlength=len(history.items)) > 0
    days = plays.local // DAY
    zone = question.zone
    return Summary(
        **plays.told,
        plays=count,
        ms=int(plays.ms.sum()),
        tracks=_different(history.tracks, played),
        artists=_different(history.artists, played),
        albums=_different(history.albums, played),
        active_days=int((np.bincount(days - days.min()) > 0).sum()) if count else 0,
        first_play=zone.written(int(plays.start[0])) if count else None,
        last_play=zone.written(int(plays.start[-1])) if count else None,
    )


def _different(entries: Entries, played: Flags) -> int:
    return int((np.bincount(entries.entry[played[entries.item]], minlength=1) > 0).sum())


STATISTIC = Statistic(
    name="summary",
    summary="Totals of a period",
    description="Plays, milliseconds listened, different tracks, artists and albums, days with a play, and the first "
    "and the last play of a period.",
    parameters=COMMON,
    answer=Summary,
    function=summary,
)
