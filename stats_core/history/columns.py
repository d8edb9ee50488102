"""A listener's plays as Arrow columns: one table a UTC month of start, many of them one `History` in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, cast

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from stats_core.documents import KINDS, SOURCES, Play, SavedItem
from stats_core.history.items import Item, item_of
from stats_core.history.keys import number_of
from stats_core.history.months import instant_ms
from stats_core.history.names import Entries, entries_of

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Small = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]

UNKNOWN: Final = 2
"""A three-valued flag that the source did not tell; 0 is false, 1 is true."""

_TEXT: Final = pa.dictionary(pa.int32(), pa.string())
SCHEMA: Final = pa.schema(
    [
        ("item", _TEXT),  # canonical JSON of the Item
        ("start", pa.timestamp("ms", "UTC")),
        ("end", pa.timestamp("ms", "UTC")),
        ("ms", pa.int32()),
        ("n", pa.int32()),
        ("source", pa.int8()),  # position in SOURCES
        ("video", pa.bool_()),
        ("shuffle", pa.bool_()),
        ("skipped", pa.bool_()),
        ("offline", pa.bool_()),
        ("private", pa.bool_()),
        ("platform", _TEXT),
        ("country", _TEXT),
        ("reason_start", _TEXT),
        ("reason_end", _TEXT),
    ]
)

_NO_PLAYS: Final = pa.Table.from_batches([], schema=SCHEMA)

_SOURCE_CODES: Final = {name: code for code, name in enumerate(SOURCES)}
_FLAGS: Final = ("video", "shuffle", "skipped", "offline", "private")
_TEXTS: Final = ("platform", "country", "reason_start", "reason_end")

_encode_item = msgspec.json.Encoder().encode
_decode_items = msgspec.json.Decoder(list[Item])


def table_of(plays: Iterable[Play]) -> pa.Table:
    """The plays as one Arrow table of SCHEMA, in their order."""
    rows = list(plays)
    texts: dict[Item, str] = {}
    items = [texts.get(item) or texts.setdefault(item, _encode_item(item).decode()) for item in map(item_of, rows)]
    return pa.table(
        [
            _text_array(items),
            _number_array([instant_ms(play.start) for play in rows], pa.timestamp("ms", "UTC"), np.int64),
            _number_array([instant_ms(play.end) for play in rows], pa.timestamp("ms", "UTC"), np.int64),
            _number_array([play.ms for play in rows], pa.int32(), np.int32),
            _number_array([number_of(play.id) for play in rows], pa.int32(), np.int32),
            _number_array([_SOURCE_CODES[play.source] for play in rows], pa.int8(), np.int8),
            *(_flag_array([getattr(play, name) for play in rows]) for name in _FLAGS),
            *(_text_array([getattr(play, name) for play in rows]) for name in _TEXTS),
        ],
        schema=SCHEMA,
    )


def ipc_bytes(table: pa.Table) -> bytes:
    """The table as an Arrow IPC stream, LZ4 inside: half again as large as Zstandard, read in a third of the time."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table.combine_chunks())
    return cast("bytes", sink.getvalue().to_pybytes())


def table_from(data: bytes) -> pa.Table:
    """The table of an Arrow IPC stream."""
    with pa.ipc.open_stream(data) as reader:
        return reader.read_all()


@dataclass(frozen=True, eq=False)
class History:
    """A listener's plays as parallel arrays of one length, in the order of (start, key)."""

    item: Codes
    """Position in `items`."""
    start: Ints
    """ms since 1970 UTC, as `end`."""
    end: Ints
    ms: Ints
    n: Codes
    """The last part of the play's key."""
    source: Small
    """Position in SOURCES."""
    video: Flags
    shuffle: Small
    """0 false, 1 true, 2 (UNKNOWN) not told; as `skipped`, `offline`, `private`."""
    skipped: Small
    offline: Small
    private: Small
    platform: Codes
    """Position in `platforms`; as `country`, `reason_start`, `reason_end` in theirs."""
    country: Codes
    reason_start: Codes
    reason_end: Codes
    items: Sequence[Item]
    platforms: Sequence[str | None]
    countries: Sequence[str | None]
    reason_starts: Sequence[str | None]
    reason_ends: Sequence[str | None]
    saved: Sequence[SavedItem]

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def kind_of_item(self) -> Small:
        """Position in KINDS of each item."""
        code = {name: number for number, name in enumerate(KINDS)}
        return np.fromiter((code[item.kind] for item in self.items), np.int8, len(self.items))

    @cached_property
    def kind(self) -> Small:
        """Position in KINDS of each play."""
        return self.kind_of_item[self.item]

    @cached_property
    def tracks(self) -> Entries:
        """The tracks: URIs, and names where no URI is known."""
        return entries_of("tracks", self.items, self.item, self.saved)

    @cached_property
    def artists(self) -> Entries:
        """The artists of tracks, by exact name."""
        return entries_of("artists", self.items, self.item, self.saved)

    @cached_property
    def albums(self) -> Entries:
        """The albums of tracks, by name and album artist."""
        return entries_of("albums", self.items, self.item, self.saved)

    @cached_property
    def shows(self) -> Entries:
        """The shows of episodes, by name."""
        return entries_of("shows", self.items, self.item, self.saved)

    @cached_property
    def nbytes(self) -> int:
        """Bytes of the arrays and a fair guess at the items, for a reader's budget."""
        arrays = sum(value.nbytes for value in vars(self).values() if isinstance(value, np.ndarray))
        return arrays + 600 * len(self.items)


def history_of(tables: Sequence[pa.Table], saved: Sequence[SavedItem] = ()) -> History:
    """One history out of its months' tables, in whatever order they come."""
    table = pa.concat_tables([_NO_PLAYS, *tables]).unify_dictionaries().combine_chunks()
    numbers = {name: _numbers(table.column(name)) for name in ("start", "end", "ms", "n", "source")}
    order = _order(numbers["start"], numbers["end"], numbers["ms"], numbers["n"])
    texts = {name: _texts(table.column(name), order) for name in SCHEMA.names if SCHEMA.field(name).type == _TEXT}
    flags = {name: _three_valued(table.column(name))[order] for name in ("shuffle", "skipped", "offline", "private")}
    codes, item_texts = texts["item"]
    return History(
        item=codes,
        start=numbers["start"][order].astype(np.int64),
        end=numbers["end"][order].astype(np.int64),
        ms=numbers["ms"][order].astype(np.int64),
        n=numbers["n"][order].astype(np.int32),
        source=numbers["source"][order].astype(np.int8),
        video=_three_valued(table.column("video"))[order] == 1,
        **flags,
        platform=texts["platform"][0],
        country=texts["country"][0],
        reason_start=texts["reason_start"][0],
        reason_end=texts["reason_end"][0],
        items=_decode_items.decode("[" + ",".join(cast("list[str]", item_texts)) + "]"),
        platforms=texts["platform"][1],
        countries=texts["country"][1],
        reason_starts=texts["reason_start"][1],
        reason_ends=texts["reason_end"][1],
        saved=saved,
    )


def _order(*columns: Ints) -> npt.NDArray[np.intp] | slice:
    """What puts the rows in the order of these columns: months read in turn are in it already."""
    undecided = np.ones(max(0, len(columns[0]) - 1), bool)
    for column in columns:
        earlier, later = column[:-1], column[1:]
        if (undecided & (earlier > later)).any():
            return np.lexsort(columns[::-1])
        undecided &= earlier == later
    return slice(None)


def history_of_plays(plays: Iterable[Play], saved: Sequence[SavedItem] = ()) -> History:
    """The history of plays at hand."""
    return history_of([table_of(plays)], saved)


# Arrow's own conversions from and to Python and NumPy look for pandas, and load it where it is installed: 45 MB and
# most of a second for nothing. So its buffers are written and read here.


def _number_array(values: Sequence[int], arrow: pa.DataType, numpy: type[np.signedinteger[Any]]) -> pa.Array:
    return pa.Array.from_buffers(arrow, len(values), [None, pa.py_buffer(np.array(values, numpy))])


def _flag_array(values: Sequence[bool | None]) -> pa.Array:
    told, true = _packed([value is not None for value in values]), _packed([value is True for value in values])
    return pa.Array.from_buffers(pa.bool_(), len(values), [told, true])


def _text_array(values: Sequence[str | None]) -> pa.Array:
    codes: dict[str, int] = {}
    code_of = [0 if value is None else codes.setdefault(value, len(codes)) for value in values]
    told = _packed([value is not None for value in values])
    indices = pa.Array.from_buffers(pa.int32(), len(values), [told, pa.py_buffer(np.array(code_of, np.int32))])
    encoded = [text.encode() for text in codes]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.DictionaryArray.from_arrays(indices, pa.Array.from_buffers(pa.string(), len(codes), buffers))


def _packed(bits: Sequence[bool]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(np.array(bits, bool), bitorder="little"))


def _numbers(column: pa.ChunkedArray) -> Ints:
    array = column.combine_chunks()
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.int64())
    return np.asarray(np.from_dlpack(array), np.int64)


def _three_valued(column: pa.ChunkedArray) -> Small:
    array = column.combine_chunks()
    told, values = _told(array), _bits(array.buffers()[1], array)
    return np.where(told, values, UNKNOWN).astype(np.int8)


def _texts(column: pa.ChunkedArray, order: npt.NDArray[np.intp] | slice) -> tuple[Codes, list[str | None]]:
    """The codes in the new order and what they stand for; None takes a code of its own where it occurs."""
    array = column.combine_chunks()
    texts: list[str | None] = array.dictionary.to_pylist()
    indices = array.indices
    codes = np.frombuffer(indices.buffers()[1], np.int32, len(indices), 4 * indices.offset)
    if indices.null_count:
        codes = np.where(_told(indices), codes, len(texts)).astype(np.int32)
        texts.append(None)
    return codes[order].copy(), texts


def _told(array: pa.Array) -> Flags:
    """Where the array holds a value."""
    validity = array.buffers()[0]
    return np.ones(len(array), bool) if validity is None else _bits(validity, array)


def _bits(buffer: pa.Buffer, array: pa.Array) -> Flags:
    """One bit of the buffer for each entry of the array."""
    packed = np.frombuffer(buffer, np.uint8)
    return np.unpackbits(packed, count=array.offset + len(array), bitorder="little")[array.offset :].astype(bool)
