"""The made-up listener's history: what was heard, when and how, whatever file it will be written to.

Everything is a column with one value a row, in order of end. All instants are UTC.
"""

from dataclasses import dataclass, fields
from datetime import date

import numpy as np

from stats_core.errors import InvalidParameter
from stats_core.sample import days, names
from stats_core.sample.catalogue import (
    Chapters,
    Episodes,
    Tracks,
    made_up_chapters,
    made_up_episodes,
    made_up_tracks,
)
from stats_core.sample.dice import Bits, Bools, Dice, Ints

TRACK, EPISODE, CHAPTER, UNKNOWN = range(4)
"""Kinds of a row; an unknown one has no names and no URI."""

REASONS_START = (
    *("trackdone", "fwdbtn", "backbtn", "clickrow", "playbtn", "appload", "remote", "trackerror"),
    *("endplay", "switched-to-video", "clickside", "popup", "uriopen", "", None),
)
REASONS_END = (
    *("trackdone", "fwdbtn", "backbtn", "endplay", "logout", "remote", "unexpected-exit"),
    *("unexpected-exit-while-paused", "trackerror", "unknown", ""),
)
DEVICES = ("phone", "laptop", "web", "speaker", "television", "console", "workstation", "unknown")
COUNTRIES = ("NL", "FR", "SE", "JP", "PT", "ZZ")

_DONE, _FORWARD, _BACK, _ERROR = 0, 1, 2, 8
_END_WEIGHTS = {
    # As REASONS_END, without fwdbtn, which depends on how well liked the track is.
    TRACK: (850, 0, 20, 75, 15, 15, 8, 8, 4, 3, 2),
    EPISODE: (330, 0, 10, 400, 50, 50, 10, 140, 2, 5, 3),
}
_START_AFTER_END = (0, 1, 2, 3, 4, 6, 5, 5, 7, 3, 3)
"""The reason a row starts with after the row before ended so; positions as in REASONS_END."""
_FIRST_STARTS = (0, 0, 0, 45, 30, 15, 8, 0, 0, 0, 0, 0, 0, 1, 1)
_FIRST_STARTS_OF_OLD = (0, 0, 0, 30, 25, 0, 5, 0, 0, 0, 20, 10, 5, 5, 0)
_AUDIOBOOKS_SINCE = date(2023, 11, 1)
_LAST_OLD_START = date(2015, 12, 31)
_ERA_DAYS = 183
"""How long the listener keeps to the same favourites."""
_DEVICE_WEIGHTS = (58, 16, 8, 7, 3, 3, 4, 1)
_COUNTRY_WEIGHTS = (900, 30, 20, 15, 15, 20)


@dataclass(frozen=True, eq=False)
class History:
    """One row a stream. `item` is a position in the catalogue of the row's kind, -1 where it has none."""

    tracks: Tracks
    episodes: Episodes
    chapters: Chapters
    end: Ints
    """Seconds since 1970: Spotify's `ts`."""
    clock: Ints
    """The player's clock at the start, ms since 1970."""
    ms: Ints
    kind: Ints
    item: Ints
    video: Bools
    device: Ints
    country: Ints
    reason_start: Ints
    reason_end: Ints
    shuffle: Bools
    offline: Bools
    private: Bools
    bits: Bits
    """64 bits of chance of this row's own, for what only some generations tell."""
    repeats: Bools
    """The row is the one before it once more, as some devices report it."""

    def __len__(self) -> int:
        return len(self.end)

    def of_kind(self, kind: int, at: Ints) -> Ints:
        """`item` of the rows at these positions, -1 where the row is of another kind."""
        return np.where(self.kind[at] == kind, self.item[at], -1)


def made_up_history(plays: int, years: int, seed: int, until: date) -> History:
    """`plays` rows over the `years` that end with the day `until`; InvalidParameter if they don't fit."""
    first_day = days.first_day(years, until)
    last_day = days.number_of(until)
    if not 1 <= plays <= days.MOST_A_DAY * (last_day - first_day + 1):
        most = days.MOST_A_DAY * (last_day - first_day + 1)
        raise InvalidParameter("plays", str(plays), f"1 to {most} for {years} years, {days.MOST_A_DAY} a day")

    sittings = days.made_up_sittings(plays, seed, first_day, last_day)
    of = sittings.of_row
    dice = Dice(seed, "rows")
    kind, video = _kinds(dice, sittings.day, plays)
    tracks = made_up_tracks(max(80, plays // 15), Dice(seed, "tracks"))
    rank, item = _tracks_played(Dice(seed, "favourites"), len(tracks), sittings.day, plays)
    episodes, item = _episodes_played(Dice(seed, "podcasts"), kind, item)
    chapters = made_up_chapters(int((kind == CHAPTER).sum()))
    item[kind == CHAPTER] = np.arange((kind == CHAPTER).sum())
    item[kind == UNKNOWN] = -1

    length = np.where(kind == TRACK, tracks.ms[np.maximum(item, 0) % len(tracks)], 0)
    length = np.where(kind == TRACK, length, dice.between(600_000, 2_400_000, plays))
    reason_end = _reasons_end(dice, kind, rank, plays)
    ms = _listened(dice, length, reason_end, video)
    end_ms, clock = days.placed(sittings, ms, Dice(seed, "pauses"), first_day, last_day)

    count = len(sittings.start)
    dice = Dice(seed, "sittings")
    columns = {
        "device": dice.pick(_DEVICE_WEIGHTS, count)[of],
        "shuffle": dice.chance(400, count)[of],
        "private": dice.chance(10, count)[of],
        "offline": (sittings.flushed | dice.chance(30, count))[of],
        "country": np.where(
            dice.chance(15, plays), COUNTRIES.index("ZZ"), dice.pick(_COUNTRY_WEIGHTS, last_day + 1)[sittings.day // 5]
        ),
        "reason_start": _reasons_start(dice, reason_end, of, sittings.day, video),
    }
    rows = History(
        tracks=tracks,
        episodes=episodes,
        chapters=chapters,
        end=end_ms // 1000,
        clock=clock,
        ms=ms,
        kind=kind,
        item=item,
        video=video,
        reason_end=reason_end,
        bits=dice.bits(plays),
        repeats=np.zeros(plays, np.bool_),
        **columns,
    )
    _repeat_some(rows, of)
    return rows


def _kinds(dice: Dice, day: Ints, plays: int) -> tuple[Ints, Bools]:
    lot = dice.below(1000, plays)
    kind = np.select([lot < 3, lot < 18, lot < 24], [UNKNOWN, EPISODE, CHAPTER], TRACK).astype(np.int64)
    kind[(kind == CHAPTER) & (day < days.number_of(_AUDIOBOOKS_SINCE))] = TRACK
    video = np.where(kind == EPISODE, dice.chance(150, plays), dice.chance(15, plays))
    video &= (kind == TRACK) | (kind == EPISODE)
    # The shortest history has something to show too.
    kind[0], video[0] = TRACK, False
    return kind, video


def _tracks_played(dice: Dice, count: int, day: Ints, plays: int) -> tuple[Ints, Ints]:
    """Rank and position of the track each row plays: half are the era's favourites, half the lifelong ones."""
    ranks = np.arange(count, dtype=np.int64)
    # Zipf's law, falling off faster towards the end of the catalogue.
    rank = dice.pick(10_000_000 * count // ((ranks + 3) * (4 * ranks + count)), plays)
    of_era = dice.chance(550, plays)
    era = (day - day[0]) // _ERA_DAYS
    item = dice.order(count)[rank]
    for number in range(int(era[-1]) + 1):
        favourites = dice.order(count)
        now = of_era & (era == number)
        item[now] = favourites[rank[now]]
    # A record is often left to play on: the row after takes the next track.
    plays_on = dice.chance(150, plays)
    plays_on[0] = False
    at = np.arange(plays, dtype=np.int64)
    chosen = np.maximum.accumulate(np.where(plays_on, 0, at))
    return rank[chosen], (item[chosen] + at - chosen) % count


def _episodes_played(dice: Dice, kind: Ints, item: Ints) -> tuple[Episodes, Ints]:
    """Shows are followed from their first episode on, each heard in two goes."""
    rows = np.flatnonzero(kind == EPISODE)
    show = dice.pick([40, 25, 12, 8, 6, 4, 3, 2][: names.SHOWS], len(rows))
    number = np.zeros(len(rows), np.int64)
    for which in range(names.SHOWS):
        heard = show == which
        number[heard] = np.arange(heard.sum()) // 2
    keys, position = np.unique(show * 1_000_000 + number, return_inverse=True)
    item = item.copy()
    item[rows] = position
    return made_up_episodes((keys // 1_000_000).tolist(), (keys % 1_000_000).tolist()), item


def _reasons_end(dice: Dice, kind: Ints, rank: Ints, plays: int) -> Ints:
    tracks, others = (dice.pick(_END_WEIGHTS[of], plays) for of in (TRACK, EPISODE))
    reason = np.where((kind == TRACK) | (kind == UNKNOWN), tracks, others)
    # What is no favourite is skipped the more.
    skipped = dice.chance(120 + np.minimum(rank, 180), plays) & (kind == TRACK)
    return np.where(skipped, _FORWARD, reason)


def _listened(dice: Dice, length: Ints, reason_end: Ints, video: Bools) -> Ints:
    """Milliseconds: all of it, a taste before skipping, nothing, or some part."""
    count = len(length)
    part = (length * dice.below(1000, count)) // 1000
    taste = np.where(dice.chance(120, count), dice.below(900, count), dice.between(900, 30_000, count))
    skip = np.where(dice.chance(300, count), part, taste)
    ms = np.select([reason_end == _DONE, reason_end == _FORWARD, reason_end == _ERROR], [length, skip, 0], part)
    snippet = np.where(dice.chance(300, count), 0, dice.below(30_000, count))
    ms = np.where(video & dice.chance(700, count), snippet, ms)
    return np.where(dice.chance(6, count), 0, ms)


def _reasons_start(dice: Dice, reason_end: Ints, sitting: Ints, day: Ints, video: Bools) -> Ints:
    count = len(reason_end)
    old = day <= days.number_of(_LAST_OLD_START)
    fresh = np.where(old, dice.pick(_FIRST_STARTS_OF_OLD, count), dice.pick(_FIRST_STARTS, count))
    before = np.concatenate([reason_end[:1], reason_end[:-1]])
    first = np.concatenate([[True], sitting[1:] != sitting[:-1]])
    reason = np.where(first, fresh, np.array(_START_AFTER_END, np.int64)[before])
    return np.where(video & dice.chance(300, count), REASONS_START.index("switched-to-video"), reason)


def _repeat_some(rows: History, sitting: Ints) -> None:
    """One row in 1,000, at most six, becomes the row before it in every column."""
    plain = (rows.kind == TRACK) & ~rows.video
    able = 1 + np.flatnonzero(plain[1:] & plain[:-1] & (sitting[1:] == sitting[:-1]))
    wanted = min(6, len(rows) // 1000, len(able))
    at = able[(2 * np.arange(wanted) + 1) * len(able) // (2 * max(wanted, 1))]
    for field in fields(rows):
        column = getattr(rows, field.name)
        if isinstance(column, np.ndarray):
            column[at] = column[at - 1]
    rows.repeats[at] = True
