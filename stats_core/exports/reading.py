"""A dropped file, read whole: each JSON file's rows or why it was refused, and what was ignored."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from stats_core.documents.imports import IgnoredMember, SavedItem
from stats_core.documents.words import FileStatus, Generation
from stats_core.errors import Refused, RefusedWhole
from stats_core.exports.container import Member, Progress, is_zip, members_of
from stats_core.exports.json_rows import NO_TEXT, NOT_JSON, NOT_UTF8, TRUNCATED, WRONG_SHAPE, RowReader
from stats_core.exports.pages import entries_of
from stats_core.exports.parse import ParsedFile, Parser
from stats_core.exports.recognise import (
    PEEK_BYTES,
    has_history_name,
    has_video_name,
    recognised,
)
from stats_core.exports.rows import AccountRow, ExtendedRow
from stats_core.exports.saved import saved_items

UNRECOGNISED: Final = (
    "holds no listening history that Spotify writes. Drop my_spotify_data.zip, or JSON files such as "
    "Streaming_History_Audio_2023_1.json or StreamingHistory_music_0.json"
)


@dataclass
class ReadFile:
    """One JSON file of a dropped file."""

    path: str
    status: FileStatus
    generation: Generation | None = None
    video: bool = False
    parsed: ParsedFile | None = None
    saved: list[SavedItem] = field(default_factory=list)
    reason: str | None = None


@dataclass
class ReadExport:
    """All that a dropped file holds."""

    files: list[ReadFile] = field(default_factory=list)
    ignored: list[IgnoredMember] = field(default_factory=list)


_extended = RowReader(ExtendedRow)
_account = RowReader(AccountRow)


def read_export(path: Path, name: str, parser: Parser, progress: Progress = lambda _: None) -> ReadExport:
    """Read a ZIP or a loose JSON file; raises RefusedWhole where nothing of it can be used."""
    export = ReadExport()
    with members_of(path, name, progress) as (zipped, members):
        for member in members:
            _read_member(member, export, parser, must_be_read=not zipped)
    if not export.files:
        raise RefusedWhole(UNRECOGNISED)
    return export


def read_rows(generation: Generation, video: bool, blocks: Iterable[bytes], path: str, parser: Parser) -> ReadFile:
    """One file whose generation is known; a file that can't be read whole is refused, with nothing of it kept."""
    try:
        if generation in {"library", "playlists"}:
            return ReadFile(path, "imported", generation, saved=saved_items(blocks))
        if generation == "recently-played":
            parsed = parser.played(entries_of(blocks))
        elif generation.startswith("extended"):
            parsed = parser.extended(_extended.chunks(blocks), video=video)
        else:
            parsed = parser.account(_account.chunks(blocks))
    except RefusedWhole:
        raise
    except Refused as error:
        return ReadFile(path, "refused", generation, reason=str(error))
    return ReadFile(path, "imported", generation, video=video, parsed=parsed)


def _read_member(member: Member, export: ReadExport, parser: Parser, *, must_be_read: bool) -> None:
    if not must_be_read and "__MACOSX" in member.path.split("/"):
        export.ignored.append(IgnoredMember(path=member.path, reason="macOS keeps its own notes here"))
        return
    expected = has_history_name(member.path)
    try:
        head = member.head(PEEK_BYTES)
    except Refused as error:
        if expected or must_be_read:
            export.files.append(ReadFile(member.path, "refused", reason=str(error)))
        else:
            export.ignored.append(IgnoredMember(path=member.path, reason=str(error)))
        return
    generation = recognised(head)
    if generation is not None:
        export.files.append(read_rows(generation, has_video_name(member.path), member.blocks(), member.path, parser))
    elif expected:
        export.files.append(_empty_or_refused(member.path, head))
    elif must_be_read:
        why = _empty_or_refused(member.path, head).reason
        export.files.append(
            ReadFile(member.path, "refused", reason=why if why in {NO_TEXT, NOT_UTF8} else UNRECOGNISED)
        )
    else:
        export.ignored.append(IgnoredMember(path=member.path, reason=_why_ignored(head)))


def _empty_or_refused(path: str, head: bytes) -> ReadFile:
    """A file with the name of a history in which none is seen."""
    try:
        rows = [row for chunk in _extended.chunks([head]) for row in chunk]
    except Refused as error:
        cut_off = len(head) == PEEK_BYTES and str(error) in {NOT_JSON, TRUNCATED}
        return ReadFile(path, "refused", reason=WRONG_SHAPE if cut_off else str(error))
    if rows:
        return ReadFile(path, "refused", reason=WRONG_SHAPE)
    nothing = Parser.nothing()
    return ReadFile(path, "imported", parsed=nothing, video=has_video_name(path))


def _why_ignored(head: bytes) -> str:
    if is_zip(head):
        return "is a ZIP inside the ZIP: drop it on its own"
    return "holds no listening history"
