"""A dropped file as its JSON members: a ZIP, however it was packed, or one loose file. Guards against bombs."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from stats_core.errors import Refused, RefusedWhole

MOST_MEMBERS: Final = 10_000
LARGEST_MEMBER: Final = 2 << 30
LARGEST_TOGETHER: Final = 8 << 30
LARGEST_RATIO: Final = 300
RATIO_COUNTS_FROM: Final = 10 << 20
LARGEST_DIRECTORY: Final = 4 << 20
"""A ZIP's own list of its members: it is read into memory before they can be counted."""
_BLOCK: Final = 256 << 10
_STEP: Final = 4 << 10
_ZIP_MAGICS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
# The others unpack as much as a packed block gives at once: a bomb would be in memory before it could be measured.
_METHODS: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}

Progress = Callable[[int], None]
"""Told the bytes of the dropped file that were read since the last call."""


@dataclass
class Unpacked:
    """What one ZIP's members really gave."""

    total: int = 0
    packed: int = 0
    """Bytes the members read before this one take in the ZIP."""


@dataclass
class Member:
    """One file to look at: a member of a ZIP, or the loose file itself."""

    path: str
    size: int
    """Bytes it takes in the dropped file."""
    unpacked_size: int
    """Bytes it says to unpack to: good for showing progress, never trusted."""
    _open: Callable[[], IO[bytes]]
    _unpacked: Unpacked | None = None
    _progress: Progress = field(default=lambda _: None)

    def head(self, size: int) -> bytes:
        """Its first bytes, as far as they can be read; raises Refused where none can."""
        head = bytearray()
        try:
            with _readable(), self._open() as stream:
                while len(head) < size and (step := stream.read(min(_STEP, size - len(head)))):
                    head += step
        except Refused:
            if not head:
                raise
        return bytes(head)

    def blocks(self) -> Iterator[bytes]:
        """All its bytes; raises Refused where they cannot be read, RefusedWhole where they grow beyond the limits."""
        with _readable(), self._open() as stream:
            read = told = 0
            while block := stream.read(_BLOCK):
                read += len(block)
                if self._unpacked is not None:
                    self._unpacked.total += len(block)
                    _check_growth(self.path, read, self.size, self._unpacked)
                done = min(self.size, self.size * read // max(1, self.unpacked_size))
                self._progress(done - told)
                told = done
                yield block
            self._progress(self.size - told)
            if self._unpacked is not None:
                self._unpacked.packed += self.size


def is_zip(head: bytes) -> bool:
    """Whether a file with these first bytes means to be a ZIP."""
    return head.startswith(_ZIP_MAGICS)


@contextmanager
def members_of(path: Path, name: str, progress: Progress = lambda _: None) -> Iterator[tuple[bool, list[Member]]]:
    """(is it a ZIP, its members in their order without directories); raises RefusedWhole for an unreadable ZIP."""
    with path.open("rb") as file:
        head = file.read(len(_ZIP_MAGICS[0]))
    size = path.stat().st_size
    if not is_zip(head):
        yield False, [Member(name, size, size, lambda: path.open("rb"), None, progress)]
        return
    with _Bounded(io.FileIO(path)) as file, _opened(file) as archive:
        entries = archive.infolist()
        if len(entries) > MOST_MEMBERS:
            raise RefusedWhole(_TOO_MANY)
        unpacked = Unpacked()
        yield (
            True,
            [
                Member(
                    entry.filename,
                    min(entry.compress_size, size),
                    entry.file_size,
                    _opener(archive, entry),
                    unpacked,
                    progress,
                )
                for entry in entries
                if not entry.is_dir()
            ],
        )


class _Bounded(io.BufferedReader):
    """A file of which no list of members is read that is too long to be held."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > LARGEST_DIRECTORY:
            raise RefusedWhole(_TOO_MANY)
        return super().read(size)


_TOO_MANY: Final = f"is a ZIP of too many members: more than {MOST_MEMBERS:,} are not read. Drop Spotify's own ZIP"


def _opened(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OverflowError, ValueError, struct.error) as error:
        raise RefusedWhole(
            "is a ZIP that cannot be read, most likely cut off while copying or downloading. Copy or download it again"
        ) from error


def _opener(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        if entry.compress_type not in _METHODS and not entry.flag_bits & 1:
            raise Refused("is packed in a way that is not read. Unpack the ZIP and drop the files")
        return archive.open(entry)

    return opened


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except NotImplementedError as error:
        raise Refused("is packed in a way that is not read. Unpack the ZIP and drop the files") from error
    except RuntimeError as error:
        if "password" not in str(error) and "encrypted" not in str(error):
            raise
        raise Refused("is encrypted. Unpack the ZIP with its password and drop the files") from error
    except (zipfile.BadZipFile, EOFError, OverflowError, ValueError, struct.error, zlib.error) as error:
        raise Refused("is damaged inside its ZIP. Copy or download the ZIP again") from error


def _check_growth(path: str, read: int, packed: int, unpacked: Unpacked) -> None:
    together = unpacked.total
    if read > LARGEST_MEMBER:
        reason = f"{path} unpacks to more than {LARGEST_MEMBER >> 30} GB"
    elif together > LARGEST_TOGETHER:
        reason = f"its members unpack to more than {LARGEST_TOGETHER >> 30} GB together"
    elif read > RATIO_COUNTS_FROM and read > LARGEST_RATIO * packed:
        reason = f"{path} unpacks to more than {LARGEST_RATIO} times its size"
    elif together > RATIO_COUNTS_FROM and together > LARGEST_RATIO * (unpacked.packed + packed):
        reason = f"its members unpack to more than {LARGEST_RATIO} times their size"
    else:
        return
    raise RefusedWhole(f"is not read, since it could fill the machine: {reason}. Unpack it and drop the JSON files")
