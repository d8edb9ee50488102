"""Records: the day, the month and the hour most was played in, and what was most repeated in a day."""

from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from stats_core.history.columns import Codes, History, Ints
from stats_core.history.entries import NONE
from stats_core.insights.buckets import Bucket, buckets_of
from stats_core.insights.named import Named, naming
from stats_core.insights.order import Places, longest_runs
from stats_core.insights.parameters import COMMON
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import Selection, selection_of, sums
from stats_core.insights.zones import DAY, HOUR

_HOURS_OF_A_DAY: Final = DAY // HOUR


class Stretch(msgspec.Struct):
    """A day, month or hour that a record was set in."""

    start: str
    """Its first instant; of one that the period's edge cuts, still its own."""
    plays: int
    ms: int
    partial: bool
    """The period's edge cuts it."""


class Record(msgspec.Struct):
    """The stretch with the most, both ways; of equal ones the one with more of the other measure, then the earlier."""

    by_plays: Stretch
    by_ms: Stretch


class Repeated(Named, kw_only=True):
    """The item with the most plays in one day."""

    date: str
    plays: int
    ms: int


class Records(Answer, kw_only=True):
    """The records of a period; null where nothing was played."""

    day: Record | None
    month: Record | None
    hour: Record | None
    """A real hour: one that a change of the clocks cuts or repeats is two."""
    repeated: Repeated | None


@dataclass(frozen=True)
class _Heard:
    """What was played in each hour, day or month with a play; arrays of one length."""

    bucket: Bucket
    plays: Ints
    ms: Ints
    start: Ints
    """Start of one of its plays, ms since 1970."""

    def summed(self, bucket: Bucket, code: Codes | Ints) -> "_Heard":
        """The same in longer buckets, given the number of the one that each lies in."""
        code = code - code.min()
        plays, start = sums(code, self.plays, 0), np.zeros(int(code.max()) + 1, np.int64)
        start[code] = self.start
        heard = plays > 0
        return _Heard(bucket, plays[heard], sums(code, self.ms, 0)[heard], start[heard])


def records(history: History, question: Question) -> Records:
    """The records of the passing plays; each belongs wholly to the day, month and hour of its start."""
    selected = selection_of(history, question)
    if not len(selected.positions):
        return Records(**selected.told, day=None, month=None, hour=None, repeated=None)
    # Half as wide, the numbers are divided, compared and sorted in half the time.
    hour = (selected.local // HOUR).astype(np.int32)
    day = hour // _HOURS_OF_A_DAY
    first_day = int(day.min())
    day -= first_day
    begin = _hours(selected, hour)
    by_hour = _Heard(
        "hour", np.diff(begin, append=len(day)), np.add.reduceat(selected.ms, begin), selected.start[begin]
    )
    month = (day[begin] + first_day).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return Records(
        **selected.told,
        day=_record(question, by_hour.summed("day", day[begin])),
        month=_record(question, by_hour.summed("month", month)),
        hour=_record(question, by_hour),
        repeated=_repeated(selected, day, first_day),
    )


def _hours(selected: Selection, hour: Codes) -> Places:
    """The first play of every hour. Plays of one hour follow one another: another one begins where the local hour or
    the offset changes."""
    start = selected.start
    begins = np.ones(len(start), np.bool_)
    np.not_equal(hour[1:], hour[:-1], out=begins[1:])
    after_changes = np.searchsorted(start, selected.question.zone.offsets(int(start[0]), int(start[-1])).at)
    begins[after_changes[after_changes < len(start)]] = True
    return np.flatnonzero(begins)


def _record(question: Question, heard: _Heard) -> Record:
    return Record(
        _stretch(question, heard, _best(heard.plays, heard.ms)), _stretch(question, heard, _best(heard.ms, heard.plays))
    )


def _best(measure: Ints, other: Ints) -> int:
    best = np.flatnonzero(measure == measure.max())
    return int(best[np.argmax(other[best])])


def _stretch(question: Question, heard: _Heard, place: int) -> Stretch:
    at = int(heard.start[place])
    whole = buckets_of(question.zone, heard.bucket, at, at + 1)
    start, end = question.period.sides or (at, at + 1)
    first = int(whole.start[0])
    partial = first < start or int(whole.end[0]) > end
    return Stretch(question.zone.written(first), int(heard.plays[place]), int(heard.ms[place]), partial)


def _repeated(selected: Selection, day: Codes, first_day: int) -> Repeated | None:
    """`day` of each play is counted from the first one, which is in days since 1970."""
    titles = selected.history.titles
    named = selected.title != NONE
    if not named.any():
        return None
    narrow = (int(day.max()) + 1) * len(titles) <= np.iinfo(np.int32).max
    keys = (day if narrow else day.astype(np.int64)) * len(titles) + selected.title
    keys = np.sort(keys if named.all() else keys[named])
    most, begin = longest_runs(keys)
    days, title = np.divmod(keys[begin], len(titles))
    earliest = title[days == days[0]]
    chosen = int(earliest[np.argmin(titles.place_by_id[earliest])])
    heard = (day == days[0]) & (selected.title == chosen)
    return Repeated(
        **naming(titles.entries[chosen], selected.history.catalogue),
        date=str(np.datetime64(first_day + int(days[0]), "D")),
        plays=most,
        ms=int(selected.ms[heard].sum()),
    )


STATISTIC = Statistic(
    name="records",
    summary="The most played day, month and hour, and what was most repeated in a day",
    description="The local date, month and hour with the most passing plays, and with the most milliseconds listened; "
    "and the item with the most plays in one day (of several the earliest day, then the smallest id).",
    parameters=COMMON,
    answer=Records,
    function=records,
)
