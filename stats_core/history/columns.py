"""A listener's plays as Arrow columns: one table a UTC month of start, many of them one `History` in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, cast

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from stats_core.clock import instant_ms
from stats_core.documents.imports import SavedItem
from stats_core.documents.listeners import Covered
from stats_core.documents.plays import Observation, Play
from stats_core.documents.words import KINDS, SOURCES
from stats_core.history.by_entry import ByEntry, by_entry
from stats_core.history.catalogue import Catalogue
from stats_core.history.entries import Entries
from stats_core.history.items import Item, item_of
from stats_core.history.keys import number_of
from stats_core.history.lengths import Lengths, lengths_of
from stats_core.history.names import Names, names_of
from stats_core.history.naming import Naming
from stats_core.history.recordings import recordings_of

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Small = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]
TextCodes = npt.NDArray[np.uint8] | npt.NDArray[np.uint16] | npt.NDArray[np.int32]

UNKNOWN: Final = 2
"""A three-valued flag that the source did not tell; 0 is false, 1 is true."""

# Arrow's own allocator keeps up to 36 MB more of what was freed than the C library does.
pa.set_memory_pool(pa.system_memory_pool())

_TEXT: Final = pa.dictionary(pa.int32(), pa.string())
SCHEMA: Final = pa.schema(
    [
        ("item", _TEXT),  # canonical JSON of the Item
        ("start", pa.timestamp("ms", "UTC")),
        ("end", pa.timestamp("ms", "UTC")),
        ("ms", pa.int32()),
        ("n", pa.int32()),
        ("source", pa.int8()),  # position in SOURCES
        ("also", pa.int8()),  # a bit for each of SOURCES that tell of it, too
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

NO_CATALOGUE: Final = Catalogue()
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
            _number_array([_bits_of(play.others) for play in rows], pa.int8(), np.int8),
            *(_flag_array([getattr(play, name) for play in rows]) for name in _FLAGS),
            *(_text_array([getattr(play, name) for play in rows]) for name in _TEXTS),
        ],
        schema=SCHEMA,
    )


def _bits_of(others: Iterable[Observation]) -> int:
    return sum({1 << _SOURCE_CODES[other.source] for other in others})


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
    """A listener's plays as parallel arrays of one length, in the order of (start, key).

    The types are as narrow as the values allow: a service keeps many of these in memory.
    """

    item: Codes
    """Position in `items`."""
    start: Ints
    """ms since 1970 UTC."""
    span: npt.NDArray[np.uint32]
    """ms from the start to the end: 32 days at most, for a player's clock may lie 31 days before."""
    ms: Codes
    n: npt.NDArray[np.int16]
    """The last part of the play's key."""
    source: Small
    """Position in SOURCES."""
    also: Small
    """A bit for each of SOURCES that tell of the play, too: `1 << position`."""
    video: Flags
    shuffle: Small
    """0 false, 1 true, 2 (UNKNOWN) not told; as `skipped`, `offline`, `private`."""
    skipped: Small
    offline: Small
    private: Small
    platform: TextCodes
    """Position in `platforms`; as `country`, `reason_start`, `reason_end` in theirs."""
    country: TextCodes
    reason_start: TextCodes
    reason_end: TextCodes
    items: Sequence[Item]
    platforms: Sequence[str | None]
    countries: Sequence[str | None]
    reason_starts: Sequence[str | None]
    reason_ends: Sequence[str | None]
    saved: Sequence[SavedItem]
    catalogue: Catalogue
    coverage: Sequence[Covered]

    def __len__(self) -> int:
        return len(self.start)

    @property
    def end(self) -> Ints:
        """ms since 1970 UTC, made anew each time; of a few plays take `start + span`."""
        return self.start + self.span

    @cached_property
    def has_estimates(self) -> bool:
        """Whether there are plays that only the Web API told of."""
        return bool((self.source == _SOURCE_CODES["api"]).any())

    @cached_property
    def kind_of_item(self) -> Small:
        """Position in KINDS of each item."""
        code = {name: number for number, name in enumerate(KINDS)}
        return np.fromiter((code[item.kind] for item in self.items), np.int8, len(self.items))

    @cached_property
    def kind(self) -> Small:
        """Position in KINDS of each play's item: to look it up in every question takes 3 ms at 1,000,000 plays."""
        return self.kind_of_item.take(self.item)

    @cached_property
    def titles(self) -> Entries:
        """What was played, as a listener would count it: tracks (a track is its URI), episodes and chapters."""
        return self._naming.titles()

    @cached_property
    def tracks(self) -> Entries:
        """The titles that are tracks; positions are those of `titles`."""
        return self.titles.only("track")

    @cached_property
    def recordings(self) -> Entries:
        """Tracks that are one recording, published more than once."""
        return recordings_of(self.tracks, self.primary_artists, self.lengths, self.item, self.catalogue)

    @cached_property
    def artists(self) -> Entries:
        """The artists of tracks; a track may credit several."""
        return self._naming.artists()

    @cached_property
    def primary_artists(self) -> Entries:
        """The first artist of each track."""
        return self._naming.primary_artists()

    @cached_property
    def albums(self) -> Entries:
        """The albums of tracks."""
        return self._naming.albums()

    @cached_property
    def shows(self) -> Entries:
        """The shows of episodes."""
        return self._naming.shows()

    @cached_property
    def audiobooks(self) -> Entries:
        """The audiobooks of chapters."""
        return self._naming.audiobooks()

    @cached_property
    def names(self) -> Names:
        """What all of these are called, for whoever looks for it: titles, artists, albums, shows, audiobooks."""
        return names_of((self.titles, self.artists, self.albums, self.shows, self.audiobooks))

    @cached_property
    def lengths(self) -> Lengths:
        """How long each title is."""
        done = self.reason_ends.index("trackdone") if "trackdone" in self.reason_ends else None
        finished = np.empty(0, np.int64) if done is None else np.flatnonzero(self.reason_end == done)
        return lengths_of(self.titles, self.item[finished], self.ms[finished], self.catalogue)

    @cached_property
    def by_title(self) -> ByEntry:
        """The plays in the order of their titles."""
        return by_entry(self.titles, self.item)

    @cached_property
    def by_artist(self) -> ByEntry:
        """The plays in the order of the artists they credit."""
        return by_entry(self.artists, self.item)

    @cached_property
    def by_album(self) -> ByEntry:
        """The plays in the order of their albums."""
        return by_entry(self.albums, self.item)

    @cached_property
    def _naming(self) -> Naming:
        return Naming(self.items, self.item, self.saved, self.catalogue)

    @cached_property
    def nbytes(self) -> int:
        """Bytes of the arrays and a fair guess at the items and their names, for a reader's budget."""
        arrays = sum(value.nbytes for value in vars(self).values() if isinstance(value, np.ndarray))
        # Besides, the plays in three orders of four bytes each.
        return arrays + 13 * len(self) + 950 * len(self.items)


def history_of(
    tables: Sequence[pa.Table],
    saved: Sequence[SavedItem] = (),
    catalogue: Catalogue = NO_CATALOGUE,
    coverage: Sequence[Covered] = (),
) -> History:
    """One history out of its months' tables, in whatever order they come."""
    table = pa.concat_tables([_NO_PLAYS, *tables]).unify_dictionaries().combine_chunks()
    numbers = {name: _numbers(table.column(name)) for name in ("start", "end", "ms", "n", "source", "also")}
    order = _order(numbers["start"], numbers["end"], numbers["ms"], numbers["n"])
    texts = {name: _texts(table.column(name), order) for name in SCHEMA.names if SCHEMA.field(name).type == _TEXT}
    flags = {name: _three_valued(table.column(name))[order] for name in ("shuffle", "skipped", "offline", "private")}
    codes, item_texts = texts["item"]
    return History(
        item=codes,
        start=numbers["start"][order].astype(np.int64),
        span=(numbers["end"] - numbers["start"])[order].astype(np.uint32),
        ms=numbers["ms"][order].astype(np.int32),
        n=numbers["n"][order].astype(np.int16),
        source=numbers["source"][order].astype(np.int8),
        also=numbers["also"][order].astype(np.int8),
        video=_three_valued(table.column("video"))[order] == 1,
        **flags,
        platform=narrowed(texts["platform"][0], len(texts["platform"][1])),
        country=narrowed(texts["country"][0], len(texts["country"][1])),
        reason_start=narrowed(texts["reason_start"][0], len(texts["reason_start"][1])),
        reason_end=narrowed(texts["reason_end"][0], len(texts["reason_end"][1])),
        items=_items_of(cast("list[str]", item_texts)),
        platforms=texts["platform"][1],
        countries=texts["country"][1],
        reason_starts=texts["reason_start"][1],
        reason_ends=texts["reason_end"][1],
        saved=saved,
        catalogue=catalogue,
        coverage=coverage,
    )


def renewed(history: History, catalogue: Catalogue, coverage: Sequence[Covered]) -> History:
    """The same plays, named by what the catalogue says now and covered by what is known now; itself if both are."""
    if history.catalogue is catalogue and list(history.coverage) == list(coverage):
        return history
    return replace(history, catalogue=catalogue, coverage=coverage)


def _items_of(texts: Sequence[str]) -> list[Item]:
    """The items of their canonical JSON. A name is kept once, however many bear it: 3 MB less of 18,000 items."""
    kept: dict[str | None, str | None] = {}
    once = kept.setdefault
    return [
        Item(
            item.kind, item.uri, item.name, once(item.artist, item.artist), once(item.album, item.album),
            once(item.show, item.show), once(item.audiobook, item.audiobook),
            once(item.audiobook_uri, item.audiobook_uri), once(item.author, item.author),
        )
        for item in _decode_items.decode("[" + ",".join(texts) + "]")
    ]  # fmt: skip


def narrowed(codes: Codes, texts: int) -> TextCodes:
    """The codes of so many texts, in one byte each where those are few enough."""
    if texts <= 1 << 8:
        return codes.astype(np.uint8)
    return codes.astype(np.uint16) if texts <= 1 << 16 else codes


def _order(*columns: Ints) -> npt.NDArray[np.intp] | slice:
    """What puts the rows in the order of these columns: months read in turn are in it already."""
    undecided = np.ones(max(0, len(columns[0]) - 1), bool)
    for column in columns:
        earlier, later = column[:-1], column[1:]
        if (undecided & (earlier > later)).any():
            return np.lexsort(columns[::-1])
        undecided &= earlier == later
    return slice(None)


def history_of_plays(
    plays: Iterable[Play], saved: Sequence[SavedItem] = (), catalogue: Catalogue = NO_CATALOGUE
) -> History:
    """The history of plays at hand."""
    return history_of([table_of(plays)], saved, catalogue)


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
