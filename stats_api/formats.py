"""Formats: JSON for every answer; CSV and NDJSON for those that list entries, each entry a line."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

import msgspec

from stats_api.negotiation import preferred
from stats_api.problems import NOT_ACCEPTABLE, Failure
from stats_core.insights import Answered
from stats_core.insights.parameters import Choice, Parameter
from stats_core.insights.question import Statistic

FORMAT: Final[Parameter[str]] = Choice(
    name="format",
    description="How the entries are written, whatever `Accept` says. Without it: as `Accept` says, else JSON.",
    example="csv",
    choices=("json", "csv", "ndjson"),
)
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a text begins with that a spreadsheet would take for a formula."""
_encoder: Final = msgspec.json.Encoder()


@dataclass(frozen=True)
class Format:
    """One way to write an answer."""

    name: str
    media_type: str
    content_type: bytes
    body: Callable[[Answered, str], bytes]
    """Of an answer, and which field of it is listed."""


JSON: Final = Format("json", "application/json", b"application/json", lambda answered, _: answered.json)
CSV: Final = Format(
    "csv",
    "text/csv",
    b"text/csv; charset=utf-8; header=present",
    lambda answered, listed: csv_of(type(answered.answer), getattr(answered.answer, listed), listed),
)
NDJSON: Final = Format(
    "ndjson",
    "application/x-ndjson",
    b"application/x-ndjson",
    lambda answered, listed: _encoder.encode_lines(getattr(answered.answer, listed)),
)
FORMATS: Final[Mapping[str, Format]] = {form.name: form for form in (JSON, CSV, NDJSON)}


def formats_of(statistic: Statistic) -> tuple[Format, ...]:
    """Every way its answers can be written, the usual one first."""
    return tuple(FORMATS.values()) if statistic.listed else (JSON,)


def format_of(statistic: Statistic, given: str | None, accept: bytes | None) -> Format:
    """How an answer is to be written. Raises InvalidParameter, and Failure where the client can read none of them."""
    if given is not None:
        return FORMATS[FORMAT.value_of(given)]
    offered = {form.media_type: form for form in formats_of(statistic)}
    chosen = preferred(accept, offered)
    if chosen is None:
        raise Failure(NOT_ACCEPTABLE, f"This can be had as {', '.join(offered)}.", allowed=", ".join(offered))
    return offered[chosen]


def csv_of(answer: type[msgspec.Struct], entries: list[Any], listed: str) -> bytes:
    """Entries as RFC 4180 writes them, under a line of names.

    An entry within an entry has a column for each of its fields, named `outer.inner`; a list is its JSON. A text that a
    spreadsheet would take for a formula has an apostrophe before it, for anyone may name a track; numbers have not.
    """
    columns = columns_of(answer, listed)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    cells = [_getter(column) for column in columns]
    writer.writerows([_cell(cell(entry)) for cell in cells] for entry in entries)
    return out.getvalue().encode()


@lru_cache
def columns_of(answer: type[msgspec.Struct], listed: str) -> tuple[str, ...]:
    """The columns of an answer's entries."""
    (field,) = (field for field in msgspec.structs.fields(answer) if field.name == listed)
    (entry,) = get_args(field.type)
    return tuple(dict.fromkeys(_columns(entry)))


def _columns(annotation: Any) -> Iterator[str]:
    for struct in _structs(annotation):
        for field in msgspec.structs.fields(struct):
            within = list(_columns(field.type))
            yield from (f"{field.name}.{inner}" for inner in within) if within else (field.name,)


def _structs(annotation: Any) -> Iterator[type[msgspec.Struct]]:
    """The structs that a value of that type may be."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
    elif get_origin(annotation) in {Union, UnionType}:
        for one in get_args(annotation):
            yield from _structs(one)


def _getter(column: str) -> Callable[[Any], Any]:
    get = attrgetter(column)

    def value(entry: Any) -> Any:
        try:
            return get(entry)
        except AttributeError:  # what it lies in is none, or this kind of entry has none
            return None

    return value


def _cell(value: Any) -> str:
    match value:
        case None | msgspec.UNSET:
            return ""
        case str():
            return f"'{value}" if value.startswith(_FORMULAS) else value
        case _:
            text = _encoder.encode(value).decode()
            return str(msgspec.json.decode(text)) if text.startswith('"') else text
