"""Keys: who may ask what, made, listed and revoked."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stats_api.access import access_of, gate_of
from stats_api.operations import Answer, Operation, routed
from stats_api.problems import UNKNOWN_KEY, UNKNOWN_LISTENER
from stats_api.questions import body_of
from stats_api.service import AnyRequest, Service, service_of
from stats_core.documents.keys import AccessKey, Link
from stats_core.documents.words import Scope
from stats_core.security.access import Access
from stats_core.security.keys import NAME_LENGTH, made_key, own_key, own_keys, revoke, short_id

PATH: Final = "/v1/keys"

KeyName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=NAME_LENGTH, description="What it is for, in printable text.")
]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class AnsweredKey(msgspec.Struct):
    """A key as it is listed: never the key itself."""

    id: str
    """What it is called here: the first 16 hexadecimal digits of its SHA-256."""
    name: str
    scopes: list[Scope]
    listeners: list[str] | None
    """Whose data it opens; null: every listener's."""
    link: Link | None
    """Of a sharing link: what it opens, and nothing else."""
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    """To the minute."""
    made_by: str | None
    """The key that made it; null: the settings' admin key or the command line."""


class MadeKey(AnsweredKey):
    """A key just made, with the only showing of it."""

    key: str
    """What to send as a bearer key, a sharing link's also as `?share=`; it is not shown again."""


class Keys(msgspec.Struct):
    """The keys that a key may see, the oldest first."""

    keys: list[AnsweredKey]


class NewKey(msgspec.Struct, forbid_unknown_fields=True):
    """A key to make."""

    name: KeyName
    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1)]
    """`read` and `write` what is its listeners', `metrics` of the service, or everything: `admin`."""
    listeners: list[str] | None
    """Whose data it opens; null: every listener's, as with `admin`. Empty with `metrics` alone."""
    expires_at: Instant | None = None
    """From then on it opens nothing; null: when the key expires that makes it, if ever."""


async def list_keys(request: AnyRequest) -> Response[bytes]:
    service = service_of(request)
    found = await service.reading(_listed, service, access_of(request))
    return Response(msgspec.json.encode(Keys([answered(each) for each in found])), media_type="application/json")


def _listed(service: Service, access: Access) -> list[AccessKey]:
    return sorted(own_keys(service.store, access), key=lambda document: (document.created_at, document.id))


async def make_key(request: AnyRequest) -> Response[bytes]:
    service = service_of(request)
    wanted = await body_of(request, NewKey)
    made = await service.writing(_made, service, wanted, access_of(request))
    return answered_once(request, *made)


def _made(service: Service, wanted: NewKey, by: Access) -> tuple[str, AccessKey]:
    return made_key(
        service.store,
        name=wanted.name,
        scopes=wanted.scopes,
        listeners=wanted.listeners,
        expires_at=wanted.expires_at,
        by=by,
    )


async def get_key(request: AnyRequest, key: FromPath[str]) -> Response[bytes]:
    service = service_of(request)
    document = await service.reading(own_key, service.store, access_of(request), key)
    return Response(msgspec.json.encode(answered(document)), media_type="application/json")


async def revoke_key(request: AnyRequest, key: FromPath[str]) -> Response[None]:
    service = service_of(request)
    try:
        await service.writing(_revoked, service, access_of(request), key)
    finally:
        gate_of(request).forget()
    return Response(None, status_code=204)


def _revoked(service: Service, access: Access, key: str) -> None:
    revoke(service.store, own_key(service.store, access, key))


def answered_once(request: AnyRequest, key: str, document: AccessKey) -> Response[bytes]:
    """The answer that shows a key, which nobody on the way may keep."""
    gate_of(request).forget()
    body = MadeKey(**msgspec.structs.asdict(answered(document)), key=key)
    return Response(
        msgspec.json.encode(body),
        status_code=201,
        media_type="application/json",
        headers={"Location": f"{PATH}/{body.id}", "Cache-Control": "no-store"},
    )


def answered(document: AccessKey) -> AnsweredKey:
    """A key as it is listed."""
    return AnsweredKey(
        id=short_id(document.id),
        name=document.name,
        scopes=document.scopes,
        listeners=document.listeners,
        link=document.link,
        created_at=document.created_at,
        expires_at=document.expires_at,
        last_used_at=document.last_used_at,
        made_by=document.made_by and short_id(document.made_by),
    )


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    routed("GET", PATH, Operation(
        id="list_keys", tag="keys", opens="any key", summary="The keys",
        description="Sharing links among them. A key sees itself and the keys it made, an admin key sees all.",
        answers={200: Answer(description="The oldest first.", body=Keys)},
    ), list_keys),
    routed("POST", PATH, Operation(
        id="make_key", tag="keys", opens="any key", summary="Make a key",
        description="Makes a key with no more rights than the one that asks, and answers with it once.",
        answers={201: Answer(description="Made.", body=MadeKey, headers={"Location": "The key's address."})},
        body=NewKey, problems=(UNKNOWN_LISTENER,),
        example={"name": "Notebook", "scopes": ["read"], "listeners": ["ada"], "expires_at": "2030-01-01T00:00:00Z"},
    ), make_key),
    routed("GET", PATH + "/{key:str}", Operation(
        id="get_key", tag="keys", opens="any key", summary="One key",
        description="What a key is for, what it opens, and when it was used last.",
        answers={200: Answer(description="The key.", body=AnsweredKey)}, problems=(UNKNOWN_KEY,),
    ), get_key),
    routed("DELETE", PATH + "/{key:str}", Operation(
        id="revoke_key", tag="keys", opens="any key", summary="Revoke a key",
        description="Closes a key or a sharing link for good. The keys that it made stay.",
        answers={204: Answer(description="It opens nothing any more.")}, problems=(UNKNOWN_KEY,),
    ), revoke_key),
)  # fmt: skip
