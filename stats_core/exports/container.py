"""A dropped file as its JSON members: a ZIP, however it was packed, or one loose file. Guards against bombs."""

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
_BLOCK: Final = 256 << 10
_ZIP_MAGIC: Final = b"PK\x03\x04"
_EMPTY_ZIP_MAGIC: Final = b"PK\x05\x06"

Progress = Callable[[int], None]
"""Told the bytes of the dropped file that were read since the last call."""


@dataclass
class Unpacked:
    """Bytes really unpacked from one ZIP."""

    total: int = 0


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
        """Its first bytes; raises Refused where they cannot be read."""
        with _readable(self.path), self._open() as stream:
            return stream.read(size)

    def blocks(self) -> Iterator[bytes]:
        """All its bytes; raises Refused where they cannot be read, RefusedWhole where they grow beyond the limits."""
        with _readable(self.path), self._open() as stream:
            read = told = 0
            while block := stream.read(_BLOCK):
                read += len(block)
                if self._unpacked is not None:
                    self._unpacked.total += len(block)
                    _check_growth(self.path, read, self.size, self._unpacked.total)
                done = min(self.size, self.size * read // max(1, self.unpacked_size))
                self._progress(done - told)
                told = done
                yield block
            self._progress(self.size - told)


@contextmanager
def members_of(path: Path, name: str, progress: Progress = lambda _: None) -> Iterator[tuple[bool, list[Member]]]:
    """(is it a ZIP, its members in their order without directories); raises RefusedWhole for an unreadable ZIP."""
    with path.open("rb") as file:
        magic = file.read(4)
    if magic not in {_ZIP_MAGIC, _EMPTY_ZIP_MAGIC}:
        size = path.stat().st_size
        yield False, [Member(name, size, size, lambda: path.open("rb"), None, progress)]
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise RefusedWhole(
            "is a ZIP that cannot be read, most likely cut off while copying or downloading. Copy or download it again"
        ) from error
    with archive:
        entries = archive.infolist()
        if len(entries) > MOST_MEMBERS:
            raise RefusedWhole(
                f"is a ZIP of {len(entries):,} members; more than {MOST_MEMBERS:,} are not read. Drop Spotify's own ZIP"
            )
        unpacked = Unpacked()
        yield (
            True,
            [
                Member(
                    entry.filename,
                    entry.compress_size,
                    entry.file_size,
                    _opener(archive, entry),
                    unpacked,
                    progress,
                )
                for entry in entries
                if not entry.is_dir()
            ],
        )


def _opener(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: archive.open(entry)


@contextmanager
def _readable(path: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        if "password" not in str(error) and "encrypted" not in str(error):
            raise
        raise Refused("is encrypted. Unpack the ZIP with its password and drop the files") from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error) as error:
        raise Refused("is damaged inside its ZIP. Copy or download the ZIP again") from error


def _check_growth(path: str, read: int, packed: int, together: int) -> None:
    if read > LARGEST_MEMBER:
        reason = f"{path} unpacks to more than {LARGEST_MEMBER >> 30} GB"
    elif together > LARGEST_TOGETHER:
        reason = f"its members unpack to more than {LARGEST_TOGETHER >> 30} GB together"
    elif read > RATIO_COUNTS_FROM and read > LARGEST_RATIO * packed:
        reason = f"{path} unpacks to more than {LARGEST_RATIO} times its size"
    else:
        return
    raise RefusedWhole(f"is not read, since it could fill the machine: {reason}. Unpack it and drop the JSON files")
