"""The rows of a JSON array of any size, a chunk at a time: bounded memory, and not one row before its text is whole."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final, Generic, TypeVar

import msgspec

from stats_core.errors import Refused

Row = TypeVar("Row")

BOM: Final = b"\xef\xbb\xbf"
_CHUNK: Final = 1 << 20
_LARGEST_ROW: Final = 16 << 20
_BETWEEN_ROWS: Final = re.compile(rb"\}\s*,")
_TRIES: Final = 40

NOT_JSON: Final = "is not JSON. Unpack the export again and drop the file as Spotify wrote it"
TRUNCATED: Final = "ends in the middle: it was cut off while copying or downloading. Copy or request it again"
WRONG_SHAPE: Final = "is JSON, but not a list of rows as Spotify writes them. Drop the file as Spotify wrote it"


class RowReader(Generic[Row]):
    """Reads arrays of one row type; a row that does not fit the type comes as plain built-in values instead."""

    def __init__(self, row: type[Row]) -> None:
        self._rows = msgspec.json.Decoder(list[row])  # type: ignore[valid-type]
        self._anything = msgspec.json.Decoder(list[object])

    def chunks(self, blocks: Iterable[bytes]) -> Iterator[list[Row] | list[object]]:
        """The elements of the array whose bytes are `blocks`, in order; raises Refused where it is not one.

        A chunk ends between two elements: a prefix that is a whole array once closed can only end there, so each
        candidate `},` is simply tried, the last one first.
        """
        buffer = bytearray()
        pieces = iter(blocks)
        for block in pieces:
            buffer += block
            if len(buffer) > len(BOM) + 1024 and buffer.strip():
                break
        self._open(buffer)
        first = True
        wanted = _CHUNK
        for block in pieces:
            buffer += block
            if len(buffer) < wanted:
                continue
            found = self._longest_prefix(buffer)
            if found is None:
                wanted = 2 * len(buffer)
                if len(buffer) > _LARGEST_ROW:
                    raise Refused(NOT_JSON)
                continue
            length, elements = found
            del buffer[:length]
            wanted, first = _CHUNK, False
            yield elements
        last = self._decode(b"[" + bytes(buffer))
        if last is None:
            raise Refused(_why_not_json(bytes(buffer)))
        if not last and not first:
            raise Refused(NOT_JSON)
        yield last

    @staticmethod
    def _open(buffer: bytearray) -> None:
        if not buffer.strip():
            raise Refused("is empty: zero bytes of text. Copy or request it again")
        if buffer.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise Refused("is not UTF-8 text. Save it as UTF-8, or drop the file as Spotify wrote it")
        if buffer.startswith(BOM):
            del buffer[: len(BOM)]
        text = buffer.lstrip()
        if not text.startswith(b"["):
            raise Refused(WRONG_SHAPE if text.startswith(b"{") else NOT_JSON)
        del buffer[: len(buffer) - len(text) + 1]

    def _longest_prefix(self, buffer: bytearray) -> tuple[int, list[Row] | list[object]] | None:
        ends = [match.span() for match in _BETWEEN_ROWS.finditer(buffer, max(0, len(buffer) - (256 << 10)))]
        for start, end in ends[: -_TRIES - 1 : -1]:
            elements = self._decode(b"[" + bytes(buffer[: start + 1]) + b"]")
            if elements is not None:
                return end, elements
        return None

    def _decode(self, text: bytes) -> list[Row] | list[object] | None:
        """The elements, as rows if they all fit; None where the text is not a JSON array."""
        try:
            return self._rows.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        try:
            return self._anything.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _lenient(text)


def _lenient(text: bytes) -> list[object] | None:
    """What msgspec refuses and JSON allows: half a surrogate pair, which no store can keep, becomes U+FFFD."""
    if b"\\u" not in text:
        return None
    try:
        elements = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return [_without_surrogates(element) for element in elements] if isinstance(elements, list) else None


def _without_surrogates(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {key: _without_surrogates(inner) for key, inner in value.items()}
    return value


def _why_not_json(rest: bytes) -> str:
    try:
        rest.decode()
    except UnicodeDecodeError as error:
        if error.end < len(rest):
            return "is not UTF-8 text. Save it as UTF-8, or drop the file as Spotify wrote it"
    return NOT_JSON if rest.rstrip().endswith(b"]") else TRUNCATED
