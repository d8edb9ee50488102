"""Importing a dropped file: read it whole, keep it, bring the history in line, publish, close the ledger.

Safe to stop anywhere and to run again: the second run ends in the same plays and the same ledger as one that was never
stopped. Nothing is stored of a file that can't be read to its end.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from stats_core.clock import instant_ms, utc_now
from stats_core.documents.imports import Import, SavedItems
from stats_core.documents.upkeep import Lease
from stats_core.errors import ArchiveMissing, LeaseLost, RefusedWhole, StoreError, UnknownListener
from stats_core.exports.parse import Parser
from stats_core.exports.reading import ReadExport, ReadFile, read_export
from stats_core.history.marks import mark_everything, mark_months
from stats_core.history.months import month_name, months_of
from stats_core.history.observations import Vocabulary, concatenated
from stats_core.history.publishing import publish, saved_ids
from stats_core.history.repairing import repair_marked
from stats_core.history.rewriting import Arriving, Rewriter
from stats_core.imports.archive import archive_path, read_archive, read_manifest, write_archive
from stats_core.imports.closing import Ledger, closed_import
from stats_core.imports.coverage import known_coverage
from stats_core.listeners import known_listener, made_listener, plays_lease_name
from stats_core.settings import Settings
from stats_core.store import collections
from stats_core.store.leases import Held, lease
from stats_core.store.port import Query, Store

_HASH_BLOCK: Final = 1 << 20
_SAVED_OF_A_DOCUMENT: Final = 5_000
_ROWS_OF_A_SLICE: Final = 20_000
"""Enough that what a write costs by itself does not count, few enough to hold their documents' arrays twice."""


@dataclass(frozen=True)
class Watcher:
    """Who wants to know how an import goes; each may be left out."""

    read: Callable[[int], None] = lambda _: None
    """Told bytes of the dropped file as they are read."""
    written: Callable[[int, int], None] = lambda _done, _rows: None
    """Told how many of the rows have found their place."""
    waiting: Callable[[Lease], None] = lambda _: None
    """Told once for whom the import waits, if it does."""


@dataclass(frozen=True)
class Dropped:
    """A file on its way in."""

    path: Path
    name: str
    digest: str = ""
    """SHA-256 of its bytes; worked out when empty."""
    run_id: str | None = None
    watcher: Watcher = field(default_factory=Watcher)


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def import_key(user: str, digest: str) -> str:
    """The id of an import."""
    return f"{user}|{digest}"


def import_file(store: Store, settings: Settings, user: str, dropped: Dropped) -> tuple[Import, bool]:
    """Import a ZIP or a JSON file for a listener, made if need be; its document, and whether it was finished before.

    A refused file is no error: its document says why. Errors of the store and of the disk pass through; then the file
    can be imported again. Raises UnknownListener if the listener is erased meanwhile.
    """
    digest = dropped.digest or digest_of(dropped.path)
    name, size = readable_name(dropped.name), dropped.path.stat().st_size
    made_listener(store, settings.inbox_dir, user, settings.default_timezone)
    with _lease(store, user, name, dropped.watcher) as held:
        earlier = store.get(collections.imports, import_key(user, digest))
        if earlier is not None and earlier.status == "imported":
            return earlier, True
        document = _begun(store, user, digest, name, size, earlier, dropped.run_id)
        with _failure_noted(store, document):
            vocabulary = Vocabulary()
            try:
                read = _renewing(held, dropped.watcher)
                export = read_export(dropped.path, name, _parser(vocabulary, document, settings), read)
            except RefusedWhole as error:
                return _refused(store, document, str(error)), False
            if any(file.status == "imported" for file in export.files):
                manifest_of = (document.name, digest, document.size)
                write_archive(archive_path(settings.archive_dir, user, digest), manifest_of, export, vocabulary)
            return _stored(store, held, document, export, vocabulary, dropped.watcher), False


def import_archived(
    store: Store, settings: Settings, user: str, digest: str, watcher: Watcher | None = None, run_id: str | None = None
) -> Import:
    """Run an import again from the archive, with today's code; raises ArchiveMissing where that can't be."""
    path = archive_path(settings.archive_dir, user, digest)
    watcher = watcher or Watcher()
    try:
        known_listener(store, user)
        manifest = read_manifest(path)
        with _lease(store, user, manifest.name, watcher) as held:
            earlier = store.get(collections.imports, import_key(user, digest))
            document = _begun(store, user, digest, manifest.name, manifest.size, earlier, run_id)
            with _failure_noted(store, document):
                vocabulary = Vocabulary()
                export = read_archive(path, _parser(vocabulary, document, settings))
                return _stored(store, held, document, export, vocabulary, watcher)
    except UnknownListener as error:
        raise ArchiveMissing(
            f"The listener {user!r} was deleted, and the archive with them: nothing to import."
        ) from error


def _parser(vocabulary: Vocabulary, document: Import, settings: Settings) -> Parser:
    """Reads the import's files into the vocabulary; what it remembers meanwhile goes with it."""
    return Parser(vocabulary, instant_ms(document.received_at), settings.keep_country)


def readable_name(name: str) -> str:
    """A file's name as text that can be kept and printed: a disk's names may be no UTF-8."""
    return name.encode(errors="surrogateescape").decode(errors="replace")


@contextmanager
def _lease(store: Store, user: str, name: str, watcher: Watcher) -> Iterator[Held]:
    """Everything of an import happens under the listener's lease, on what no stopped run left half written."""
    with lease(store, plays_lease_name(user), purpose=f"importing {name}", waiting=watcher.waiting) as held:
        known_listener(store, user)  # erased while we waited: nobody is made anew
        repair_marked(store, held, user)
        yield held


def _renewing(held: Held, watcher: Watcher) -> Callable[[int], None]:
    def read(count: int) -> None:
        held.renew()
        watcher.read(count)

    return read


@contextmanager
def _failure_noted(store: Store, document: Import) -> Iterator[None]:
    """What stops an import stands in its document, unless the store itself is what fails, or the lease was lost."""
    try:
        yield
    except LeaseLost:
        raise
    except Exception as error:
        with suppress(StoreError):
            reason = str(error) or type(error).__name__
            if document.finished_at is None:
                store.update(collections.imports, document.id, {"status": "failed", "reason": reason})
        raise


def _begun(
    store: Store, user: str, digest: str, name: str, size: int, earlier: Import | None, run_id: str | None
) -> Import:
    """The import's document while it runs; an earlier run's keeps its times."""
    received_at = earlier.received_at if earlier else utc_now()
    document = earlier or Import(
        id=import_key(user, digest), user=user, digest=digest, name=name, size=size, status="importing",
        received_at=received_at, run_id=run_id,
    )  # fmt: skip
    if document.status not in {"imported", "partial"}:
        document = msgspec.structs.replace(document, status="importing", run_id=run_id or document.run_id, reason=None)
    store.put(collections.imports, [document])
    return document


def _refused(store: Store, document: Import, reason: str) -> Import:
    document = msgspec.structs.replace(document, status="refused", reason=reason, finished_at=utc_now())
    store.put(collections.imports, [document])
    return document


def _stored(
    store: Store, held: Held, document: Import, export: ReadExport, vocabulary: Vocabulary, watcher: Watcher
) -> Import:
    """Bring the history in line with a read export and close its ledger."""
    user = document.user
    rewriter = Rewriter(store, user, held, vocabulary)
    ledger = Ledger(export.files)
    months: set[str] = set()
    read_again = _carried_months(store, document)
    rows = sum(len(file.parsed.rows) for file in export.files if file.parsed)
    done = 0
    for ending, arriving in _slices(document.id, export.files):
        rewritten = rewriter.rewrite(ending, arriving)
        months |= rewritten.months
        ledger.count(arriving, rewritten.states)
        read_again -= set(ending)
        done += len(arriving.row)
        watcher.written(done, rows)
    for month in sorted(read_again):
        months |= rewriter.rewrite([month], without=document.id).months
    saved = _save_items(store, held, document, export.files)
    closed = closed_import(document, export, ledger)
    coverage = known_coverage(store, user, closing=closed)
    if months or saved is not None or coverage != known_listener(store, user).coverage:
        publish(store, held, user, months, saved=saved, coverage=coverage)
    mark_months(store, user, months, document.id, published=True)
    if saved is not None:  # may name the tracks of any month
        mark_everything(store, user)
    held.renew()
    store.put(collections.imports, [closed])
    return closed


def _slices(import_id: str, files: list[ReadFile]) -> Iterator[tuple[list[str], Arriving]]:
    """The rows of all files in the order of time, some whole UTC months of end at once."""
    parsed = [(position, file.parsed) for position, file in enumerate(files) if file.parsed is not None]
    observed = concatenated([rows.observations for _, rows in parsed])
    nothing = np.empty(0, np.int32)
    file = np.concatenate([nothing, *(np.full(len(rows.rows), position, np.int32) for position, rows in parsed)])
    row = np.concatenate([nothing, *(rows.rows for _, rows in parsed)])
    generations = {position: generation for position, one in enumerate(files) if (generation := one.generation)}
    order = np.lexsort((row, file, observed.ms, observed.end))
    numbers, firsts = np.unique(months_of(observed.end[order]), return_index=True)
    names = [month_name(number) for number in numbers.tolist()]
    ends = [*firsts[1:].tolist(), len(order)] if names else []
    first, begin = 0, 0
    for number, end in enumerate(ends):
        if end - begin >= _ROWS_OF_A_SLICE or end == len(order):
            here = order[begin:end]
            yield (
                names[first : number + 1],
                Arriving(import_id, observed.take(here), file[here], row[here], generations),
            )
            first, begin = number + 1, end


def _carried_months(store: Store, document: Import) -> set[str]:
    """Months in which an earlier run carried something; this one may read the file differently."""
    return {part.month for part in store.find(collections.carried, Query(equal={"import_id": document.id}))}


def _save_items(store: Store, held: Held, document: Import, files: list[ReadFile]) -> list[str] | None:
    """Keep what library and playlists call their URIs; what readers are to load then, None if nothing changes."""
    documents = [
        SavedItems(
            id=f"{document.id}|{position}|{part:03}",
            user=document.user,
            import_id=document.id,
            items=file.saved[at : at + _SAVED_OF_A_DOCUMENT],
        )
        for position, file in enumerate(files)
        for part, at in enumerate(range(0, len(file.saved), _SAVED_OF_A_DOCUMENT))
    ]
    if not documents:
        return None
    held.renew()
    store.put(collections.saved_items, documents)
    return saved_ids(store, document.user)
