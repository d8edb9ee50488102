"""Writes pages of `docs/` from the code: settings, data model, statistics. `make docs`; tests fail when they are old.

What a field means stands below it in `stats_core/documents`; the few words here are for names that mean the same
wherever they stand.
"""

import ast
import inspect
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

import msgspec
from pydantic_core import PydanticUndefined

from scripts import statistics_pages
from scripts.statistics_pages import sample_listener
from stats_core import documents
from stats_core.settings import Settings
from stats_core.store import collections
from stats_core.store.port import Collection, Stored

DOCS: Final = Path(__file__).parents[1] / "docs"
NOTE: Final = "<!-- Written by `make docs` from the code. Change the words there. -->"

SETTINGS_HEAD: Final = f"""\
# Settings

{NOTE}

Every setting is an environment variable; a file `.env` in the folder where a command is started may hold them too,
and the environment wins. What is wrong with a setting is said, by its name, before a command does anything.

| setting | default | what it is |
|---|---|---|"""

DATA_MODEL_HEAD: Final = f"""\
# Data model

{NOTE}

What lies in the store, collection by collection: the same on SQLite and MongoDB, with plain names and real dates, so
that any tool can read it. Every date is UTC to the millisecond; an optional field that holds its default is left out of
the stored document, and what is *derived* can be dropped and made anew with `spotify-stats rebuild`.

On MongoDB a collection is a collection. On SQLite it is a table of that name: `_id`, a column for each field that an
index names, and the whole document as JSON in `body`.
"""

MEANINGS: Final = {
    "id": "The key, `_id` in the store.",
    "user": "The listener.",
    "month": "`2024-01`.",
    "date": "`2024-01-31`.",
    "part": "Counted from 0: a document is at most a few megabytes.",
    "parts": "How many parts the month has.",
    "plays": "How many plays.",
    "ms": "Milliseconds listened.",
    "tracks": "How many different tracks.",
    "artists": "How many different artists.",
    "albums": "How many different albums.",
    "rows": "How many rows were read.",
    "states": "State -> how many rows ended in it.",
    "first_play": "The start of the earliest play.",
    "last_play": "The start of the latest play.",
    "import_id": "The import it came with.",
    "name": "What it is called.",
    "artist": "Its artist.",
    "path": "Where it lies inside the ZIP.",
    "reason": "Why, in words for a person.",
    "revision": "Raised by every change.",
    "created_at": "When it was made.",
    "digest": "SHA-256 of the dropped file's bytes.",
    "source": "Which kind of data says so.",
    "kind": "What was played.",
    "generation": "Which of Spotify's formats it has.",
    "generations": "Which of Spotify's formats its files have.",
    "uri": "Spotify's address of it.",
    "rank": "1 is the most played.",
    "of": "What is ranked.",
    "total": "How many there were, beyond those kept.",
    "entries": "The lines, best first.",
    "items": "The items.",
    "active_days": "Days with at least one play.",
}
"""Field -> what it means in every struct that says nothing else."""

OWN_MEANINGS: Final = {
    "Observation.album": "Title of the album.",
    "Observation.show": "Name of the podcast.",
    "Observation.audiobook": "Title of the audiobook.",
    "Observation.audiobook_uri": "Spotify's address of the audiobook.",
    "Observation.author": "Author of the audiobook.",
    "Observation.video": "Whether it was video.",
    "Observation.model": "The device's model, where the export gives one; never an id of the device.",
    "Observation.country": "Two letters; none where `STATS_KEEP_COUNTRY` is off.",
    "Observation.reason_start": "Why it started, in Spotify's word.",
    "Observation.reason_end": "Why it ended, in Spotify's word.",
    "Observation.shuffle": "Whether shuffle was on; none: not told.",
    "Observation.skipped": "Whether it was skipped; none: not told.",
    "Observation.offline": "Whether the device was offline; none: not told.",
    "Observation.private": "Whether it was a private session; none: not told.",
    "Play.others": "Every other observation of the same play that says something else.",
    "InvalidRow.field": "Which field was wrong.",
    "ImportFile.status": "Whether its rows were taken in.",
    "Import.name": "What the dropped file was called.",
    "Import.status": "How far it has come.",
    "Import.finished_at": "When its last row was stored.",
    "Import.size": "Bytes of the dropped file.",
    "Import.files": "Its JSON files and their ledgers.",
    "Import.ignored": "Its members that hold no listening history.",
    "Import.reason": "Why the whole file was refused, or why it failed.",
    "Carried.month": "The UTC month in which the plays ended, `2024-01`.",
    "SavedItem.name": "Its title.",
    "StreamRule.min_ms": "Shorter ones are no plays.",
    "StreamRule.private": "What becomes of private sessions.",
    "Listener.timezone": "IANA name of the listener's time zone.",
    "Listener.rule": "What counts as a play where a question does not say.",
    "Columns.month": "The UTC month in which the plays started, `2024-01`.",
    "Columns.revision": "Which writing of the month this is; readers load the one that the listener names.",
    "Columns.table": "The plays as arrays: MessagePack in Zstandard, as `stats_core/history/tables.py` says.",
    "Mark.month": "The UTC month in which plays started, `2024-01`.",
    "Mark.marked_at": "When it was marked last.",
    "Mark.import_id": "The import that changed it, if one did.",
    "Lease.owner": "A name that no other process has.",
    "Lease.host": "The machine it runs on.",
    "Lease.pid": "Its process there.",
    "Lease.purpose": "What it does, in words for who waits.",
    "Lease.expires_at": "From then on another may take it over; renewed while its owner lives.",
    "AccessKey.name": "What it is for.",
    "Gap.start": "Where it begins.",
    "Gap.end": "Where it ends, not included.",
    "Stretch.start": "Where it begins.",
    "Stretch.end": "Where it ends, not included.",
    "Sync.gaps": "Where plays may have been lost.",
    "Covered.start": "Where it begins.",
    "Covered.end": "Where it ends, not included.",
    "Covered.by": "How well it is known.",
    "Track.name": "Its title.",
    "Album.name": "Its title.",
    "Artist.name": "Their name.",
    "Track.revision": "Of the whole catalogue, when it was written: readers read what is newer than what they have.",
    "Album.revision": "Of the whole catalogue, when it was written.",
    "Artist.revision": "Of the whole catalogue, when it was written.",
    "Album.artists": "Whose album it is.",
    "Revision.revision": "Raised after each change.",
    "Layout.version": "A store of a newer version is refused.",
    "TopEntry.id": "The key of the track, artist or album, as the REST service knows it.",
    "TopEntry.ms": "Milliseconds listened to it.",
    "TopEntry.plays": "Its plays.",
    "TopEntry.name": "Its name; none: it has none.",
}
"""`Struct.field` -> what it means there, where the struct does not say."""

_TYPES: Final[dict[object, str]] = {
    str: "string", int: "integer", bool: "boolean", bytes: "binary", datetime: "date", float: "number",
}  # fmt: skip


class Undocumented(Exception):
    """A setting, collection or field says nothing about itself."""


def pages() -> dict[Path, str]:
    """Every page that is made from the code; raises Undocumented."""
    return {DOCS / "settings.md": settings_page(), DOCS / "data-model.md": data_model_page()}


def settings_page() -> str:
    """The settings as a table."""
    lines = [SETTINGS_HEAD]
    for name, field in Settings.model_fields.items():
        if not field.description:
            raise Undocumented(f"Settings.{name}: give it a description")
        empty = field.default in (None, "", Path(), PydanticUndefined)
        default = "" if empty else f"`{str(field.default).lower() if field.annotation is bool else field.default}`"
        lines.append(f"| `STATS_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def data_model_page() -> str:
    """Every collection, then the parts its documents are made of."""
    lines = [DATA_MODEL_HEAD]
    for collection in collections.ALL:
        lines += collection_section(collection)
    lines += ["# Parts", "", "What documents above are made of.", ""]
    for part in parts():
        lines += [f"## {part.__name__}", "", words_of(part), "", *table_of(part), ""]
    return "\n".join(lines).rstrip() + "\n"


def collection_section(collection: Collection[Stored]) -> list[str]:
    """A collection: what a document of it is, its indexes, its fields."""
    indexes = [f"`{', '.join(index.fields)}`" + (" (unique)" if index.unique else "") for index in collection.indexes]
    return [
        f"## {collection.name}",
        "",
        words_of(collection.document),
        "",
        f"Indexes: {'; '.join(['`_id`', *indexes])}." + (" Derived." if collection in collections.DERIVED else ""),
        "",
        *table_of(collection.document),
        "",
    ]


def words_of(struct: type[Any]) -> str:
    """A struct's own docstring as one paragraph a paragraph."""
    text = inspect.cleandoc(struct.__doc__ or "")
    if not text:
        raise Undocumented(f"{struct.__name__}: give it a docstring")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def table_of(struct: type[Any]) -> list[str]:
    """A struct's fields."""
    lines = ["| field | type | default | meaning |", "|---|---|---|---|"]
    for field in msgspec.structs.fields(struct):
        shown = "" if field.required else _default(field)
        lines.append(f"| `{field.encode_name}` | {type_of(field.type)} | {shown} | {meaning(struct, field.name)} |")
    return lines


def meaning(struct: type[Any], field: str) -> str:
    """What a field means: as its struct says, or a struct that it extends, or as the name does everywhere."""
    line = [one for one in struct.__mro__ if one.__module__.startswith(documents.__name__)]
    for one in line:
        if found := field_docstrings(one).get(field) or OWN_MEANINGS.get(f"{one.__name__}.{field}"):
            return " ".join(found.split())
    if field in MEANINGS:
        return MEANINGS[field]
    raise Undocumented(f"{struct.__name__}.{field}: say below it, in {struct.__module__}, what it is")


def field_docstrings(struct: type[Any]) -> dict[str, str]:
    """The strings that stand below a struct's fields."""
    (body,) = ast.parse(inspect.getsource(struct)).body
    assert isinstance(body, ast.ClassDef)  # noqa: S101 - the source of a class is a class
    found = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = text
    return found


def parts() -> list[type[Any]]:
    """The structs that documents hold, each after the first that holds it."""
    found: dict[type[Any], None] = {}
    waiting: list[type[Any]] = [collection.document for collection in collections.ALL]
    while waiting:
        for field in msgspec.structs.fields(waiting.pop(0)):
            for struct in _structs_in(field.type):
                if struct not in found:
                    found[struct] = None
                    waiting.append(struct)
    return list(found)


def type_of(annotation: Any) -> str:
    """A type in words, with links to the parts."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in _TYPES:
        return _TYPES[annotation]
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in (Union, UnionType):
        return f"{' or '.join(type_of(one) for one in arguments if one is not NoneType)}, or none"
    if origin is dict:
        return f"map: {type_of(arguments[0])} -> {type_of(arguments[1])}"
    if origin in (list, tuple):
        return f"list: {type_of(arguments[0])}"
    raise Undocumented(f"{annotation}: no words for this type")


def _structs_in(annotation: Any) -> Iterator[type[Any]]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
    for one in get_args(annotation):
        yield from _structs_in(one)


def _default(field: msgspec.structs.FieldInfo) -> str:
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case msgspec.Struct():
            return "its defaults"
        case [] | {}:
            return "empty"
        case _ if not value and isinstance(value, dict):
            return "empty"
        case _:
            return f"`{value}`"


def main() -> None:
    """Write what has changed."""
    for path, text in {**pages(), **dict(statistics_pages.pages(DOCS / "statistics", sample_listener()))}.items():
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"written: {path.name}\n")


if __name__ == "__main__":
    main()
