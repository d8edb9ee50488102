"""A listener's plays as Arrow columns: one table a UTC month of start, many of them one `History` in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final, cast

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from stats_core.documents import KINDS, SOURCES, Play, SavedItem
from stats_core.history.items import Item, item_of
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

_encode_item = msgspec.json.Encoder().encode
_decode_items = msgspec.json.Decoder(list[Item])


def table_of(plays: Iterable[Play]) -> pa.Table:
    """The plays as one Arrow table of SCHEMA, in their order."""
    rows = list(plays)
    texts: dict[Item, str] = {}
    items = [texts.get(item) or texts.setdefault(item, _encode_item(item).decode()) for item in map(item_of, rows)]
    source = {name: code for code, name in enumerate(SOURCES)}
    values: dict[str, list[object]] = {
        "item": cast("list[object]", items),
        "start": [play.start for play in rows],
        "end": [play.end for play in rows],
        "ms": [play.ms for play in rows],
        "n": [int(play.id.rpartition("|")[2]) for play in rows],
        "source": [source[play.source] for play in rows],
        **{
            name: [getattr(play, name) for play in rows]
            for name in SCHEMA.names
            if name not in {"item", "start", "end", "ms", "n", "source"}
        },
    }
    arrays = []
    for field in SCHEMA:
        if pa.types.is_dictionary(field.type):
            arrays.append(pa.array(values[field.name], pa.string()).dictionary_encode())
        else:
            arrays.append(pa.array(values[field.name], field.type))
    return pa.table(arrays, schema=SCHEMA)


def ipc_bytes(table: pa.Table) -> bytes:
    """The table as an Arrow IPC stream, zstd inside."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
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
    order = np.lexsort((numbers["n"], numbers["ms"], numbers["end"], numbers["start"]))
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


def history_of_plays(plays: Iterable[Play], saved: Sequence[SavedItem] = ()) -> History:
    """The history of plays at hand."""
    return history_of([table_of(plays)], saved)


def month_of(instant: datetime) -> str:
    """The UTC month an instant lies in, as `2024-07`."""
    return f"{instant.year:04}-{instant.month:02}"


# Arrow's own conversions to NumPy look for pandas, and load it where it is installed: here its buffers are read.


def _numbers(column: pa.ChunkedArray) -> Ints:
    array = column.combine_chunks()
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.int64())
    return np.asarray(np.from_dlpack(array), np.int64)


def _three_valued(column: pa.ChunkedArray) -> Small:
    array = column.combine_chunks()
    told, values = _told(array), _bits(array.buffers()[1], array)
    return np.where(told, values, UNKNOWN).astype(np.int8)


def _texts(column: pa.ChunkedArray, order: npt.NDArray[np.intp]) -> tuple[Codes, list[str | None]]:
    """The codes in the new order and what they stand for; None takes a code of its own where it occurs."""
    array = column.combine_chunks()
    texts: list[str | None] = array.dictionary.to_pylist()
    indices = array.indices
    codes = np.frombuffer(indices.buffers()[1], np.int32, len(indices), 4 * indices.offset)
    if indices.null_count:
        codes = np.where(_told(indices), codes, len(texts)).astype(np.int32)
        texts.append(None)
    return codes[order], texts


def _told(array: pa.Array) -> Flags:
    """Where the array holds a value."""
    validity = array.buffers()[0]
    return np.ones(len(array), bool) if validity is None else _bits(validity, array)


def _bits(buffer: pa.Buffer, array: pa.Array) -> Flags:
    """One bit of the buffer for each entry of the array."""
    packed = np.frombuffer(buffer, np.uint8)
    return np.unpackbits(packed, count=array.offset + len(array), bitorder="little")[array.offset :].astype(bool)
