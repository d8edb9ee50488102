"""What may be kept of rows that are invalid: packed, since a broken file may hold nothing else."""

import zlib
from collections.abc import Iterator
from typing import Final

import msgspec

_ROWS_OF_A_BLOCK: Final = 1_000

Unkept = tuple[int, bytes]
"""(row number, the row as JSON)."""


class UnkeptRows:
    """Invalid rows in their order."""

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._open: list[Unkept] = []

    def add(self, row: int, text: bytes) -> None:
        """The next one."""
        self._open.append((row, text))
        if len(self._open) == _ROWS_OF_A_BLOCK:
            self._packed.append(zlib.compress(msgspec.msgpack.encode(self._open), 1))
            self._open = []

    def __iter__(self) -> Iterator[Unkept]:
        for block in self._packed:
            yield from msgspec.msgpack.decode(zlib.decompress(block), type=list[Unkept])
        yield from self._open
