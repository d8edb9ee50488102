"""The watched folder: which files lie in it, whose they are, and which are whole and want to be imported.

A look changes nothing: what it has to remember it answers as `seen`, for the next look. Whoever asks for an import of a
file that is `ready` may lose that memory and ask again: the same `run_key` comes out.
"""

import hashlib
import os
import re
import stat
import zipfile
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from stats_core.documents.words import USER_NAME
from stats_core.errors import InvalidParameter

SETTLE_SECONDS: Final = 2.0
"""How long a file must have been left alone."""
STALE_SECONDS: Final = 60.0
"""A file that looks cut off and was left alone for so long is asked for all the same: it is refused with a reason."""
PAUSES: Final = (10.0, 60.0, 300.0, 900.0, 3600.0)
"""Seconds after the end of a run that left its file behind, until the file is asked for again; then it is left."""
FILES_OF_A_LOOK: Final = 20
BYTES_OF_A_LOOK: Final = 4 << 30
"""At most so many files, and so many bytes beside the first file, are hashed in one look: a tick has a minute."""

_UNFINISHED: Final = (".part", ".tmp", ".crdownload")
_CLOSING: Final = {b"[": b"]", b"{": b"}"}
_TAIL: Final = 64 << 10
_DIGITS: Final = 12
_KEY = re.compile(rf"({USER_NAME})~([A-Za-z0-9._-]{{1,40}})~([0-9a-f]{{{_DIGITS}}})")


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """What a look remembers of a file."""

    user: str
    size: int
    mtime_ns: int
    ctime_ns: int
    since: float
    """When it was first seen like this, in seconds since 1970."""
    key: str = ""
    """Once it was asked for: its partition."""
    sent: int = 0
    """How often it was asked for."""
    busy_at: float = 0.0
    """When it was last asked for or being imported."""

    @property
    def run_key(self) -> str:
        """One for each dropping and attempt: a file that is dropped again has another ctime."""
        return f"{self.key}:{self.ctime_ns}" + (f":{self.sent}" if self.sent > 1 else "")


@dataclass(frozen=True)
class Lying:
    """A file as it lies in the inbox."""

    path: str
    """Below the inbox, with slashes."""
    user: str
    size: int
    mtime_ns: int
    ctime_ns: int

    @property
    def name(self) -> str:
        """The file's own name."""
        return PurePosixPath(self.path).name

    def like(self, seen: Seen) -> bool:
        """Whether it was the same, and the same listener's, when it was seen."""
        return (self.user, self.size, self.mtime_ns, self.ctime_ns) == (
            seen.user, seen.size, seen.mtime_ns, seen.ctime_ns,
        )  # fmt: skip


@dataclass(frozen=True)
class Ready:
    """A file to be imported."""

    file: Lying
    key: str
    """`<user>~<slug>~<digest12>`: the import's partition."""
    run_key: str


@dataclass(frozen=True)
class Look:
    """What one look found."""

    ready: tuple[Ready, ...]
    seen: Mapping[str, Seen]
    settling: int
    """Files that are not whole yet, or were not reached in this look."""
    sent: int
    """Files that were asked for and lie there still."""
    left: int
    """Those of them that will not be asked for again."""


@dataclass(frozen=True)
class ImportKey:
    """A partition key in its parts."""

    user: str
    slug: str
    digest12: str

    def __str__(self) -> str:
        return f"{self.user}~{self.slug}~{self.digest12}"


def import_key_of(user: str, name: str, digest: str) -> ImportKey:
    """The key of a dropped file; an upload has the digest in its name, and is not told it twice."""
    digest12 = digest[:_DIGITS]
    stem = PurePosixPath(name).stem.removesuffix(f"~{digest12}")
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", stem)[:40].strip("-.")
    return ImportKey(user, slug or "file", digest12)


def parsed_key(text: str) -> ImportKey:
    """The parts of a partition key; raises InvalidParameter."""
    parts = _KEY.fullmatch(text)
    if parts is None:
        raise InvalidParameter("partition", text, "<listener>~<name>~<first 12 digits of the file's SHA-256>")
    return ImportKey(*parts.groups())


def files_in(inbox: Path, users: Container[str], default_user: str) -> Iterator[Lying]:
    """The files of the inbox, in the order of their paths. A known listener's own folder holds theirs, the rest is the
    default listener's."""
    for folder, folders, names in os.walk(inbox):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        below = Path(folder).relative_to(inbox)
        user = below.parts[0] if below.parts and below.parts[0] in users else default_user
        for name in sorted(names):
            if name.startswith(".") or name.lower().endswith(_UNFINISHED):
                continue
            try:
                found = (Path(folder) / name).stat()
            except OSError:  # taken away just now, or a link to nowhere
                continue
            if stat.S_ISREG(found.st_mode):
                yield Lying((below / name).as_posix(), user, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def is_complete(path: Path) -> bool:
    """Whether a file looks whole: a ZIP has its directory at the end, JSON its closing bracket. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
        if head.startswith(b"PK") or path.suffix.lower() == ".zip":
            return zipfile.is_zipfile(file)
        file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
        tail = file.read().rstrip(b" \t\r\n\0")
    if head[:1] in _CLOSING:
        return tail.endswith(_CLOSING[head[:1]])
    return tail.endswith((b"]", b"}")) if path.suffix.lower() == ".json" else bool(tail)


def look(
    inbox: Path, users: Container[str], default_user: str, before: Mapping[str, Seen], now: float, *,
    unfinished: Container[str] = (), known: Mapping[tuple[str, str], str] | None = None,
) -> Look:  # fmt: skip
    """One look at the folder at `now` seconds since 1970.

    `before` is what the look before this has `seen`; `unfinished` has the run keys of imports under way; `known` maps
    (user, digest12) to the key of a file that came before, under whatever name.
    """

    def key_of(file: Lying) -> str | None:
        path = inbox / file.path
        try:
            with path.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
            after = path.stat()
        except OSError:
            return None
        if (after.st_size, after.st_mtime_ns, after.st_ctime_ns) != (file.size, file.mtime_ns, file.ctime_ns):
            return None
        named = import_key_of(file.user, file.name, digest)
        return (known or {}).get((file.user, named.digest12)) or str(named)

    def whole(file: Lying) -> bool:
        try:
            return is_complete(inbox / file.path)
        except OSError:
            return False

    return judged(files_in(inbox, users, default_user), before, now, unfinished, whole, key_of)


def judged(
    files: Iterable[Lying], before: Mapping[str, Seen], now: float, unfinished: Container[str],
    whole: Callable[[Lying], bool], key_of: Callable[[Lying], str | None],
) -> Look:  # fmt: skip
    """What is ready among the files that lie there. `key_of` may answer None: the file can't be read, or changed."""
    ready: list[Ready] = []
    seen: dict[str, Seen] = {}
    settling = sent = left = bytes_read = 0
    for file in files:
        earlier = before.get(file.path)
        if earlier is None or not file.like(earlier):
            earlier, again = Seen(file.user, file.size, file.mtime_ns, file.ctime_ns, now), False
        else:
            again = True
        seen[file.path] = earlier
        if earlier.sent:
            sent += 1
            if earlier.run_key in unfinished:
                seen[file.path] = msgspec.structs.replace(earlier, busy_at=now)
                continue
            if earlier.sent > len(PAUSES):
                left += 1
                continue
            if now < earlier.busy_at + PAUSES[earlier.sent - 1]:
                continue
        elif not again or not _settled(file, earlier, now, whole):
            settling += 1
            continue
        if len(ready) == FILES_OF_A_LOOK or (ready and bytes_read + file.size > BYTES_OF_A_LOOK):
            settling += not earlier.sent
            continue
        key = earlier.key or key_of(file)
        bytes_read += file.size
        if key is None:
            settling += 1
            continue
        asked = msgspec.structs.replace(earlier, key=key, sent=earlier.sent + 1, busy_at=now)
        seen[file.path] = asked
        ready.append(Ready(file, key, asked.run_key))
    return Look(tuple(ready), seen, settling, sent, left)


def _settled(file: Lying, earlier: Seen, now: float, whole: Callable[[Lying], bool]) -> bool:
    """Whether a file that was the same in the look before was left alone for long enough, and is whole."""
    # Its own mtime may lie in the future, or be years old in a copy: then it counts how long we have seen it so.
    alone = max(now - earlier.since, now - file.mtime_ns / 1e9)
    return alone >= SETTLE_SECONDS and (now - earlier.since >= STALE_SECONDS or whole(file))
