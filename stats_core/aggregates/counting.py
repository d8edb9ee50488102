"""A listener's aggregates out of their history, in their own zone and rule: the same numbers the questions get."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, Literal, cast

import numpy as np

from stats_core.documents import DailyTotal, Listener, ListenerTotals, MonthlyTop, TopEntry
from stats_core.history.columns import History, Ints
from stats_core.history.months import month_end
from stats_core.history.names import Entries
from stats_core.insights import answer_of, summary
from stats_core.insights.question import question_of
from stats_core.insights.selection import Selection
from stats_core.insights.summary import Summary
from stats_core.insights.timeline import Timeline
from stats_core.insights.top import TopAlbums, TopArtists, TopTracks
from stats_core.insights.zones import DAY

MOST_PLAYED: Final = 100
TOPS: Final[tuple[Literal["tracks", "artists", "albums"], ...]] = ("tracks", "artists", "albums")


def daily_totals_of(listener: Listener, history: History) -> Iterator[DailyTotal]:
    """Every local date with a passing play: what a summary of that date says, for all dates in one pass."""
    plays = Selection(history, question_of(summary.STATISTIC, history, listener, {}))
    if not len(plays.positions):
        return
    days, day_of_play = np.unique(plays.local // DAY, return_inverse=True)
    counts = np.bincount(day_of_play)
    heard = np.bincount(day_of_play, weights=plays.ms).astype(np.int64)
    tracks, artists = (
        _different(day_of_play, entries.of_item[plays.item], entries, len(days))
        for entries in (history.tracks, history.artists)
    )
    dates = np.datetime_as_string(days.astype("datetime64[D]")).tolist()
    columns = (dates, counts.tolist(), heard.tolist(), tracks.tolist(), artists.tolist())
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


def monthly_tops_of(listener: Listener, history: History) -> Iterator[MonthlyTop]:
    """The most played of every local month in which anything passes."""
    months = cast("Timeline", answer_of("timeline", history, listener, {"bucket": "month"}))
    for point in months.points:
        if not point.plays:
            continue
        month = point.start[:7]
        given = {"start": f"{month}-01", "end": f"{month_end(month):%Y-%m-%d}", "limit": str(MOST_PLAYED)}
        for of in TOPS:
            top = cast("TopTracks | TopArtists | TopAlbums", answer_of(f"top/{of}", history, listener, given))
            if not top.total:
                continue
            entries = [
                TopEntry(
                    rank=line.rank,
                    id=line.id,
                    name=line.name,
                    artist=getattr(line, "artist", None),
                    plays=line.plays,
                    ms=line.ms,
                )
                for line in top.items
            ]
            identity = f"{listener.id}|{month}|{of}"
            yield MonthlyTop(id=identity, user=listener.id, month=month, of=of, total=top.total, entries=entries)


def listener_totals_of(listener: Listener, history: History) -> ListenerTotals:
    """The summary of everything."""
    whole = cast("Summary", answer_of("summary", history, listener, {}))
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


def _different(day: Ints, code: "np.ndarray[tuple[int], np.dtype[np.int32]]", entries: Entries, days: int) -> Ints:
    """How many different entries each day has."""
    in_one = code >= 0
    size = max(len(entries.entries), 1)
    pairs = np.unique(day[in_one] * size + code[in_one])
    return np.bincount(pairs // size, minlength=days)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
