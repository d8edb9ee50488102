"""The door: what goes wrong before anything is answered, who may come in, and where each path leads."""

import re
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from tests.fakes.spotify import auth, catalogue, library, player
from tests.fakes.spotify.faults import READY, Fault
from tests.fakes.spotify.messages import Answer, Refused, Request, refusal
from tests.fakes.spotify.world import Person, World


class _Route(NamedTuple):
    path: re.Pattern[str]
    bucket: str
    scope: str | None
    answer: Callable[[World, Person, Request], Answer]


_ROUTES: Final = (
    _Route(re.compile(r"/v1/me"), "me", "user-read-private", library.me),
    _Route(re.compile(r"/v1/me/player/recently-played"), "player", "user-read-recently-played", player.recently_played),
    _Route(re.compile(r"/v1/me/top/(artists|tracks)"), "top", "user-top-read", library.top),
    _Route(re.compile(r"/v1/me/tracks"), "library", "user-library-read", library.saved_tracks),
    _Route(re.compile(r"/v1/tracks/[^/]+"), "tracks", None, catalogue.one_track),
    _Route(re.compile(r"/v1/albums/[^/]+"), "albums", None, catalogue.one_album),
    _Route(re.compile(r"/v1/albums/[^/]+/tracks"), "albums", None, catalogue.album_tracks),
    _Route(re.compile(r"/v1/artists/[^/]+"), "artists", None, catalogue.one_artist),
)


def answered(world: World, request: Request) -> Answer:
    """The answer to a request, once it is to come."""
    route = next(
        (each for each in _ROUTES if request.method == "GET" and each.path.fullmatch(request.path)), None
    )  # fmt: skip
    with world.lock:
        world.asked.append(f"{request.method} {request.path}")
        fault = world.fault(_bucket(request, route))
    if fault is not None and fault.seconds:
        time.sleep(fault.seconds)
    elif fault is not None:
        return _wrong(fault)
    with world.lock:
        try:
            return _sound(world, request, route)
        except Refused as refused:
            return refused.answer


def _bucket(request: Request, route: _Route | None) -> str:
    if route is not None:
        return route.bucket
    return {"/authorize": "authorize", "/api/token": "token"}.get(request.path, "removed")


def _sound(world: World, request: Request, route: _Route | None) -> Answer:
    match request.method, request.path:
        case "GET", "/authorize":
            return auth.authorize(world, request)
        case "POST", "/api/token":
            return auth.token(world, request)
    if not request.path.startswith("/v1/"):
        return refusal(404, "Service not found")
    person = _admitted(world, request, route)
    if route is None:  # batch endpoints and whatever else an app of late 2026 has not
        return _wrong(READY["removed"])
    return route.answer(world, person, request)


def _admitted(world: World, request: Request, route: _Route | None) -> Person:
    """Whose token it is. Raises Refused."""
    kind, _, access = request.headers.get("Authorization", "").partition(" ")
    grant = world.grant(access) if kind == "Bearer" else None
    if grant is None:
        raise Refused(_wrong(READY["token"], "invalid_token" if access else "invalid_request"))
    person = world.people[grant.person]
    if not world.paid():
        raise Refused(_wrong(READY["premium"]))
    if not person.allowed:
        raise Refused(_wrong(READY["unlisted"]))
    if route is not None and route.scope is not None and route.scope not in grant.scopes:
        raise Refused(_wrong(READY["scope"]))
    if request.path in world.gone:
        raise Refused(_wrong(READY["removed"]))
    return person


def _wrong(fault: Fault, cause: str = "invalid_token") -> Answer:
    headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
    if fault.cut:
        return Answer(200, b'{"items": [', cut=True)
    if fault.body is not None:
        return Answer(fault.status, fault.body, {"Content-Type": "application/json", **headers})
    if fault.status == 204:
        return Answer(204)
    if fault.status == 401:
        headers["WWW-Authenticate"] = f'Bearer realm="spotify", error="{cause}"'
    return refusal(fault.status, fault.message, fault.reason, headers)
