"""Time zones as arrays: exact offsets of many instants at once, and where local dates and hours begin.

Instants are ms since 1970 UTC; local times are those ms plus the offset, so that a local date is `local // DAY`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

SECOND: Final = 1_000
HOUR: Final = 3_600 * SECOND
DAY: Final = 24 * HOUR
_YEAR: Final = 31_556_952 * SECOND
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FAR: Final = 2**62
_SAMPLE: Final = 3 * 86_400
"""Seconds between samples: less than between any two changes of one zone (the least, Africa/Freetown, is 3.99 days)."""
FIRST_YEAR: Final = 1800
"""No zone's offset changes before; the one of its first day holds for all time before."""
LAST_YEAR: Final = 2200
_UTC_NAMES: Final = frozenset({"UTC", "UCT", "Zulu", "Universal", "Etc/UTC", "Etc/UCT", "Etc/Zulu", "Etc/Universal"})


@dataclass(frozen=True, eq=False)
class Offsets:
    """A zone's offsets over some years: `offset[i]` ms holds from `at[i - 1]` until `at[i]`."""

    at: Ints
    """Instants at which the offset changes, ascending, shape (n,)."""
    offset: Ints
    """Shape (n + 1,)."""

    def of(self, instants: Ints) -> Ints:
        """The offset of each instant; ascending or not."""
        offsets: Ints = self.offset[np.searchsorted(self.at, instants, side="right")]
        return offsets

    def local(self, ascending: Ints) -> Ints:
        """The local time of instants in ascending order: a few searches instead of one for each."""
        if not len(self.at):
            return ascending + int(self.offset[0])
        cuts = np.concatenate(([0], np.searchsorted(ascending, self.at), [len(ascending)]))
        return ascending + np.repeat(self.offset, np.diff(cuts))

    def first_instants(self, local: Ints) -> Ints:
        """The first instant whose local time is this or later: 00:00 of a date, or the end of the gap it fell in."""
        segment = np.searchsorted(self._latest_local_end, local, side="right")
        first: Ints = np.maximum(self._begin[segment], local - self.offset[segment])
        return first

    def last_ends(self, local: Ints) -> Ints:
        """The instant from which on local time is never before this again; after `first_instants` where clocks fall
        back across it, as they did at 00:01 in America/St_Johns."""
        segment = np.searchsorted(self._earliest_local_begin, local, side="left") - 1
        ends: Ints = np.minimum(self._end[segment], local - self.offset[segment])
        return ends

    def local_span(self, start: int, end: int) -> tuple[int, int]:
        """The smallest and the largest local time of the instants in [start, end), which holds one at least."""
        inside = self.at[(self.at > start) & (self.at < end)]
        begins, lasts = np.append(inside, start), np.append(inside, end) - 1
        return int((begins + self.of(begins)).min()), int((lasts + self.of(lasts)).max())

    @cached_property
    def skipped_dates(self) -> Ints:
        """Local dates that never were, in days since 1970: the clocks went over the whole of them."""
        before, after = self.at + self.offset[:-1], self.at + self.offset[1:]
        first, following = -(-before // DAY), after // DAY
        gaps = np.flatnonzero(first < following)
        return np.concatenate([np.arange(first[gap], following[gap]) for gap in gaps] or [np.empty(0, np.int64)])

    @cached_property
    def _begin(self) -> Ints:
        return np.concatenate(([-_FAR], self.at))

    @cached_property
    def _end(self) -> Ints:
        return np.concatenate((self.at, [_FAR]))

    @cached_property
    def _latest_local_end(self) -> Ints:
        return np.maximum.accumulate(self._end + self.offset)

    @cached_property
    def _earliest_local_begin(self) -> Ints:
        return np.minimum.accumulate((self._begin + self.offset)[::-1])[::-1]


@dataclass(frozen=True)
class Zone:
    """An IANA time zone."""

    name: str

    @property
    def is_utc(self) -> bool:
        """UTC itself, written `Z`; not a zone that only happens to be on it."""
        return self.name in _UTC_NAMES

    def offsets(self, first: int, last: int) -> Offsets:
        """The offsets for the instants from first to last, and for two years around them."""
        years = (_clipped(1970 + first // _YEAR - 2), _clipped(1970 + last // _YEAR + 2))
        return _offsets(self.name, *years)

    def first_instant(self, local: int) -> int:
        """The first instant whose local time is this or later."""
        return int(self.offsets(local, local).first_instants(np.array([local]))[0])

    def all_local(self, instants: Ints) -> Ints:
        """The local time of each instant, ms; in any order."""
        if not len(instants):
            return instants
        return instants + self.offsets(int(instants.min()), int(instants.max())).of(instants)

    def written(self, instant: int) -> str:
        """RFC 3339 with the zone's offset, ms only where there are any."""
        return self.all_written(np.array([instant]))[0]

    def all_written(self, instants: Ints) -> list[str]:
        """Each instant in RFC 3339; in UTC where the offset has seconds (before 1972), which RFC 3339 can't say."""
        if not len(instants):
            return []
        offsets = self.offsets(int(instants.min()), int(instants.max())).of(instants)
        sayable = offsets % (60 * SECOND) == 0
        local = instants + np.where(sayable, offsets, 0)
        whole = not (local % SECOND).any()
        texts = np.datetime_as_string(local.astype("datetime64[ms]"), unit="s" if whole else "ms").tolist()
        if not whole:
            texts = [text.removesuffix(".000") for text in texts]
        if self.is_utc:
            return [text + "Z" for text in texts]
        suffix = {offset: _suffix(offset) for offset in set(offsets.tolist())}
        return [text + suffix[offset] for text, offset in zip(texts, offsets.tolist(), strict=True)]


def _suffix(offset: int) -> str:
    hours, minutes = divmod(abs(offset) // (60 * SECOND), 60)
    if offset % (60 * SECOND):
        return "Z"
    return f"{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}"


def _clipped(year: int) -> int:
    return min(max(year, FIRST_YEAR), LAST_YEAR)


@lru_cache(maxsize=1_000)
def _offsets(name: str, first_year: int, last_year: int) -> Offsets:
    changes = [change for year in range(first_year, last_year + 1) for change in _changes(name, year)]
    before = _offset_at(ZoneInfo(name), _new_year(first_year))
    return Offsets(
        np.array([at for at, _ in changes], np.int64) * SECOND,
        np.array([before, *(offset for _, offset in changes)], np.int64) * SECOND,
    )


@lru_cache(maxsize=50_000)
def _changes(name: str, year: int) -> tuple[tuple[int, int], ...]:
    """(second from which on, offset in s) for every change of the offset in a UTC year: sampled, then bisected."""
    zone = ZoneInfo(name)
    begin, end = _new_year(year), _new_year(year + 1)
    samples = [*range(begin, end, _SAMPLE), end]
    offsets = [_offset_at(zone, second) for second in samples]
    changes = []
    for low, high, before, after in zip(samples, samples[1:], offsets, offsets[1:], strict=False):
        if before != after:
            changes.append((_change_between(zone, low, high), after))
    return tuple(changes)


def _change_between(zone: ZoneInfo, low: int, high: int) -> int:
    """The first second with another offset than `low` has, `high` having another."""
    before = _offset_at(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset_at(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _new_year(year: int) -> int:
    return (datetime(year, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)


def _offset_at(zone: ZoneInfo, second: int) -> int:
    offset = (_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // timedelta(seconds=1)
