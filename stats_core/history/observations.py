"""Observations as typed columns: what happened as numbers, what and how as codes into dictionaries of values.

Rows repeat their items and circumstances thousands of times, so a million observations fit in 40 MB and are compared,
sorted and fingerprinted by NumPy.
"""

import hashlib
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Final, Generic, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from stats_core.clock import instant_ms
from stats_core.documents.plays import Observation, Play
from stats_core.documents.words import Source
from stats_core.history.items import Item, item_of

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Value = TypeVar("Value", bound=msgspec.Struct)

NO_CLOCK: Final = 0
"""In `clock`: the row told no client clock."""

_EARLIEST_CLOCK_MS: Final = 5_000
_LATEST_CLOCK_MS: Final = 31 * 86_400_000


_NO_NUMBERS: Final = array("q", [0, 0, 0, 0, 0, 0])
"""Read where a dictionary is empty still: there is no code then to ask for, and NumPy reads no empty buffer."""


class Context(msgspec.Struct, frozen=True, omit_defaults=True):
    """How something was played; equal contexts are one line of a dictionary."""

    source: Source
    video: bool = False
    platform: str | None = None
    model: str | None = None
    country: str | None = None
    reason_start: str | None = None
    reason_end: str | None = None
    shuffle: bool | None = None
    skipped: bool | None = None
    offline: bool | None = None
    private: bool | None = None
    played_from: str | None = None
    """What the Web API calls its context."""


class Dictionary(Generic[Value]):
    """Distinct values, each with a code, and a fingerprint of its canonical JSON that is the same everywhere."""

    def __init__(self) -> None:
        self.values: list[Value] = []
        self._codes: dict[Value, int] = {}
        self._fingerprints = array("Q")

    def __len__(self) -> int:
        return len(self.values)

    def code(self, value: Value) -> int:
        """The value's code; a new one if it was not seen before."""
        code = self._codes.get(value)
        if code is None:
            code = self._codes[value] = len(self.values)
            self.values.append(value)
            digest = hashlib.blake2b(msgspec.json.encode(value), digest_size=8).digest()
            self._fingerprints.append(int.from_bytes(digest, "little"))
        return code

    def fingerprints(self, codes: Codes) -> npt.NDArray[np.uint64]:
        """One 64-bit number for the value of each code."""
        return np.frombuffer(self._fingerprints or _NO_NUMBERS, np.uint64)[codes]


class PerValue(Generic[Value]):
    """Numbers of each value of a dictionary, worked out once a value while the dictionary grows."""

    def __init__(
        self, dictionary: Dictionary[Value], width: int, numbers_of: Callable[[Value], tuple[int, ...]]
    ) -> None:
        self._dictionary = dictionary
        self._width = width
        self._numbers_of = numbers_of
        self._numbers = array("q")
        self._known = 0

    def of(self, codes: Codes) -> Ints:
        """One row for the value of each code."""
        for value in self._dictionary.values[self._known :]:
            self._numbers.extend(self._numbers_of(value))
        self._known = len(self._dictionary)
        return np.frombuffer(self._numbers or _NO_NUMBERS, np.int64).reshape(-1, self._width)[codes]


@dataclass(frozen=True)
class Vocabulary:
    """The dictionaries that the codes of observations point into."""

    items: Dictionary[Item] = field(default_factory=Dictionary)
    contexts: Dictionary[Context] = field(default_factory=Dictionary)


@dataclass(frozen=True, eq=False)
class Observations:
    """Parallel arrays, one entry an observation."""

    end: Ints
    """ms since 1970 UTC, as `clock`."""
    ms: Ints
    clock: Ints
    """NO_CLOCK: none."""
    item: Codes
    context: Codes

    def __len__(self) -> int:
        return len(self.end)

    def take(self, positions: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> "Observations":
        """The observations at these positions."""
        return Observations(*(getattr(self, column.name)[positions] for column in fields(self)))

    def fingerprints(self, vocabulary: Vocabulary) -> Ints:
        """A signed 64-bit fingerprint of each one's whole content: the same for equal contents, everywhere."""
        mixed = _mixed(self.clock.view(np.uint64))
        for part in (
            self.ms.view(np.uint64),
            self.end.view(np.uint64),
            vocabulary.contexts.fingerprints(self.context),
            vocabulary.items.fingerprints(self.item),
        ):
            mixed = _mixed(mixed ^ part)
        return mixed.view(np.int64)

    def starts(self) -> Ints:
        """Where each one begins: end - ms, unless the client's clock lies 5 s to 31 days before that; then the clock.

        Spotify's `ts` is the end of the stream, and an offline device reports its whole queue with one `ts`.
        """
        counted = self.end - self.ms
        before = counted - self.clock
        told = (self.clock != NO_CLOCK) & (before >= _EARLIEST_CLOCK_MS) & (before <= _LATEST_CLOCK_MS)
        return np.where(told, self.clock, counted)


def concatenated(parts: Sequence[Observations]) -> Observations:
    """All parts, one after the other."""
    if not parts:
        empty, none = np.empty(0, np.int64), np.empty(0, np.int32)
        return Observations(empty, empty, empty, none, none)
    return Observations(*(np.concatenate([getattr(part, c.name) for part in parts]) for c in fields(Observations)))


def observations_of(documents: Iterable[Observation], vocabulary: Vocabulary) -> Observations:
    """Stored observations as columns again."""
    item_code, context_code = vocabulary.items.code, vocabulary.contexts.code
    numbers: list[int] = []
    codes: list[int] = []
    for o in documents:
        # What only the API told has an estimate for its milliseconds: as it was told, it has the track's length.
        told = o.length if isinstance(o, Play) and o.length is not None else o.ms
        numbers += (instant_ms(o.end), told, NO_CLOCK if o.client_clock is None else instant_ms(o.client_clock))
        codes += (
            item_code(item_of(o)),
            context_code(
                Context(
                    o.source, o.video, o.platform, o.model, o.country, o.reason_start, o.reason_end,
                    o.shuffle, o.skipped, o.offline, o.private, o.context,
                )
            ),
        )  # fmt: skip
    table = np.array(numbers, np.int64).reshape(-1, 3)
    pairs = np.array(codes, np.int32).reshape(-1, 2)
    end, ms, clock = (np.ascontiguousarray(column) for column in table.T)
    item, context = (np.ascontiguousarray(column) for column in pairs.T)
    return Observations(end, ms, clock, item, context)


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64's finisher: every input bit moves every output bit."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
