"""Records: the day, the month and the hour most was played in, and what was most repeated in a day."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np
from msgspec.structs import asdict

from stats_core.history.columns import History, Ints
from stats_core.history.entries import NONE
from stats_core.insights.named import Named
from stats_core.insights.order import Places
from stats_core.insights.parameters import COMMON
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import Selection, sums
from stats_core.insights.zones import DAY, HOUR, Zone


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
    """What was played in stretches of one length; arrays of one length, in order of time."""

    plays: Ints
    ms: Ints

    def summed(self, code: Ints) -> "_Heard":
        """The same in longer stretches, numbered from 0, given the one that each lies in."""
        size = int(code.max()) + 1
        return _Heard(sums(code, self.plays, size), sums(code, self.ms, size))


def records(history: History, question: Question) -> Records:
    """The records of the passing plays; each belongs wholly to the day, month and hour of its start."""
    selected = Selection(history, question)
    if not len(selected.positions):
        return Records(**selected.told, day=None, month=None, hour=None, repeated=None)
    zone = question.zone
    begin, by_hour = _hours(selected)
    day = selected.local[begin] // DAY
    first_day = int(day.min())
    by_day = by_hour.summed(day - first_day)
    month = _months(np.arange(first_day, first_day + len(by_day.plays)))
    first_month = int(month[0])
    return Records(
        **selected.told,
        day=_record(selected, by_day, lambda place: _dates(zone, first_day + place, first_day + place + 1)),
        month=_record(
            selected,
            by_day.summed(month - first_month),
            lambda place: _dates(zone, *_first_days(first_month + place, first_month + place + 1)),
        ),
        hour=_record(selected, by_hour, lambda place: _real_hour(zone, int(selected.start[begin[place]]))),
        repeated=_repeated(selected, first_day),
    )


def _hours(selected: Selection) -> tuple[Places, _Heard]:
    """The real hours with a play, by their first one. Plays of one hour follow one another, and another one begins
    where the local hour or the offset changes."""
    start, hour = selected.start, selected.local // HOUR
    begins = np.ones(len(start), np.bool_)
    np.not_equal(hour[1:], hour[:-1], out=begins[1:])
    after_changes = np.searchsorted(start, selected.question.zone.offsets(int(start[0]), int(start[-1])).at)
    begins[after_changes[after_changes < len(start)]] = True
    begin = np.flatnonzero(begins)
    return begin, _Heard(np.diff(begin, append=len(start)), np.add.reduceat(selected.ms, begin))


def _record(selected: Selection, heard: _Heard, span: Callable[[int], tuple[int, int]]) -> Record:
    """The two best stretches; `span` says where each begins and ends, ms since 1970."""
    start, end = selected.question.period.sides or (0, 0)

    def stretch(place: int) -> Stretch:
        first, after = span(place)
        partial = first < start or after > end
        return Stretch(selected.question.zone.written(first), int(heard.plays[place]), int(heard.ms[place]), partial)

    return Record(stretch(_best(heard.plays, heard.ms)), stretch(_best(heard.ms, heard.plays)))


def _best(measure: Ints, other: Ints) -> int:
    best = np.flatnonzero(measure == measure.max())
    return int(best[np.argmax(other[best])])


def _dates(zone: Zone, day: int, following: int) -> tuple[int, int]:
    """The instants at which dates begin and end."""
    return zone.first_instant(day * DAY), zone.last_end(following * DAY)


def _real_hour(zone: Zone, instant: int) -> tuple[int, int]:
    """Beginning and end of the hour of an instant, as far as the clocks did not change in it."""
    offsets = zone.offsets(instant, instant)
    segment = int(np.searchsorted(offsets.at, instant, side="right"))
    offset = int(offsets.offset[segment])
    begin = (instant + offset) // HOUR * HOUR - offset
    sides = [begin, begin + HOUR]
    if segment:
        sides[0] = max(begin, int(offsets.at[segment - 1]))
    if segment < len(offsets.at):
        sides[1] = min(begin + HOUR, int(offsets.at[segment]))
    return sides[0], sides[1]


def _repeated(selected: Selection, first_day: int) -> Repeated | None:
    titles = selected.history.titles
    day, width = selected.local // DAY - first_day, len(titles) + 1
    keys = np.sort(day * width + (selected.title - NONE))
    begin = np.concatenate(([0], np.flatnonzero(keys[1:] != keys[:-1]) + 1))
    counts = np.diff(begin, append=len(keys))
    days, title = np.divmod(keys[begin], width)
    title += NONE
    counts[title == NONE] = 0
    most = np.flatnonzero(counts == counts.max())
    if not counts[most[0]]:
        return None
    earliest = title[most][days[most] == days[most[0]]]
    chosen = int(earliest[np.argmin(titles.place_by_id[earliest])])
    heard = (day == days[most[0]]) & (selected.title == chosen)
    return Repeated(
        **asdict(titles.entries[chosen]),
        date=str(np.datetime64(first_day + int(days[most[0]]), "D")),
        plays=int(counts[most[0]]),
        ms=int(selected.ms[heard].sum()),
    )


def _months(days: Ints) -> Ints:
    """The month that each day lies in, in months since 1970."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _first_days(*months: int) -> list[int]:
    first_days: list[int] = np.array(months).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64).tolist()
    return first_days


STATISTIC = Statistic(
    name="records",
    summary="The most played day, month and hour, and what was most repeated in a day",
    description="The local date, month and hour with the most passing plays, and with the most milliseconds listened; "
    "and the item with the most plays in one day (of several the earliest day, then the smallest id).",
    parameters=COMMON,
    answer=Records,
    function=records,
)
