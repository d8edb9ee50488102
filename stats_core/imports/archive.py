"""The archive: what an import was made of, without the dropped fields, so that it can be run again.

One ZIP an import, mode 0600: `manifest.json` says what the dropped file held, `files/` has the rows of each JSON file
that was read, in Spotify's own field names and in their order, rows that were invalid included.
"""

import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, Literal, TypeVar

import msgspec
import numpy as np

from stats_core.documents.imports import IgnoredMember
from stats_core.documents.words import Generation
from stats_core.errors import ArchiveMissing
from stats_core.exports.pages import entry_text
from stats_core.exports.parse import ParsedFile, Parser
from stats_core.exports.platforms import kept_platform
from stats_core.exports.reading import ReadExport, ReadFile, read_rows
from stats_core.exports.saved import library_bytes
from stats_core.history.items import Item
from stats_core.history.observations import NO_CLOCK, Context, Vocabulary
from stats_core.settings import made_folder

Value = TypeVar("Value")

_BLOCK: Final = 256 << 10
_ROWS_OF_A_WRITE: Final = 5_000
_TEXTS_KNOWN: Final = 20_000
_MANIFEST: Final = "manifest.json"


class _ArchivedFile(msgspec.Struct, omit_defaults=True):
    path: str
    generation: Generation | None = None
    video: bool = False
    reason: str | None = None
    """Why it was refused: then there are no rows."""


class Manifest(msgspec.Struct):
    """What the dropped file was and held."""

    name: str
    digest: str
    size: int
    files: list[_ArchivedFile]
    ignored: list[IgnoredMember]


def archive_path(archive: Path, user: str, digest: str) -> Path:
    """Where an import's file lies, if it was archived."""
    return archive / user / f"{digest}.zip"


def write_archive(path: Path, manifest_of: tuple[str, str, int], export: ReadExport, vocabulary: Vocabulary) -> None:
    """Keep a read export; `manifest_of` is (name, digest, size) of the dropped file. Appears whole or not at all."""
    made_folder(path.parent)
    name, digest, size = manifest_of
    files = [_ArchivedFile(file.path, file.generation, file.video, file.reason) for file in export.files]
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with (
            os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target,
            zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        ):
            manifest = Manifest(name, digest, size, files, export.ignored)
            archive.writestr(_MANIFEST, msgspec.json.encode(manifest))
            for number, file in enumerate(export.files):
                if file.reason is None:
                    with archive.open(_member(number), "w", force_zip64=True) as member:
                        _write_file(member, file, vocabulary)
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(path)
    finally:
        with suppress(FileNotFoundError):
            unfinished.unlink()


def read_manifest(path: Path) -> Manifest:
    """What an archived import was; raises ArchiveMissing."""
    with _opened(path) as archive:
        return msgspec.json.decode(archive.read(_MANIFEST), type=Manifest)


def read_archive(path: Path, parser: Parser) -> ReadExport:
    """The archived rows, parsed anew; raises ArchiveMissing."""
    with _opened(path) as archive:
        manifest = msgspec.json.decode(archive.read(_MANIFEST), type=Manifest)
        files = []
        for number, file in enumerate(manifest.files):
            if file.reason is not None:
                files.append(ReadFile(file.path, "refused", file.generation, reason=file.reason))
            elif file.generation is None:
                files.append(ReadFile(file.path, "imported", video=file.video, parsed=Parser.nothing()))
            else:
                blocks = _blocks(archive, _member(number))
                files.append(read_rows(file.generation, file.video, blocks, file.path, parser))
        return ReadExport(files, manifest.ignored)


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except FileNotFoundError:
        raise ArchiveMissing(
            f"{path.stem[:12]} of {path.parent.name!r} is not in the archive: it was refused, or the listener was "
            "deleted. Drop the file again."
        ) from None


def _member(number: int) -> str:
    return f"files/{number:04}.json"


def _blocks(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    with archive.open(member) as stream:
        while block := stream.read(_BLOCK):
            yield block


def _write_file(member: IO[bytes], file: ReadFile, vocabulary: Vocabulary) -> None:
    if file.parsed is None:
        member.write(library_bytes(file.saved))
        return
    rows = _rows(file.parsed, *_row_text(file.generation, vocabulary))
    member.write(b"[")
    batch: list[bytes] = []
    separator = b"\n"
    for row in rows:
        batch.append(row)
        if len(batch) == _ROWS_OF_A_WRITE:
            member.write(separator + b",\n".join(batch))
            batch, separator = [], b",\n"
    if batch:
        member.write(separator + b",\n".join(batch))
    member.write(b"\n]\n")


RowText = Callable[[str, int, int, int, int], bytes]
"""(End as 2024-01-31T23:59:59, ms, clock, item, context) -> the row as JSON."""
Unit = Literal["s", "ms"]
"""How finely ends are told."""


def _row_text(generation: Generation | None, vocabulary: Vocabulary) -> tuple[RowText, Unit]:
    if generation == "recently-played":
        return _page_text(vocabulary), "ms"
    if generation is not None and generation.startswith("extended"):
        return _extended_text(vocabulary), "s"
    return _account_text(vocabulary), "s"


def _rows(parsed: ParsedFile, text_of: RowText, unit: Unit) -> Iterator[bytes]:
    """The rows in their order, as `text_of` tells them, and the invalid ones."""
    unkept = iter(parsed.unkept)
    waiting = next(unkept, None)
    for at in range(0, len(parsed.rows), _ROWS_OF_A_WRITE):
        here = slice(at, at + _ROWS_OF_A_WRITE)
        seen = parsed.observations.take(here)
        seconds = np.datetime_as_string(seen.end.astype("datetime64[ms]"), unit=unit)
        columns = (seconds, parsed.rows[here], seen.ms, seen.clock, seen.item, seen.context)
        for second, row, ms, clock, item, context in zip(*(column.tolist() for column in columns), strict=True):
            while waiting is not None and waiting[0] < row:
                yield waiting[1]
                waiting = next(unkept, None)
            yield text_of(second, ms, clock, item, context)
    while waiting is not None:
        yield waiting[1]
        waiting = next(unkept, None)


def _extended_text(vocabulary: Vocabulary) -> RowText:
    item_text, context_text = (
        _texts(vocabulary.items.values, _item_text),
        _texts(vocabulary.contexts.values, _context_text),
    )

    def text_of(second: str, ms: int, clock: int, item: int, context: int) -> bytes:
        told = b"" if clock == NO_CLOCK else b',"offline_timestamp":%d' % (clock // 1000)
        return b'{"ts":"%bZ","ms_played":%d%b%b%b}' % (
            second.encode(),
            ms,
            item_text(item),
            context_text(context),
            told,
        )

    return text_of


def _account_text(vocabulary: Vocabulary) -> RowText:
    item_text = _texts(vocabulary.items.values, _account_item_text)

    def text_of(second: str, ms: int, _clock: int, item: int, _context: int) -> bytes:
        return b'{"endTime":"%b %b","msPlayed":%d%b}' % (
            second[:10].encode(),
            second[11:16].encode(),
            ms,
            item_text(item),
        )

    return text_of


def _page_text(vocabulary: Vocabulary) -> RowText:
    items, contexts = vocabulary.items.values, vocabulary.contexts.values

    def text_of(end: str, length: int, _clock: int, item: int, context: int) -> bytes:
        return entry_text(end, length, items[item], contexts[context])

    return text_of


def _texts(values: list[Value], text: Callable[[Value], bytes]) -> Callable[[int], bytes]:
    """The text of a code's value, made once unless there are very many."""
    known: dict[int, bytes] = {}

    def text_of(code: int) -> bytes:
        found = known.get(code)
        if found is None:
            if len(known) == _TEXTS_KNOWN:
                known.clear()
            found = known[code] = text(values[code])
        return found

    return text_of


def _members(fields: Mapping[str, object]) -> bytes:
    """The fields that are told, as they stand within a JSON object after others."""
    told = {name: value for name, value in fields.items() if value is not None}
    return b"," + msgspec.json.encode(told)[1:-1] if told else b""


def _item_text(item: Item) -> bytes:
    if item.kind == "episode":
        fields = {"episode_name": item.name, "episode_show_name": item.show, "spotify_episode_uri": item.uri}
    elif item.kind == "chapter":
        fields = {
            "audiobook_title": item.audiobook,
            "audiobook_uri": item.audiobook_uri,
            "audiobook_chapter_title": item.name,
            "audiobook_chapter_uri": item.uri,
        }
    else:
        fields = {
            "master_metadata_track_name": item.name,
            "master_metadata_album_artist_name": item.artist,
            "master_metadata_album_album_name": item.album,
            "spotify_track_uri": item.uri,
        }
    return _members(fields)


def _context_text(context: Context) -> bytes:
    return _members(
        {
            "platform": kept_platform(context.platform, context.model) if context.platform else None,
            "conn_country": context.country,
            "reason_start": context.reason_start,
            "reason_end": context.reason_end,
            "shuffle": context.shuffle,
            "skipped": context.skipped,
            "offline": context.offline,
            "incognito_mode": context.private,
        }
    )


def _account_item_text(item: Item) -> bytes:
    if item.kind == "chapter":
        return _members({"audiobookName": item.audiobook, "chapterName": item.name, "authorName": item.author})
    name, by = item.name or "Unknown Track", item.by or "Unknown Artist"
    if item.kind == "episode":
        return _members({"podcastName": by, "episodeName": name})
    return _members({"artistName": by, "trackName": name})
