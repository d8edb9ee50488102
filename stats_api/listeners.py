"""Listeners: who has a history here, their settings, their first key, their end."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import UNSET, UnsetType

from stats_api.access import access_of, gate_of
from stats_api.operations import Answer, Operation, routed
from stats_api.problems import LISTENER_EXISTS, UNKNOWN_LISTENER, Failure
from stats_api.questions import body_of
from stats_api.service import AnyRequest, Service, service_of
from stats_core.clock import utc_now
from stats_core.documents.listeners import Listener, StreamRule
from stats_core.documents.words import KINDS, Kind, Privacy
from stats_core.errors import UnknownListener
from stats_core.history.marks import mark_everything
from stats_core.insights.parameters import MIN_MS, Json
from stats_core.listeners import checked_timezone, checked_user, erase_listener, known_listener
from stats_core.security.access import Access
from stats_core.security.keys import made_key
from stats_core.store import collections
from stats_core.store.port import Query, Store

_ERASING_SECONDS: Final = 30
"""How long an erasure waits for an import of the same listener that goes on: then 503, and it can be asked again."""

PATH: Final = "/v1/listeners"
OWN: Final = "/v1/listeners/{user:str}"


class AnsweredListener(msgspec.Struct):
    """A listener as they are answered."""

    user: str
    timezone: str
    rule: StreamRule
    """What counts as a play where a question does not say."""
    revision: int
    """Raised by every change of plays or settings."""
    created_at: datetime


class MadeListener(AnsweredListener):
    """A listener just made, with the only showing of a key."""

    key: str
    """Opens this listener's own data; it is not shown again."""


class Listeners(msgspec.Struct):
    """The listeners whose data a key opens, by name."""

    listeners: list[AnsweredListener]


class RuleChange(msgspec.Struct, forbid_unknown_fields=True):
    """The parts of a stream rule to set; what is left out stays."""

    min_ms: Annotated[int, msgspec.Meta(ge=MIN_MS.minimum, le=MIN_MS.maximum)] | UnsetType = UNSET
    kinds: Annotated[list[Kind], msgspec.Meta(min_length=1)] | UnsetType | None = UNSET
    """null: what each statistic itself defaults to."""
    private: Privacy | UnsetType = UNSET


class ListenerChange(msgspec.Struct, forbid_unknown_fields=True):
    """The settings to set; what is left out stays."""

    timezone: str | UnsetType = UNSET
    """An IANA time zone."""
    rule: RuleChange | UnsetType = UNSET


class NewListener(msgspec.Struct, forbid_unknown_fields=True):
    """A listener to make."""

    user: str
    """a to z, 0 to 9, dot, dash and underscore; at most 64; a letter or digit first."""
    timezone: str | UnsetType = UNSET
    """An IANA time zone; `STATS_DEFAULT_TIMEZONE` where it is left out."""
    rule: RuleChange | UnsetType = UNSET


def changed(listener: Listener, change: ListenerChange | NewListener) -> Listener:
    """The listener with the settings that a change names; raises InvalidParameter for a time zone that is none."""
    timezone = listener.timezone if change.timezone is UNSET else checked_timezone(change.timezone)
    rule = listener.rule if change.rule is UNSET else _changed_rule(listener.rule, change.rule)
    return msgspec.structs.replace(listener, timezone=timezone, rule=rule)


def _changed_rule(rule: StreamRule, change: RuleChange) -> StreamRule:
    kinds: tuple[Kind, ...] | None = rule.kinds
    if change.kinds is not UNSET:
        given = change.kinds
        kinds = None if given is None else tuple(kind for kind in KINDS if kind in given)
    return StreamRule(
        min_ms=rule.min_ms if change.min_ms is UNSET else change.min_ms,
        kinds=kinds,
        private=rule.private if change.private is UNSET else change.private,
    )


async def list_listeners(request: AnyRequest) -> Response[bytes]:
    service = service_of(request)
    found = await service.reading(_listed, service.store, access_of(request).listeners)
    return Response(
        msgspec.json.encode(Listeners([_answered(listener) for listener in found])), media_type="application/json"
    )


def _listed(store: Store, users: frozenset[str] | None) -> list[Listener]:
    named = {} if users is None else {"_id": users}
    return list(store.find(collections.listeners, Query(one_of=named, order="_id")))


async def make_listener(request: AnyRequest) -> Response[bytes]:
    service = service_of(request)
    wanted = await body_of(request, NewListener)
    listener, key = await service.writing(_made, service, wanted, access_of(request))
    gate_of(request).forget()
    body = MadeListener(**msgspec.structs.asdict(_answered(listener)), key=key)
    return Response(
        msgspec.json.encode(body),
        status_code=201,
        media_type="application/json",
        headers={"Location": f"{PATH}/{listener.id}", "Cache-Control": "no-store"},
    )


def _made(service: Service, wanted: NewListener, by: Access) -> tuple[Listener, str]:
    zone = checked_timezone(service.settings.default_timezone)
    listener = changed(Listener(id=checked_user(wanted.user), created_at=utc_now(), timezone=zone), wanted)
    if service.store.insert(collections.listeners, [listener]):
        raise Failure(
            LISTENER_EXISTS,
            f"There is a listener {wanted.user!r} already. A further key: spotify-stats key --user {wanted.user}",
        )
    service.reader.lookout.forget()
    (service.settings.inbox_dir / wanted.user).mkdir(parents=True, exist_ok=True)
    key, _ = made_key(
        service.store, name="made with the listener", scopes=("read", "write"), listeners=[wanted.user], by=by
    )
    return listener, key


async def get_listener(request: AnyRequest, user: FromPath[str]) -> Response[bytes]:
    service = service_of(request)
    listener = await service.reading(known_listener, service.store, user)
    return Response(msgspec.json.encode(_answered(listener)), media_type="application/json")


async def change_listener(request: AnyRequest, user: FromPath[str]) -> Response[bytes]:
    service = service_of(request)
    listener = await service.writing(_settled, service, user, await body_of(request, ListenerChange))
    return Response(msgspec.json.encode(_answered(listener)), media_type="application/json")


def _settled(service: Service, user: str, change: ListenerChange) -> Listener:
    """Set a listener's settings. Their months are marked before and after: a stop between leaves no stale aggregate."""
    while True:
        listener = known_listener(service.store, user)
        wanted = changed(listener, change)
        if wanted == listener:
            return listener
        mark_everything(service.store, user)
        wanted = msgspec.structs.replace(wanted, revision=listener.revision + 1)
        if service.store.replace(collections.listeners, wanted, listener.revision):
            break
    mark_everything(service.store, user)
    service.reader.lookout.forget()
    return wanted


async def delete_listener(request: AnyRequest, user: FromPath[str]) -> Response[None]:
    service = service_of(request)
    try:
        await service.writing(_erased, service, user)
    finally:
        gate_of(request).forget()
    return Response(None, status_code=204)


def _erased(service: Service, user: str) -> None:
    erase_listener(service.store, service.settings, user, timeout=_ERASING_SECONDS)
    service.reader.lookout.forget()
    with suppress(UnknownListener):  # what is in memory goes too
        service.reader.read(user)


def _answered(listener: Listener) -> AnsweredListener:
    return AnsweredListener(listener.id, listener.timezone, listener.rule, listener.revision, listener.created_at)


_RULE: Final[dict[str, Json]] = {"min_ms": 30000, "kinds": ["track", "episode"], "private": "exclude"}

ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    routed("GET", PATH, Operation(
        id="list_listeners", tag="listeners", opens="read", summary="The listeners",
        description="Every listener that the key opens, an admin key all of them.",
        answers={200: Answer(description="By name.", body=Listeners)},
    ), list_listeners),
    routed("POST", PATH, Operation(
        id="make_listener", tag="listeners", opens="admin", summary="Make a listener",
        description="Makes a listener and their inbox folder, and answers once with a key for them.",
        answers={201: Answer(description="Made.", body=MadeListener, headers={"Location": "The listener's address."})},
        body=NewListener, problems=(LISTENER_EXISTS,),
        example={"user": "ada", "timezone": "Europe/Berlin", "rule": {"min_ms": 30000}},
    ), make_listener),
    routed("GET", OWN, Operation(
        id="get_listener", tag="listeners", opens="read", summary="One listener",
        description="Time zone and stream rule: what holds where a question does not say.",
        answers={200: Answer(description="The listener.", body=AnsweredListener)}, problems=(UNKNOWN_LISTENER,),
    ), get_listener),
    routed("PATCH", OWN, Operation(
        id="change_listener", tag="listeners", opens="write", summary="Change a listener's settings",
        description="Sets the time zone and parts of the stream rule; what is left out stays. Answers that follow hold "
        "to it at once; nothing that was imported changes.",
        answers={200: Answer(description="As they are now.", body=AnsweredListener)},
        body=ListenerChange, problems=(UNKNOWN_LISTENER,), example={"timezone": "Europe/Berlin", "rule": _RULE},
    ), change_listener),
    routed("DELETE", OWN, Operation(
        id="delete_listener", tag="listeners", opens="admin", summary="Delete a listener",
        description="Removes the listener and everything of theirs: plays, imports, archive, keys that open nobody "
        "else. Waits for an import of theirs that is running. There is no way back.",
        answers={204: Answer(description="Gone.")}, problems=(UNKNOWN_LISTENER,),
    ), delete_listener),
)  # fmt: skip
