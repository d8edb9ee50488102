"""A listener's aggregates out of their history, in their own zone and rule: the same numbers the questions get."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, Literal, cast

import numpy as np

from stats_core.documents.derived import DailyTotal, ListenerTotals, MonthlyTop, TopEntry
from stats_core.history.columns import Codes, Ints
from stats_core.history.entries import Entries
from stats_core.history.months import month_end
from stats_core.history.reader import Heard
from stats_core.insights import answered, summary
from stats_core.insights.periods import Clock
from stats_core.insights.question import question_of
from stats_core.insights.selection import Selection
from stats_core.insights.summary import Summary
from stats_core.insights.timeline import Timeline
from stats_core.insights.top import Top
from stats_core.insights.zones import DAY

MOST_PLAYED: Final = 100
_NEVER: Final = 0
"""What time it is: nothing that is counted here hangs on it."""
TOPS: Final[tuple[Literal["tracks", "artists", "albums"], ...]] = ("tracks", "artists", "albums")


def daily_totals_of(heard: Heard) -> Iterator[DailyTotal]:
    """Every local date with a passing play: what a summary of that date says, for all dates in one pass."""
    listener, history = heard
    plays = Selection(history, question_of(summary.STATISTIC, heard, {}, {}, Clock(_NEVER)))
    if not len(plays.positions):
        return
    days, day_of_play = np.unique(plays.local // DAY, return_inverse=True)
    counts = np.bincount(day_of_play)
    listened = np.bincount(day_of_play, weights=plays.ms).astype(np.int64)
    tracks, artists = (
        _different(day_of_play, plays.item, entries, len(days)) for entries in (history.tracks, history.artists)
    )
    dates = np.datetime_as_string(days.astype("datetime64[D]")).tolist()
    columns = (dates, counts.tolist(), listened.tolist(), tracks.tolist(), artists.tolist())
    for date, count, ms, of_tracks, of_artists in zip(*columns, strict=True):
        yield DailyTotal(
            id=f"{listener.id}|{date}",
            user=listener.id,
            month=date[:7],
            date=date,
            plays=count,
            ms=ms,
            tracks=of_tracks,
            artists=of_artists,
        )


def monthly_tops_of(heard: Heard) -> Iterator[MonthlyTop]:
    """The most played of every local month in which anything passes."""
    listener, _ = heard
    months = cast("Timeline", answered("timeline", heard, {"bucket": "month"}, now=_NEVER).answer)
    for point in months.points:
        if not point.plays:
            continue
        month = point.start[:7]
        given = {"start": f"{month}-01", "end": f"{month_end(month):%Y-%m-%d}", "limit": str(MOST_PLAYED)}
        for of in TOPS:
            top = cast("Top", answered(f"top/{of}", heard, given, now=_NEVER).answer)
            if not top.total:
                continue
            entries = [
                TopEntry(
                    rank=line.rank,
                    id=line.id,
                    name=line.name,
                    artist=line.artist,
                    plays=line.plays,
                    ms=line.ms,
                )
                for line in top.items
            ]
            identity = f"{listener.id}|{month}|{of}"
            yield MonthlyTop(id=identity, user=listener.id, month=month, of=of, total=top.total, entries=entries)


def listener_totals_of(heard: Heard) -> ListenerTotals:
    """The summary of everything."""
    listener, _ = heard
    whole = cast("Summary", answered("summary", heard, {}, now=_NEVER).answer)
    return ListenerTotals(
        id=listener.id,
        user=listener.id,
        revision=listener.revision,
        plays=whole.plays,
        ms=whole.ms,
        tracks=whole.tracks,
        artists=whole.artists,
        albums=whole.albums,
        active_days=whole.active_days,
        first_play=_instant(whole.first_play),
        last_play=_instant(whole.last_play),
    )


def _different(day: Ints, item: Codes, entries: Entries, days: int) -> Ints:
    """How many different entries each day has."""
    plays, entry = entries.of_plays(item)
    size = max(len(entries), 1)
    pairs = np.unique(day[plays] * size + entry)
    return np.bincount(pairs // size, minlength=days)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
