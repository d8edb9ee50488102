"""Uploads: a file's bytes streamed into the inbox, where the pipelines find it as if it had been dropped by hand.

The file appears in the inbox before its document is written: were the service killed between the two, the file would
still be imported, and no document would wait for ever for a file that never came.
"""

import hashlib
import os
import re
from contextlib import suppress
from email.message import Message
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec
from litestar import Response
from litestar.exceptions import InternalServerException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stats_api.file_names import FileName
from stats_api.imports import AnsweredImport, answered
from stats_api.listeners import OWN
from stats_api.operations import Answer, Operation, routed
from stats_api.problems import BROKEN_UPLOAD, EMPTY_UPLOAD, TOO_LARGE, UNKNOWN_LISTENER, WRONG_MEDIA, Failure
from stats_api.questions import given_of
from stats_api.service import AnyRequest, Service, service_of
from stats_core.clock import utc_now
from stats_core.documents.imports import Import
from stats_core.listeners import known_listener
from stats_core.store import collections

_BLOCK: Final = 1 << 20
"""Bytes gathered before a thread writes and hashes them: some ms, and the most of an upload that is in memory."""
_STEM: Final = 80
_NAME: Final = 200

NAME: Final = FileName(
    name="name",
    description="What the file is called. Without it: the name in Content-Disposition, else upload.zip or upload.json.",
    example="my_spotify_data.zip",
    longest=_NAME,
)


class _Part:
    """An upload on its way in: a hidden file that the inbox lets be, and the digest of what it holds."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f".{uuid4()}.part"
        self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._digest = hashlib.sha256()
        self.size = 0
        self.zipped = False

    def write(self, block: bytes) -> None:
        if not self.size:
            self.zipped = block.startswith(b"PK")
        self.size += len(block)
        self._digest.update(block)
        written = 0
        with memoryview(block) as view:
            while written < len(block):
                written += os.write(self._handle, view[written:])

    def finish(self) -> str:
        """Bring it to the disk; its digest."""
        os.fsync(self._handle)
        return self._digest.hexdigest()

    def discard(self) -> None:
        os.close(self._handle)
        self.path.unlink(missing_ok=True)


async def upload(request: AnyRequest, user: FromPath[str]) -> Response[bytes]:
    service = service_of(request)
    given = given_of(request)
    name = NAME.value_of(given["name"]) if "name" in given else _disposition_name(request)
    await service.reading(known_listener, service.store, user)
    _check_headers(request, _limit(service))
    part = await service.writing(_Part, service.settings.inbox_dir / user)
    try:
        await _receive(request, service, part)
        document = await service.writing(_kept, service, user, part, name)
    finally:
        part.discard()
    return Response(
        msgspec.json.encode(answered(document)),
        status_code=202,
        media_type="application/json",
        headers={"Location": f"/v1/listeners/{user}/imports/{document.digest}"},
    )


def _limit(service: Service) -> int:
    return service.settings.upload_limit_mb << 20


def _check_headers(request: AnyRequest, limit: int) -> None:
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        raise Failure(WRONG_MEDIA, "Send the file itself, not a form: curl -T my_spotify_data.zip …")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)


async def _receive(request: AnyRequest, service: Service, part: _Part) -> None:
    limit = _limit(service)
    block = bytearray()
    received = 0
    try:
        async for chunk in request.stream():
            received += len(chunk)
            if received > limit:
                raise _too_large(limit)
            block += chunk
            if len(block) >= _BLOCK:
                await service.writing(part.write, bytes(block))
                block.clear()
    except InternalServerException as error:
        raise Failure(BROKEN_UPLOAD, "The connection closed before the whole file was there. Send it again.") from error
    if not received:
        raise Failure(EMPTY_UPLOAD, "The body is empty. Send the file's bytes: curl -T my_spotify_data.zip …")
    if block:
        await service.writing(part.write, bytes(block))


def _too_large(limit: int) -> Failure:
    megabytes = limit >> 20
    return Failure(
        TOO_LARGE,
        f"An upload is at most {megabytes:,} MB (STATS_UPLOAD_LIMIT_MB). Put larger files into the inbox by hand.",
        allowed=f"at most {limit:,} bytes",
    )


def _kept(service: Service, user: str, part: _Part, name: str | None) -> Import:
    """Move a whole upload into the inbox, and answer its document; a file imported before is not dropped again."""
    digest = part.finish()
    identity = f"{user}|{digest}"
    earlier = service.store.get(collections.imports, identity)
    if earlier is not None and earlier.status == "imported":
        return earlier
    known_listener(service.store, user)  # deleted during a long upload: their file goes into nobody's inbox
    extension = "zip" if part.zipped else "json"
    target = part.path.with_name(f"{_stem(name)}~{digest[:12]}.{extension}")
    part.path.replace(target)
    _sync_folder(target.parent)
    waiting = Import(
        id=identity,
        user=user,
        digest=digest,
        name=name or f"upload.{extension}",
        status="waiting",
        received_at=utc_now(),
        size=part.size,
    )
    if service.store.insert(collections.imports, [waiting]) and earlier and earlier.status in {"refused", "failed"}:
        service.store.update(collections.imports, identity, {"status": "waiting", "reason": None})
    return service.store.get(collections.imports, identity) or waiting


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems know no such thing
            os.fsync(handle)
    finally:
        os.close(handle)


def _stem(name: str | None) -> str:
    """What of a name may stand in a file's: the pipelines' partition key is made of it."""
    stem = re.sub(r"\.(zip|json)$", "", name or "", flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_")[:_STEM] or "upload"


def _disposition_name(request: AnyRequest) -> str | None:
    """The file name of Content-Disposition, without folders; None: there is none worth the name."""
    header = request.headers.get("content-disposition")
    if header is None:
        return None
    message = Message()
    message["Content-Disposition"] = header
    name = re.sub(r"[\x00-\x1f\x7f]", "", message.get_filename("") or "")
    return re.split(r"[/\\]", name)[-1].strip()[:_NAME] or None


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    routed("POST", f"{OWN}/imports", Operation(
        id="upload_import", tag="imports", opens="write", summary="Upload a file",
        description="The bytes of a ZIP of Spotify's, or of a JSON file in it, as the body. They go to the inbox, and "
        "are imported by the pipelines within seconds: ask for the import's address until its status is no longer "
        "`waiting` or `importing`. A file that was imported before is answered as it is, and changes nothing.",
        answers={202: Answer(
            description="Taken in.", body=AnsweredImport, headers={"Location": "The import's address."},
        )},
        parameters=(NAME,), raw_body="A ZIP or JSON file of Spotify's, as it was downloaded.",
        problems=(UNKNOWN_LISTENER, EMPTY_UPLOAD, BROKEN_UPLOAD, TOO_LARGE, WRONG_MEDIA),
    ), upload),
)  # fmt: skip
