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
_ODD: Final = re.compile(rb"\\u[dD][89a-fA-F]|[eE]\+?\d{3}|\d{300}")
_BYTE: Final = re.compile(r"\(byte (\d+)\)")
_LONGEST_TOKEN: Final = len("false,")

NOT_JSON: Final = "is not JSON. Unpack the export again and drop the file as Spotify wrote it"
NOT_UTF8: Final = "is not UTF-8 text. Save it as UTF-8, or drop the file as Spotify wrote it"
NO_TEXT: Final = "is empty: zero bytes of text. Copy or request it again"
TRAILING: Final = "goes on after the end of its list of rows. Drop the file as Spotify wrote it"
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
        last = self._decode(b"[" + bytes(buffer), whole=True)
        if last is None:
            raise Refused(_why_not_json(b"[" + bytes(buffer)))
        if not last and not first:
            raise Refused(NOT_JSON)
        yield last

    @staticmethod
    def _open(buffer: bytearray) -> None:
        if not buffer.strip():
            raise Refused(NO_TEXT)
        if buffer.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise Refused(NOT_UTF8)
        if buffer.startswith(BOM):
            del buffer[: len(BOM)]
        text = buffer.lstrip()
        if not text.startswith(b"["):
            raise Refused(WRONG_SHAPE if text.startswith(b"{") else NOT_JSON)
        del buffer[: len(buffer) - len(text) + 1]

    def _longest_prefix(self, buffer: bytearray) -> tuple[int, list[Row] | list[object]] | None:
        ends = [match.span() for match in _BETWEEN_ROWS.finditer(buffer, max(0, len(buffer) - (256 << 10)))]
        for start, end in ends[: -_TRIES - 1 : -1]:
            text = b"[" + bytes(buffer[: start + 1]) + b"]"
            elements = self._decode(text, whole=False)
            if elements is not None:
                return end, elements
        return None

    def _decode(self, text: bytes, *, whole: bool) -> list[Row] | list[object] | None:
        """The elements, as rows if they all fit; None where the text is not a JSON array.

        Of a text that may only have been closed at a wrong place, what is wrong before raises Refused.
        """
        try:
            return self._rows.decode(text)
        except msgspec.ValidationError:
            pass
        except msgspec.DecodeError as error:
            return _lenient_list(text, error, whole=whole)
        except (UnicodeDecodeError, RecursionError) as error:
            raise Refused(NOT_UTF8 if isinstance(error, UnicodeDecodeError) else NOT_JSON) from error
        try:
            return self._anything.decode(text)
        except msgspec.DecodeError as error:
            return _lenient_list(text, error, whole=whole)
        except (UnicodeDecodeError, RecursionError) as error:
            raise Refused(NOT_UTF8 if isinstance(error, UnicodeDecodeError) else NOT_JSON) from error


def _lenient_list(text: bytes, error: msgspec.DecodeError, *, whole: bool) -> list[object] | None:
    elements = lenient(text)
    if isinstance(elements, list):
        return elements
    at = _BYTE.search(str(error))
    if not whole and at is not None and int(at[1]) < len(text) - 1:
        raise Refused(TRAILING if "trailing" in str(error) else NOT_JSON)
    return None


def lenient(text: bytes) -> object:
    """What msgspec refuses and JSON allows; None where the text is not JSON.

    Half a surrogate pair, which no store can keep, becomes U+FFFD; a number beyond all limits becomes infinite.
    """
    if _ODD.search(text) is None:
        return None
    try:
        return _without_surrogates(json.loads(text, parse_constant=_no_constant, parse_int=_whole))
    except (ValueError, RecursionError):
        return None


def _no_constant(name: str) -> None:
    raise ValueError(name)  # NaN and its like are not JSON


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < 300 else float(digits)


def _without_surrogates(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(inner) for inner in value]
    return value


def _why_not_json(text: bytes) -> str:
    """Why the last part of a file, closed or not, is not the end of an array."""
    try:
        readable = text.decode()
    except UnicodeDecodeError as error:
        if error.end < len(text):
            return NOT_UTF8
        readable = text[: error.start].decode()
    readable = readable.rstrip()
    try:
        _, end = json.JSONDecoder().raw_decode(readable)
    except json.JSONDecodeError as error:
        unfinished = error.pos >= len(readable) - _LONGEST_TOKEN and not readable.endswith("]")
        return TRUNCATED if unfinished or error.msg.startswith("Unterminated string") else NOT_JSON
    except (ValueError, RecursionError):
        return NOT_JSON
    return TRAILING if end < len(readable) else NOT_JSON
