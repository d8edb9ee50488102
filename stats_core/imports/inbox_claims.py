"""What becomes of the files in the inbox: imported and gone, refused and set aside, or still there and why."""

import errno
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stats_core.documents.imports import Import
from stats_core.errors import ArchiveMissing
from stats_core.imports.importer import Dropped, Watcher, digest_of, import_archived, import_file, import_key
from stats_core.imports.inbox import ImportKey, Lying, files_in, import_key_of
from stats_core.settings import Settings
from stats_core.store import collections
from stats_core.store.port import Query, Range, Store

STUCK_SECONDS: Final = 600.0
"""An import takes a minute: a file that lies there for ten is stuck."""
_REFUSED_OF_A_NAME: Final = 10_000


@dataclass(frozen=True)
class Taken:
    """An import that was asked for by its key."""

    document: Import
    unchanged: bool
    """It was finished before; nothing was done."""
    from_archive: bool
    set_aside: Path | None = None
    """Where a file was moved that was refused, or had members that were."""


@dataclass(frozen=True)
class StuckFile:
    """A file that lies in the inbox for too long."""

    path: Path
    user: str
    seconds: float
    """For how long."""
    document: Import | None
    """What became of the last try; none: no run has begun."""


def take_in(
    store: Store,
    settings: Settings,
    key: ImportKey,
    *,
    hint: str | None = None,
    run_id: str | None = None,
    watcher: Watcher | None = None,
) -> Taken:
    """Import what a partition stands for: from the inbox if it lies there, else again from the archive.

    An imported file goes from the inbox; one of which anything was refused moves to the refused folder with the
    reasons: what was refused is nowhere else. `hint` says where below the inbox to look first. Safe to stop anywhere
    and to run again. Raises ArchiveMissing, and what importing raises.
    """
    users = {listener.id for listener in store.find(collections.listeners)}
    found = _found(settings, users, key, hint)
    if found is None:
        return Taken(_again(store, settings, users, key, run_id, watcher), unchanged=False, from_archive=True)
    file, digest = found
    dropped = Dropped(settings.inbox_dir / file.path, file.name, digest, run_id, watcher or Watcher())
    document, unchanged = import_file(store, settings, key.user, dropped)
    set_aside = None
    if _as_it_was(settings.inbox_dir, file):  # else another file took its place meanwhile: that one's turn comes
        if document.status in {"refused", "partial"}:
            set_aside = _set_aside(settings.refused_dir, dropped.path, document)
        else:
            dropped.path.unlink()
    return Taken(document, unchanged, from_archive=False, set_aside=set_aside)


def stuck_files(store: Store, settings: Settings) -> list[StuckFile]:
    """The files that have lain in the inbox, unchanged, for longer than an import takes."""
    users = {listener.id for listener in store.find(collections.listeners)}
    stuck = []
    for file in files_in(settings.inbox_dir, users, settings.default_user):
        seconds = time.time() - file.ctime_ns / 1e9
        if seconds > STUCK_SECONDS:
            path = settings.inbox_dir / file.path
            try:
                document = store.get(collections.imports, import_key(file.user, digest_of(path)))
            except OSError:
                document = None
            stuck.append(StuckFile(path, file.user, seconds, document))
    return stuck


def _found(settings: Settings, users: set[str], key: ImportKey, hint: str | None) -> tuple[Lying, str] | None:
    """The file of that key in the inbox and its digest. Only then is everything hashed, likely names first."""
    files = [file for file in files_in(settings.inbox_dir, users, settings.default_user) if file.user == key.user]
    files.sort(key=lambda file: (file.path != hint, import_key_of(key.user, file.name, key.digest12).slug != key.slug))
    for file in files:
        try:
            digest = digest_of(settings.inbox_dir / file.path)
        except OSError:
            continue
        if digest.startswith(key.digest12) and _as_it_was(settings.inbox_dir, file):
            return file, digest
    return None


def _again(
    store: Store, settings: Settings, users: set[str], key: ImportKey, run_id: str | None, watcher: Watcher | None
) -> Import:
    if key.user not in users:
        raise ArchiveMissing(
            f"There is no listener {key.user!r}: deleted, and the archive with them. Nothing to import."
        )
    ids = Range("_id", import_key(key.user, key.digest12), import_key(key.user, key.digest12 + "~"))
    document = next(iter(store.find(collections.imports, Query(range=ids, order="_id", limit=1))), None)
    if document is None:
        raise ArchiveMissing(f"{key} lies neither in the inbox nor in the archive. Drop the file again.")
    return import_archived(store, settings, key.user, document.digest, watcher, run_id)


def _as_it_was(inbox: Path, file: Lying) -> bool:
    try:
        now = (inbox / file.path).stat()
    except OSError:
        return False
    return (now.st_size, now.st_mtime_ns, now.st_ctime_ns) == (file.size, file.mtime_ns, file.ctime_ns)


def _set_aside(refused: Path, path: Path, document: Import) -> Path:
    """Move a file with the reasons; earlier ones stay as they are. Only we may read them: exports hold addresses."""
    folder = refused / document.user
    for each in (refused, folder):
        each.mkdir(parents=True, exist_ok=True)
        each.chmod(0o700)
    for number in range(1, _REFUSED_OF_A_NAME):
        name = path.name if number == 1 else f"{path.stem} ({number}){path.suffix}"
        target, reason = folder / name, folder / f"{name}.reason.txt"
        if target.exists():
            continue
        try:
            # The reason goes first: whoever creates it owns the name, and no file is ever there without one.
            with open(reason, "x", encoding="utf-8", opener=_for_us_alone) as file:
                file.write(_reasons(document))
        except FileExistsError:
            continue
        _moved(path, target)
        return target
    raise FileExistsError(errno.EEXIST, "too many refused files of that name: clear the folder", str(folder))


def _reasons(document: Import) -> str:
    if document.status == "partial":
        lines = [f"{document.name} was imported in part. These members were refused, all others are imported:"]
        lines += [f"{file.path}: {file.reason}" for file in document.files if file.status == "refused"]
    else:
        lines = [f"{document.name} was not imported.", document.reason or "No reason was given."]
        lines += [f"{file.path}: {file.reason}" for file in document.files if file.reason and file.reason != lines[1]]
    return "\n".join(lines) + "\n"


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _moved(path: Path, target: Path) -> None:
    try:
        path.chmod(0o600)
        path.rename(target)
    except OSError as error:
        if error.errno not in {errno.EXDEV, errno.EPERM}:  # another disk; dropped by another user
            raise
        unfinished = target.with_name(f".{target.name}.part")
        unfinished.unlink(missing_ok=True)
        with (
            path.open("rb") as dropped,
            open(unfinished, "xb", opener=_for_us_alone) as written,
        ):
            shutil.copyfileobj(dropped, written)
            written.flush()
            os.fsync(written.fileno())
        unfinished.rename(target)
        path.unlink()
