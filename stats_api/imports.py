"""Imports: the files a listener dropped, each with its ledger."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import dropwhile, islice
from typing import Final

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import UNSET, UnsetType

from stats_api.listeners import OWN
from stats_api.operations import Answer, Operation, routed
from stats_api.problems import UNKNOWN_IMPORT, UNKNOWN_LISTENER, Failure
from stats_api.questions import asked_for, given_of
from stats_api.service import AnyRequest, service_of
from stats_core.documents.imports import IgnoredMember, Import, ImportFile, InvalidRow
from stats_core.documents.words import FileStatus, Generation, ImportStatus, State
from stats_core.history.ledger import every_state
from stats_core.insights.parameters import Json, Parameter, Whole
from stats_core.listeners import known_listener
from stats_core.store import collections
from stats_core.store.port import Query, Range, Store

_MS: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class AnsweredFile(msgspec.Struct):
    """One JSON file of an import: `rows` is the sum of `states`."""

    path: str
    status: FileStatus
    generation: Generation | None
    rows: int
    states: dict[State, int]
    reason: str | None
    """Why it was refused and what to do."""
    first_play: datetime | None
    last_play: datetime | None
    invalid: list[InvalidRow] | UnsetType = UNSET
    """The first 1,000 invalid rows; only where one import is asked for."""


class AnsweredImport(msgspec.Struct):
    """A dropped file and what became of its rows: `rows` is the sum of `states`."""

    id: str
    """SHA-256 of the file's bytes."""
    name: str
    size: int
    """Bytes."""
    generations: list[Generation]
    rows: int
    states: dict[State, int]
    status: ImportStatus
    files: list[AnsweredFile]
    ignored: list[IgnoredMember]
    """Members of a ZIP that hold no listening history."""
    reason: str | None
    """Why the whole file was refused and what to do."""
    first_play: datetime | None
    last_play: datetime | None
    received_at: datetime
    finished_at: datetime | None


class Imports(msgspec.Struct):
    """A page of imports, newest first."""

    imports: list[AnsweredImport]
    cursor: str | None
    """What to give for the next page; null on the last one."""


@dataclass(frozen=True, order=True)
class Place:
    """Where an import stands among a listener's: it outlives other imports."""

    received_ms: int
    digest: str

    @property
    def cursor(self) -> str:
        """The place as opaque text."""
        return urlsafe_b64encode(f"{self.received_ms}.{self.digest}".encode()).decode().rstrip("=")


@dataclass(frozen=True, kw_only=True)
class PlaceParameter(Parameter[Place]):
    """The cursor of an earlier answer."""

    @property
    def allowed(self) -> str:
        return "the cursor of an earlier answer, as it stood there"

    @property
    def schema(self) -> Mapping[str, Json]:
        return {"type": "string", "pattern": "^[A-Za-z0-9_-]{88,110}$"}

    def read(self, text: str) -> Place:
        plain = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode("ascii")
        match = re.fullmatch(r"([0-9]{1,14})\.([0-9a-f]{64})", plain)
        if match is None or (place := Place(int(match[1]), match[2])).cursor != text:
            raise ValueError(text)
        return place


CURSOR: Final = PlaceParameter(
    name="cursor",
    description="Where the page begins: the cursor of the answer before. Without it: at the newest import.",
    example=Place(1_721_000_000_000, "0" * 64).cursor,
)
LIMIT: Final = Whole(
    name="limit",
    description="How many imports to answer at most.",
    example="20",
    default="20",
    minimum=1,
    maximum=100,
)


async def list_imports(request: AnyRequest, user: FromPath[str]) -> Response[bytes]:
    service, given = service_of(request), given_of(request)
    limit = asked_for(request, LIMIT)
    place = CURSOR.value_of(given["cursor"]) if "cursor" in given else None
    page = await service.reading(_page, service.store, user, place, limit)
    return Response(msgspec.json.encode(page), media_type="application/json")


def _page(store: Store, user: str, place: Place | None, limit: int) -> Imports:
    known_listener(store, user)
    until = _EPOCH + (place.received_ms + 1) * _MS if place else None
    span = Range("received_at", None, until)
    found = store.find(
        collections.imports,
        Query(equal={"user": user}, range=span if place else None, order="received_at", descending=True),
    )
    later = dropwhile(lambda document: place is not None and place_of(document) >= place, found)
    page = list(islice(later, limit + 1))
    cursor = place_of(page[limit - 1]).cursor if len(page) > limit else None
    return Imports([answered(document, invalid=False) for document in page[:limit]], cursor)


def place_of(document: Import) -> Place:
    """Where an import stands in the list."""
    return Place((document.received_at - _EPOCH) // _MS, document.digest)


async def get_import(request: AnyRequest, user: FromPath[str], digest: FromPath[str]) -> Response[bytes]:
    service = service_of(request)
    document = await service.reading(_one, service.store, user, digest)
    return Response(msgspec.json.encode(answered(document)), media_type="application/json")


def _one(store: Store, user: str, digest: str) -> Import:
    known_listener(store, user)
    document = None
    if re.fullmatch("[0-9a-f]{64}", digest):
        document = store.get(collections.imports, f"{user}|{digest}")
    if document is None:
        raise Failure(
            UNKNOWN_IMPORT, f"{user} has no import of that id: it is the SHA-256 of the file, in hexadecimal."
        )
    return document


def answered(document: Import, *, invalid: bool = True) -> AnsweredImport:
    """An import as it is answered: every state is named, also where it counts nothing."""
    return AnsweredImport(
        id=document.digest,
        name=document.name,
        size=document.size,
        generations=document.generations,
        rows=document.rows,
        states=every_state(document.states),
        status=document.status,
        files=[_answered_file(file, invalid=invalid) for file in document.files],
        ignored=document.ignored,
        reason=document.reason,
        first_play=document.first_play,
        last_play=document.last_play,
        received_at=document.received_at,
        finished_at=document.finished_at,
    )


def _answered_file(file: ImportFile, *, invalid: bool) -> AnsweredFile:
    return AnsweredFile(
        path=file.path,
        status=file.status,
        generation=file.generation,
        rows=file.rows,
        states=every_state(file.states),
        reason=file.reason,
        first_play=file.first_play,
        last_play=file.last_play,
        invalid=file.invalid if invalid else UNSET,
    )


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    routed("GET", f"{OWN}/imports", Operation(
        id="list_imports", tag="imports", opens="read", summary="The imports",
        description="The files that were dropped or uploaded, newest first, each with its ledger, in pages.",
        answers={200: Answer(description="A page.", body=Imports)}, parameters=(CURSOR, LIMIT),
        problems=(UNKNOWN_LISTENER,),
    ), list_imports),
    routed("GET", f"{OWN}/imports/{{digest:str}}", Operation(
        id="get_import", tag="imports", opens="read", summary="One import",
        description="A file's ledger: `rows` is the sum of `states`, for each of its JSON files and in all. The first "
        "1,000 invalid rows of each file are listed with what is wrong.",
        answers={200: Answer(description="The import.", body=AnsweredImport)},
        problems=(UNKNOWN_LISTENER, UNKNOWN_IMPORT),
    ), get_import),
)  # fmt: skip
