"""A question with everything settled: its period, zone and rule; and what a statistic declares of itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from stats_core.documents import Kind, Listener, Privacy
from stats_core.errors import InvalidParameter
from stats_core.history.columns import History
from stats_core.insights.parameters import END, KINDS_GIVEN, MIN_MS, PRIVATE, START, TZ, Parameter
from stats_core.insights.zones import Zone

T = TypeVar("T")


class AnsweredPeriod(msgspec.Struct, frozen=True):
    """The half-open range of time an answer is about: RFC 3339 in its zone; null where there are no plays to end at."""

    start: str | None
    end: str | None
    timezone: str


class AnsweredRule(msgspec.Struct, frozen=True):
    """What counted as a play in an answer."""

    min_ms: int
    kinds: tuple[Kind, ...]
    private: Privacy


@dataclass(frozen=True)
class Period:
    """A half-open range [start, end) in ms since 1970 UTC; a side is None where there are no plays to take it from."""

    start: int | None
    end: int | None

    @property
    def sides(self) -> tuple[int, int] | None:
        """Both sides, where the period holds any instant at all."""
        if self.start is None or self.end is None or self.start >= self.end:
            return None
        return self.start, self.end


@dataclass(frozen=True)
class Question:
    """What was asked, with the defaults filled in."""

    user: str
    zone: Zone
    period: Period
    rule: AnsweredRule
    values: Mapping[str, object]
    """Parameter -> its value, given or default."""

    def __getitem__(self, parameter: Parameter[T]) -> T:
        """The value of one of the statistic's parameters that has a default. Raises KeyError for others not given."""
        return self.values[parameter.name]  # type: ignore[return-value]

    def get(self, parameter: Parameter[T]) -> T | None:
        """The value of one of the statistic's parameters, None where it was not given and has no default."""
        return self.values.get(parameter.name)  # type: ignore[return-value]

    @property
    def answered_period(self) -> AnsweredPeriod:
        """The period as it stands in an answer."""
        start, end = (
            None if side is None else self.zone.written(side) for side in (self.period.start, self.period.end)
        )
        return AnsweredPeriod(start, end, self.zone.name)


@dataclass(frozen=True, kw_only=True)
class Statistic:
    """One statistic as it declares itself: the REST service and the command line are made from this."""

    name: str
    """Its path under a listener, e.g. `top/tracks`."""
    summary: str
    """One line."""
    description: str
    parameters: tuple[Parameter[object], ...]
    answer: type[msgspec.Struct]
    function: Callable[[History, Question], msgspec.Struct]
    default_kinds: tuple[Kind, ...] = ("track",)
    """The kinds that count where neither the question nor the listener says."""
    entries: Kind | None = None
    """The one kind its entries are made of, if so: a listener's own kinds without it would leave nothing, so they are
    passed over for `default_kinds`."""


def question_of(statistic: Statistic, history: History, listener: Listener, given: Mapping[str, str]) -> Question:
    """The question that the given texts ask about a history. Raises InvalidParameter for a wrong or unknown one."""
    declared = {parameter.name: parameter for parameter in statistic.parameters}
    for name, value in given.items():
        if name not in declared:
            raise InvalidParameter(name, value, f"no such parameter here, only {', '.join(declared)}")
    values: dict[str, object] = {}
    for name, parameter in declared.items():
        if name in given:
            values[name] = parameter.value_of(given[name])
        elif parameter.default is not None:
            values[name] = parameter.value_of(parameter.default)
    asked = Question(listener.id, Zone(listener.timezone), Period(None, None), AnsweredRule(0, (), "exclude"), values)
    zone = asked.get(TZ) or asked.zone
    return Question(listener.id, zone, _period(asked, history, zone, given), _rule(asked, statistic, listener), values)


def _rule(asked: Question, statistic: Statistic, listener: Listener) -> AnsweredRule:
    min_ms, kinds, private = asked.get(MIN_MS), asked.get(KINDS_GIVEN), asked.get(PRIVATE)
    own = listener.rule.kinds
    if own is None or (statistic.entries is not None and statistic.entries not in own):
        own = statistic.default_kinds
    return AnsweredRule(
        listener.rule.min_ms if min_ms is None else min_ms,
        own if kinds is None else kinds,
        listener.rule.private if private is None else private,
    )


def _period(asked: Question, history: History, zone: Zone, given: Mapping[str, str]) -> Period:
    first, last = asked.get(START), asked.get(END)
    start = None if first is None else first.instant(zone)
    end = None if last is None else last.instant(zone)
    if start is not None and end is not None and start >= end:
        raise InvalidParameter("end", given["end"], f"later than start, {zone.written(start)}")
    if not len(history):
        return Period(start, end)
    # A side that was not asked never crosses the one that was: such a period is empty.
    if start is None:
        start = int(history.start[0]) if end is None else min(int(history.start[0]), end)
    if end is None:
        end = max(int(history.start[-1]) + 1, int(history.end[-1]), start)
    return Period(start, end)
