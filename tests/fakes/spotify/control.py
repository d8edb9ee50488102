"""Whoever shows the fake changes its world over HTTP, too."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import msgspec

from tests.fakes.spotify.faults import READY, Fault
from tests.fakes.spotify.messages import Answer, Request, told
from tests.fakes.spotify.world import World

ROOT: Final = "/_fake/"
_LAST: Final = 100
T = TypeVar("T")


class _Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    pass


class _Time(_Body):
    at: datetime | None = None
    forward: float = 0
    stop: bool = False
    follow: bool = False


class _Listen(_Body):
    person: str
    track: str | None = None
    ended: datetime | None = None
    ms: int | None = None
    late_by: float = 0
    private: bool = False
    context: str | None = None


class _Fault(_Body):
    bucket: str = ""
    name: str | None = None
    mend: bool = False
    status: int | None = None
    message: str | None = None
    reason: str | None = None
    retry_after: str | None = None
    times: int | None = None
    body: str | None = None
    cut: bool | None = None
    seconds: float | None = None
    until: datetime | None = None


class _Tokens(_Body):
    expire_access: bool = False
    withdraw: str | None = None
    rotates: bool | None = None
    person: str | None = None
    scopes: list[str] | None = None


def answered(world: World, request: Request) -> Answer:
    """Do what is asked, and tell how the world is then."""
    change = _CHANGES.get(request.path.removeprefix(ROOT))
    if request.method == "GET" and request.path == f"{ROOT}counts":
        change = None
    elif request.method != "POST" or change is None:
        return told({"error": "GET counts; POST " + ", ".join(_CHANGES)}, 404)
    with world.lock:
        try:
            if change is not None:
                change(world, request.body)
        except (msgspec.MsgspecError, KeyError, ValueError) as error:
            return told({"error": f"{type(error).__name__}: {error}"}, 400)
        return told({
            "now": datetime.fromtimestamp(world.now(), UTC).isoformat(), "counts": dict(world.counts),
            "asked": world.asked[-_LAST:], "people": list(world.people), "rotates": world.rotates,
        })  # fmt: skip


def _time(world: World, body: bytes) -> None:
    wanted = _read(body, _Time)
    if wanted.follow:
        world.clock.follow()
    if wanted.stop:
        world.clock.stop()
    if wanted.at is not None:
        world.clock.set(_aware(wanted.at))
    world.clock.forward(wanted.forward)


def _listen(world: World, body: bytes) -> None:
    wanted = _read(body, _Listen)
    ended = datetime.fromtimestamp(world.now(), UTC) if wanted.ended is None else _aware(wanted.ended)
    track = next(iter(world.tracks)) if wanted.track is None else wanted.track
    world.listen(
        wanted.person, track, ended,
        ms=wanted.ms, late_by=wanted.late_by, private=wanted.private, context=wanted.context,
    )  # fmt: skip


def _fault(world: World, body: bytes) -> None:
    wanted = _read(body, _Fault)
    if wanted.mend:
        world.mend()
        return
    if not wanted.bucket:
        raise ValueError("bucket is missing")
    given: dict[str, Any] = {
        name: value for name in Fault.__dataclass_fields__ if (value := getattr(wanted, name)) is not None
    }
    if wanted.body is not None:
        given["body"] = wanted.body.encode()
    if wanted.until is not None:
        given["until"] = _aware(wanted.until).timestamp()
    world.fail(wanted.bucket, replace(Fault() if wanted.name is None else READY[wanted.name], **given))


def _tokens(world: World, body: bytes) -> None:
    wanted = _read(body, _Tokens)
    for name in (wanted.withdraw, wanted.person):
        if name is not None and name not in world.people:
            raise KeyError(name)
    if wanted.rotates is not None:
        world.rotates = wanted.rotates
    if wanted.withdraw is not None:
        world.withdraw(wanted.withdraw)
    if wanted.scopes is not None and wanted.person is not None:
        world.change_scopes(wanted.person, wanted.scopes)
    if wanted.expire_access:
        world.expire_access()


_CHANGES: Final[dict[str, Callable[[World, bytes], None]]] = {
    "time": _time, "listen": _listen, "fault": _fault, "tokens": _tokens,
}  # fmt: skip


def _read(body: bytes, kind: type[T]) -> T:
    return msgspec.json.decode(body or b"{}", type=kind)


def _aware(instant: datetime) -> datetime:
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
