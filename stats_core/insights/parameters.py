"""What a question can name, declared once: parsing, error texts, OpenAPI and the command line's options follow from it.

A declaration is a `Parameter[T]`; its value in a question is `question[PARAMETER]`, of type T.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final, Generic, Literal, TypeVar

from stats_core.documents.words import KINDS, PLATFORMS, SOURCES, Kind, Privacy, Source
from stats_core.errors import InvalidParameter
from stats_core.insights.calendar import NAMED_PERIODS, NamedPeriod, named_period
from stats_core.insights.zones import DAY, FIRST_YEAR, LAST_YEAR, Zone
from stats_core.zone_names import zone_names

T_co = TypeVar("T_co", covariant=True)
Json = str | int | bool | list["Json"] | dict[str, "Json"]
Measure = Literal["plays", "ms"]

_SHARE: Final = r"(0(\.[0-9]{1,6})?|1(\.0{1,6})?)"
_ID: Final = "(~[0-9a-f]{20}|[A-Za-z0-9]{22})"
_MOST_WORDS: Final = 50
_MS: Final = timedelta(milliseconds=1)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# A space before the offset is a `+` that a browser or shell sent undecoded: it can mean nothing else.
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?([Zz]|[-+ ]\d{2}:\d{2})?", re.ASCII
)


@dataclass(frozen=True, kw_only=True)
class Parameter(ABC, Generic[T_co]):
    """One parameter of a question: how it is called, read, explained and shown."""

    name: str
    description: str
    """One sentence for the OpenAPI document and the command line's help; it says what holds where nothing is given and
    there is no `default`."""
    example: str
    default: str | None = None
    """What holds where nothing is given, as it would be given; None where that depends on the listener or the plays."""
    unit: str | None = None

    @property
    @abstractmethod
    def allowed(self) -> str:
        """What a person may give, for the error text."""

    @property
    @abstractmethod
    def schema(self) -> Mapping[str, Json]:
        """Its JSON Schema (OpenAPI 3.1), without description, default and example."""

    @abstractmethod
    def read(self, text: str) -> T_co:
        """The value of a given text. Raises ValueError where it isn't one."""

    def value_of(self, text: str) -> T_co:
        """The value of a given text. Raises InvalidParameter, saying what is allowed."""
        try:
            return self.read(text)
        except ValueError:
            raise InvalidParameter(self.name, text, self.allowed) from None


@dataclass(frozen=True, kw_only=True)
class Whole(Parameter[int]):
    """A whole number from `minimum` to `maximum`."""

    minimum: int
    maximum: int

    @property
    def allowed(self) -> str:
        return f"a whole number from {self.minimum:,} to {self.maximum:,}"

    @property
    def schema(self) -> Mapping[str, Json]:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}

    def read(self, text: str) -> int:
        if re.fullmatch(r"[0-9]{1,15}", text) is None or not self.minimum <= int(text) <= self.maximum:
            raise ValueError(text)
        return int(text)


@dataclass(frozen=True, kw_only=True)
class Share(Parameter[float]):
    """A share of a whole, from 0 to 1, with up to six decimals."""

    @property
    def allowed(self) -> str:
        return "a number from 0 to 1, such as 0.5"

    @property
    def schema(self) -> Mapping[str, Json]:
        return {"type": "string", "pattern": f"^{_SHARE}$"}

    def read(self, text: str) -> float:
        if re.fullmatch(_SHARE, text) is None:
            raise ValueError(text)
        return float(text)


@dataclass(frozen=True, kw_only=True)
class Choice(Parameter[T_co]):
    """One of a few words."""

    choices: tuple[T_co, ...]

    @property
    def allowed(self) -> str:
        return ", ".join(map(str, self.choices))

    @property
    def schema(self) -> Mapping[str, Json]:
        return {"type": "string", "enum": [str(choice) for choice in self.choices]}

    def read(self, text: str) -> T_co:
        for choice in self.choices:
            if text == choice:
                return choice
        raise ValueError(text)


@dataclass(frozen=True, kw_only=True)
class Choices(Parameter[tuple[T_co, ...]]):
    """One or more of a few words with commas between; their order and repetitions mean nothing."""

    choices: tuple[T_co, ...]

    @property
    def allowed(self) -> str:
        return "one or more, with commas between, of " + ", ".join(map(str, self.choices))

    @property
    def schema(self) -> Mapping[str, Json]:
        words = "|".join(map(str, self.choices))
        return {"type": "string", "pattern": f"^({words})(,({words}))*$"}

    def read(self, text: str) -> tuple[T_co, ...]:
        words = {word.strip() for word in text.split(",")}
        if not words <= {str(choice) for choice in self.choices}:
            raise ValueError(text)
        return tuple(choice for choice in self.choices if choice in words)


@dataclass(frozen=True, kw_only=True)
class Words(Parameter[tuple[str, ...]]):
    """One or more words of one form with commas between; their order and repetitions mean nothing."""

    form: str
    """A regular expression without groups."""
    are: str
    """What the words are, for the error text."""

    @property
    def allowed(self) -> str:
        return f"one or more, with commas between, of {self.are}"

    @property
    def schema(self) -> Mapping[str, Json]:
        return {"type": "string", "pattern": f"^{self.form}(,{self.form})*$"}

    def read(self, text: str) -> tuple[str, ...]:
        words = {word.strip() for word in text.split(",")}
        if len(words) > _MOST_WORDS or not all(re.fullmatch(self.form, word, re.ASCII) for word in words):
            raise ValueError(text)
        return tuple(sorted(words))


@dataclass(frozen=True, kw_only=True)
class Switch(Parameter[bool]):
    """Yes or no."""

    @property
    def allowed(self) -> str:
        return "true, false"

    @property
    def schema(self) -> Mapping[str, Json]:
        return {"type": "boolean"}

    def read(self, text: str) -> bool:
        if text not in {"true", "false"}:
            raise ValueError(text)
        return text == "true"


@dataclass(frozen=True, kw_only=True)
class Name(Parameter[str]):
    """One word of a form: an id, or a listener's name."""

    form: str
    is_a: str
    """What it is, for the error text."""

    @property
    def allowed(self) -> str:
        return self.is_a

    @property
    def schema(self) -> Mapping[str, Json]:
        return {"type": "string", "pattern": f"^{self.form}$"}

    def read(self, text: str) -> str:
        if re.fullmatch(self.form, text, re.ASCII) is None:
            raise ValueError(text)
        return text


@dataclass(frozen=True, kw_only=True)
class Text(Parameter[str]):
    """Any text up to a length."""

    longest: int

    @property
    def allowed(self) -> str:
        return f"text of at most {self.longest} characters"

    @property
    def schema(self) -> Mapping[str, Json]:
        return {"type": "string", "maxLength": self.longest}

    def read(self, text: str) -> str:
        if len(text) > self.longest:
            raise ValueError(text)
        return text


@dataclass(frozen=True)
class Moment:
    """A side of a period as it was asked: an instant, or a local time that a zone turns into one."""

    ms: int
    """ms since 1970: UTC where `absolute`, else local time."""
    absolute: bool
    day: int | None = None
    """The local date, in days since 1970, where it was asked as a date."""

    def instant(self, zone: Zone) -> int:
        """ms since 1970 UTC; a local time that is there twice is its first, one that is skipped the end of the gap."""
        return self.ms if self.absolute else zone.first_instant(self.ms)


@dataclass(frozen=True, kw_only=True)
class MomentParameter(Parameter[Moment]):
    """A date (its first instant in the zone) or an instant."""

    @property
    def allowed(self) -> str:
        return (
            "a date such as 2024-01-31, or an instant such as 2024-01-31T18:30:00Z or 2024-01-31T18:30:00+01:00 "
            f"(without an offset it is read in tz), from the year {FIRST_YEAR} on and before {LAST_YEAR}"
        )

    @property
    def schema(self) -> Mapping[str, Json]:
        return {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}

    def read(self, text: str) -> Moment:
        if _DATE.fullmatch(text):
            midnight = _ms_of(datetime.combine(_day(text), datetime.min.time(), UTC))
            return Moment(midnight, absolute=False, day=midnight // DAY)
        parts = _INSTANT.fullmatch(text)
        if parts is None:
            raise ValueError(text)
        day, hour, minute, second, fraction, offset = parts.groups()
        ms = int((fraction or "0")[:3].ljust(3, "0"))
        local = datetime.combine(_day(day), datetime.min.time(), UTC).replace(
            hour=int(hour), minute=int(minute), second=int(second or 0), microsecond=1000 * ms
        )
        if offset is None:
            return Moment(_ms_of(local), absolute=False)
        return Moment(_ms_of(local.replace(tzinfo=_fixed(offset))), absolute=True)


@dataclass(frozen=True, kw_only=True)
class PeriodParameter(Parameter[NamedPeriod]):
    """A period by its name."""

    @property
    def allowed(self) -> str:
        return NAMED_PERIODS

    @property
    def schema(self) -> Mapping[str, Json]:
        return {"type": "string"}

    def read(self, text: str) -> NamedPeriod:
        return named_period(text)


@dataclass(frozen=True, kw_only=True)
class ZoneParameter(Parameter[Zone]):
    """An IANA time zone by its name."""

    @property
    def allowed(self) -> str:
        return "an IANA time zone such as Europe/Berlin, America/New_York or UTC"

    @property
    def schema(self) -> Mapping[str, Json]:
        return {"type": "string"}

    def read(self, text: str) -> Zone:
        if text not in zone_names():
            raise ValueError(text)
        return Zone(text)


def _ms_of(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // _MS


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if not FIRST_YEAR <= day.year < LAST_YEAR:
        raise ValueError(text)
    return day


def _fixed(offset: str) -> timezone:
    if offset in "Zz":
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    if hours > 23 or minutes > 59:
        raise ValueError(offset)
    return timezone((-1 if offset[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


PERIOD = PeriodParameter(
    name="period",
    description="The period by name, in the time zone, instead of start and end: a year, month or ISO week, or one "
    "that follows the calendar. Without it: start and end.",
    example="2024",
)
START = MomentParameter(
    name="start",
    description="Where the period begins, included: a date in the time zone or an instant. "
    "Without it: the start of the first play.",
    example="2024-01-01",
)
END = MomentParameter(
    name="end",
    description="Where the period ends, not included: a date in the time zone or an instant. "
    "Without it: after the last play.",
    example="2025-01-01",
)
TZ = ZoneParameter(
    name="tz",
    description="The IANA time zone that dates, days and hours are meant in. Without it: the listener's own.",
    example="Europe/Berlin",
)
MIN_MS = Whole(
    name="min_ms",
    description="Plays that were listened to for less are left out. Without it: the listener's own rule, 30,000 unless "
    "they changed it.",
    example="30000",
    unit="ms",
    minimum=0,
    maximum=86_400_000,
)
KINDS_GIVEN: Choices[Kind] = Choices(
    name="kinds",
    description="The kinds of items that count, with commas between. Without it: the listener's own rule; unless they "
    "set one, tracks (for shows, episodes).",
    example="track,episode",
    choices=KINDS,
)
PRIVATE: Choice[Privacy] = Choice(
    name="private",
    description="Plays in private sessions: left out, counted too, or nothing but them; a play not known to be "
    "private is not. Without it: the listener's own rule, exclude unless they changed it.",
    example="include",
    choices=("exclude", "include", "only"),
)
MIN_SHARE = Share(
    name="min_share",
    description="Plays of a smaller share of their item's length are left out; one whose length is not known counts "
    "only if it ended by itself. Without it: any share.",
    example="0.5",
)
COMPLETED = Switch(
    name="completed",
    description="Whether only plays count that ended because the item did.",
    example="true",
    default="false",
)
PLATFORM: Choices[str] = Choices(
    name="platform",
    description="The platforms that count, with commas between. Without it: all.",
    example="android,ios",
    choices=PLATFORMS,
)
COUNTRY = Words(
    name="country",
    description="The countries that count, by two letters, with commas between; ZZ is an unknown one. Without it: all.",
    example="DE,FR",
    form="[A-Z]{2}",
    are="two capital letters such as DE",
)
SOURCE: Choices[Source] = Choices(
    name="source",
    description="The kinds of data that count, with commas between. Without it: all.",
    example="extended",
    choices=SOURCES,
)
ARTIST = Words(
    name="artist",
    description="Only plays of these artists, by the ids of top/artists, with commas between. Without it: all.",
    example="0000000000000000000001",
    form=_ID,
    are="ids as they stand in answers",
)
ALBUM = Words(
    name="album",
    description="Only plays from these albums, by the ids of top/albums, with commas between. Without it: all.",
    example="~0123456789abcdef0123",
    form=_ID,
    are="ids as they stand in answers",
)
ITEM = Words(
    name="item",
    description="Only plays of these tracks, episodes or chapters, by their ids, with commas between. Without it: all.",
    example="0000000000000000000001",
    form=_ID,
    are="ids as they stand in answers",
)
ID = Name(
    name="id",
    description="An id as it stands in answers; a key of names that was one before more was known works too.",
    example="0000000000000000000001",
    form=_ID,
    is_a="an id as it stands in answers",
)
BY: Choice[Measure] = Choice(
    name="by",
    description="The measure that ranks the entries and that their share is of.",
    example="ms",
    default="plays",
    choices=("plays", "ms"),
)
LIMIT = Whole(
    name="limit",
    description="How many entries to answer at most.",
    example="10",
    default="20",
    minimum=1,
    maximum=100,
)
OFFSET = Whole(
    name="offset",
    description="How many entries to leave out before the first one answered.",
    example="20",
    default="0",
    minimum=0,
    maximum=2_147_483_647,
)

FILTERS: tuple[Parameter[object], ...] = (PLATFORM, COUNTRY, SOURCE, ARTIST, ALBUM, ITEM)
COMMON: tuple[Parameter[object], ...] = (
    PERIOD, START, END, TZ, MIN_MS, MIN_SHARE, COMPLETED, KINDS_GIVEN, PRIVATE, *FILTERS,
)  # fmt: skip
"""What every statistic takes."""
OF_A_YEAR: tuple[Parameter[object], ...] = (
    replace(
        PERIOD,
        description="The period by name, in the time zone, instead of start and end: a year, month or ISO week, or one "
        "that follows the calendar. It holds only where neither start nor end is given.",
        default="this_year",
    ),
    *COMMON[1:],
)
"""What a statistic takes that is about this year unless told otherwise."""
