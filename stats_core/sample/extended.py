"""The files of an extended streaming history: which rows lie in which file, and what the file is called."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import numpy as np

from stats_core.sample.dice import Ints
from stats_core.sample.generations import FIELDS, rows_of
from stats_core.sample.listening import CHAPTER, History

BROKEN_ROWS = 5
"""Rows of the first audio file that no importer can keep, beside the history's own."""
FILE_BYTES = 12_000_000
"""Where Spotify begins the next file."""
_BREAKS: tuple[dict[str, object], ...] = (
    {"ts": "yesterday evening"},
    {"ts": "2999-12-31T23:59:59Z"},
    {"ms_played": None},
    {"ms_played": -1},
)
_READ_ME = b"%PDF-1.4\n% A made-up sample: no person's data, and nothing to read.\n%%EOF\n"


@dataclass(frozen=True)
class Member:
    """A member of a ZIP; `rows` counts the rows of a file of listening history, None marks any other file."""

    path: str
    data: bytes
    rows: int | None = None


def extended_members(history: History, generation: int, file_bytes: int = FILE_BYTES) -> Iterator[Member]:
    """The members of an extended export of this generation, one at a time."""
    kept = np.ones(len(history), np.bool_) if generation >= 5 else history.kind != CHAPTER
    for video in (False, True):
        at = np.flatnonzero(kept & (history.video == video)).astype(np.int64)
        if generation <= 2:
            yield from _lifetime_files(history, at, generation, file_bytes, video)
        else:
            yield from _yearly_files(history, at, generation, file_bytes, video)
    if generation <= 2:
        yield Member("MyData/Read_Me_First.pdf", _READ_ME)
    else:
        yield Member("Spotify Extended Streaming History/ReadMeFirst_ExtendedStreamingHistory.pdf", _READ_ME)


def _lifetime_files(history: History, at: Ints, generation: int, file_bytes: int, video: bool) -> Iterator[Member]:
    """G1 and G2: in no order, every file from the first year to the last."""
    # A repeated row has its original's bits, so a stable sort leaves the two side by side.
    at = at[np.argsort(history.bits[at], kind="stable")]
    files = _packed(history, at, generation, file_bytes, broken=not video)
    for number, (_, data, rows) in enumerate(files):
        name = "endvideo" if video and not number else f"{'endvideo' if video else 'endsong'}_{number}"
        yield Member(f"MyData/{name}.json", data, rows)


def _yearly_files(history: History, at: Ints, generation: int, file_bytes: int, video: bool) -> Iterator[Member]:
    """G3 and later: in order of end, each file named after its years."""
    files = _packed(history, at, generation, file_bytes, broken=not video)
    for number, (packed, data, rows) in enumerate(files):
        first, last = (int(str(history.end[packed[end]].astype("datetime64[s]"))[:4]) for end in (0, -1))
        years = str(first) if first == last else f"{first}-{last}"
        name = f"Video_{years}" if video and not number else f"{'Video' if video else 'Audio'}_{years}_{number}"
        yield Member(f"Spotify Extended Streaming History/Streaming_History_{name}.json", data, rows)


def _packed(
    history: History, at: Ints, generation: int, file_bytes: int, *, broken: bool
) -> Iterator[tuple[Ints, bytes, int]]:
    """The rows in files of at most `file_bytes`: positions, the file's bytes and its number of rows."""
    pretty = generation >= 4
    # Line breaks, indents and spaces that pretty printing adds to a row.
    added = 6 * len(FIELDS[generation]) + 7 if pretty else 1
    rows: list[bytes] = []
    size = begun = 0
    for position, row in enumerate(rows_of(history, at, generation)):
        # A repeated row stays in its original's file, where alone it means a second play.
        if rows and size + len(row) + added > file_bytes and not history.repeats[at[position]]:
            yield at[begun:position], *_written(rows, pretty, broken and not begun)
            rows, size, begun = [], 0, position
        rows.append(row)
        size += len(row) + added
    if rows:
        yield at[begun:], *_written(rows, pretty, broken and not begun)


def _written(rows: list[bytes], pretty: bool, broken: bool) -> tuple[bytes, int]:
    if broken:
        rows = _with_broken_rows(rows)
    data = b"[" + b",".join(rows) + b"]"
    return (msgspec.json.format(data, indent=2) if pretty else data), len(rows)


def _with_broken_rows(rows: list[bytes]) -> list[bytes]:
    """The rows and, spread among them, BROKEN_ROWS more: each a sound row's copy, broken in another way."""
    mixed = list(rows)
    for number in range(BROKEN_ROWS):
        # From the end, so that the places before stay what they are.
        place = len(rows) * (BROKEN_ROWS - number) // (BROKEN_ROWS + 1)
        row: dict[str, object] = msgspec.json.decode(rows[place])
        mixed.insert(place, msgspec.json.encode("not a row" if number == 0 else row | _BREAKS[number - 1]))
    return mixed
