"""A question with everything settled; what an answer says of it; what a statistic declares of itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypedDict, TypeVar

import msgspec

from stats_core.documents.listeners import Listener, StreamRule
from stats_core.documents.words import Kind, Privacy
from stats_core.errors import InvalidParameter
from stats_core.history.columns import History
from stats_core.history.reader import Heard
from stats_core.insights.lately import Lately
from stats_core.insights.parameters import (
    COMPLETED,
    END,
    FILTERS,
    KINDS_GIVEN,
    MIN_MS,
    MIN_SHARE,
    PERIOD,
    PRIVATE,
    START,
    TZ,
    Parameter,
)
from stats_core.insights.periods import Clock, Period, settled
from stats_core.insights.zones import Zone
from stats_core.security.access import Limits

T = TypeVar("T")


class AnsweredPeriod(msgspec.Struct, frozen=True):
    """The half-open range of time an answer is about: RFC 3339 in its zone; null where there are no plays to end at."""

    start: str | None
    end: str | None
    timezone: str


class AnsweredRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """What counted as a play in an answer; a filter that is not there lets everything through."""

    min_ms: int
    kinds: tuple[Kind, ...]
    private: Privacy
    min_share: float | None = None
    completed: bool = False
    platform: tuple[str, ...] | None = None
    country: tuple[str, ...] | None = None
    source: tuple[str, ...] | None = None
    artist: tuple[str, ...] | None = None
    album: tuple[str, ...] | None = None
    item: tuple[str, ...] | None = None
    estimated_length: int = 0
    """Plays that `min_share` judged by a length that the listener's own plays tell, not the catalogue."""
    unknown_length: int = 0
    """Plays whose length is not known, so that `min_share` could only judge how they ended."""
    estimated_ms: int = 0
    """Of the milliseconds that count, those of plays that only the Web API told of: they are estimates."""
    unknown_reason: int = 0
    """Plays that `completed` left out because nobody told why they ended."""


class AnsweredCoverage(msgspec.Struct, frozen=True):
    """How well the period is known, each as a share of it up to now; they sum to 1."""

    complete: float
    """Told by the extended streaming history."""
    account: float
    """Told by account data alone: every play, but no reasons and no devices."""
    preview: float
    """Told by the Web API alone: no plays under half a minute, no private sessions, milliseconds estimated."""
    gap: float
    """Plays may have been lost: Spotify remembers only the last 50."""
    unknown: float


class Answer(msgspec.Struct, kw_only=True):
    """What every answer says of its question."""

    period: AnsweredPeriod
    rule: AnsweredRule
    coverage: AnsweredCoverage | None
    """null where nothing of the period has been yet."""


class Told(TypedDict):
    """The fields that every answer begins with."""

    period: AnsweredPeriod
    rule: AnsweredRule
    coverage: AnsweredCoverage | None


@dataclass(frozen=True)
class Companion:
    """Another listener in a question."""

    heard: Heard
    shares_only: bool
    """They agreed to compare, and no more: no counts, no times, nothing that only one of them has."""


@dataclass(frozen=True)
class Question:
    """What was asked, with the defaults filled in."""

    listener: Listener
    zone: Zone
    period: Period
    rule: AnsweredRule
    values: Mapping[str, object]
    """Parameter -> its value, given or default."""
    given: Mapping[str, str]
    """Parameter -> what was given, as text."""
    clock: Clock
    companion: Companion | None = None
    limits: Limits | None = None
    """Outside of which nothing is there."""
    shared: dict[object, object] = field(default_factory=dict, compare=False)
    """What has been worked out for this answer already: its parts ask for the same plays."""
    lately: Lately | None = field(default=None, compare=False)
    """What was worked out for the answers before, where whoever asks keeps it."""

    def __getitem__(self, parameter: Parameter[T]) -> T:
        """The value of one of the statistic's parameters that has a default. Raises KeyError for others not given."""
        return self.values[parameter.name]  # type: ignore[return-value]

    def get(self, parameter: Parameter[T]) -> T | None:
        """The value of one of the statistic's parameters, None where it was not given and has no default."""
        return self.values.get(parameter.name)  # type: ignore[return-value]

    def over(self, period: Period) -> "Question":
        """The same question of another period."""
        return replace(self, period=period)

    def of(self, statistic: "Statistic", **given: str) -> "Question":
        """What another statistic is asked about the same plays, with its own defaults and these parameters."""
        common = {name: text for name, text in self.given.items() if name in _OF_PLAYS}
        values = values_of(statistic, {**common, **given})
        rule = _rule(statistic, self.listener, values)
        if self.rule.private == "exclude":  # perhaps because no other may be told
            rule = msgspec.structs.replace(rule, private="exclude")
        return replace(self, rule=rule, values=values, given=given)

    def ruled(self, **rule: object) -> "Question":
        """The same question with parts of its rule changed."""
        return replace(self, rule=msgspec.structs.replace(self.rule, **rule))

    @property
    def before(self) -> Period | None:
        """The period before; None where there is none to compare with, or not all of it is there."""
        before = self.period.before(self.zone)
        limits = self.limits
        if before is None or limits is None or limits.start is None or before.start is None:
            return before
        return before if before.start >= limits.start else None

    @property
    def answered_period(self) -> AnsweredPeriod:
        """The period as it stands in an answer."""
        start, end = (
            None if side is None else self.zone.written(side) for side in (self.period.start, self.period.end)
        )
        return AnsweredPeriod(start, end, self.zone.name)


_OF_PLAYS: Final = frozenset(
    parameter.name for parameter in (TZ, MIN_MS, MIN_SHARE, COMPLETED, KINDS_GIVEN, PRIVATE, *FILTERS)
)
"""What says which plays a question is about, besides its period."""

MinMs = int | Callable[[Mapping[str, object]], int | None] | None


@dataclass(frozen=True, kw_only=True)
class Statistic:
    """One statistic as it declares itself: the REST service and the command line are made from this."""

    name: str
    """Its path under a listener, e.g. `top/tracks` or `tracks/{id}`."""
    summary: str
    """One line."""
    description: str
    parameters: tuple[Parameter[object], ...]
    """Of its query."""
    answer: type[Answer]
    function: Callable[[History, Question], Answer]
    path_parameters: tuple[Parameter[object], ...] = ()
    default_kinds: tuple[Kind, ...] = ("track",)
    """The kinds that count where neither the question nor the listener says."""
    entries: Kind | None = None
    """The one kind its entries are made of, if so: a listener's own kinds without it would leave nothing, so they are
    passed over for `default_kinds`."""
    default_min_ms: MinMs = None
    """What it counts from where the question does not say, whatever the listener's own rule; it may hang on the
    question's other parameters. None: the listener's rule."""
    listed: str | None = None
    """The field of its answer that is a list of entries or points, where it has one."""
    companion: Parameter[str] | None = None
    """The parameter that names another listener whose history it needs."""

    @property
    def id(self) -> str:
        """Its name as one word."""
        return self.name.replace("/", "_").replace("-", "_").replace("{", "by_").replace("}", "")


def values_of(statistic: Statistic, given: Mapping[str, str]) -> dict[str, object]:
    """Parameter -> its value, given or default. Raises InvalidParameter for a wrong or unknown one."""
    declared = {parameter.name: parameter for parameter in (*statistic.path_parameters, *statistic.parameters)}
    for name, value in given.items():
        if name not in declared:
            raise InvalidParameter(name, value, f"no such parameter here, only {', '.join(declared)}")
    values: dict[str, object] = {}
    for name, parameter in declared.items():
        if name in given:
            values[name] = parameter.value_of(given[name])
        elif parameter.default is not None and not (name == PERIOD.name and (START.name in given or END.name in given)):
            values[name] = parameter.value_of(parameter.default)
        elif parameter in statistic.path_parameters:
            raise InvalidParameter(name, "", parameter.allowed)
    return values


def question_of(
    statistic: Statistic,
    heard: Heard,
    values: Mapping[str, object],
    given: Mapping[str, str],
    clock: Clock,
    limits: Limits | None = None,
    companion: Companion | None = None,
) -> Question:
    """The question about a listener. Raises InvalidParameter for a period that ends before it begins."""
    listener, history = heard
    shares_only = companion is not None and companion.shares_only
    if shares_only:  # what one may choose freely must not probe the other's plays
        listener = msgspec.structs.replace(listener, rule=StreamRule(), timezone="UTC")
    zone = values.get(TZ.name)
    zone = zone if isinstance(zone, Zone) else Zone(listener.timezone)
    period = settled(values, given, history, zone, clock)
    if limits is not None:
        period = within_limits(period, limits)
    rule = _rule(statistic, listener, values)
    if limits is not None or shares_only:
        rule = msgspec.structs.replace(rule, private="exclude")
    return Question(listener, zone, period, rule, values, given, clock, companion, limits)


def _rule(statistic: Statistic, listener: Listener, values: Mapping[str, object]) -> AnsweredRule:
    own = listener.rule.kinds
    if own is None or (statistic.entries is not None and statistic.entries not in own):
        own = statistic.default_kinds
    default = statistic.default_min_ms
    min_ms = default(values) if callable(default) else default
    given: dict[str, object] = {
        "min_ms": listener.rule.min_ms if min_ms is None else min_ms,
        "kinds": own,
        "private": listener.rule.private,
    }
    for parameter in (MIN_MS, KINDS_GIVEN, PRIVATE, MIN_SHARE, COMPLETED, *FILTERS):
        if parameter.name in values:
            given[parameter.name] = values[parameter.name]
    return AnsweredRule(**given)  # type: ignore[arg-type]


def within_limits(period: Period, limits: Limits) -> Period:
    """What of a period a link may see."""
    if period.start is None or period.end is None:
        return period
    start = period.start if limits.start is None else max(period.start, limits.start)
    end = period.end if limits.end is None else min(period.end, limits.end)
    if (start, end) == (period.start, period.end):
        return period
    return Period(start, max(start, end), None, period.begins_as_asked, period.ends_as_asked)
