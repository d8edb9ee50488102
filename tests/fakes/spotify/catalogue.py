"""One track, album or artist."""

import re
from collections.abc import Mapping
from typing import Final

from tests.fakes.spotify.messages import Answer, Refused, Request, page, refusal, told
from tests.fakes.spotify.objects import Json
from tests.fakes.spotify.world import DEPTH, Person, World

_ID: Final = re.compile(r"[0-9A-Za-z]{22}")


def one_track(world: World, _: Person, request: Request) -> Answer:
    """A track, or the one that took its place."""
    return told(_found(world, world.tracks, request))


def one_album(world: World, _: Person, request: Request) -> Answer:
    """An album with its first 50 tracks."""
    album = _found(world, world.albums, request)
    listed = album["tracks"]["items"]
    path = f"/v1/albums/{album['id']}/tracks"
    first = {
        "href": request.address(path, limit=DEPTH, offset=0), "items": listed[:DEPTH], "total": len(listed),
        "limit": DEPTH, "offset": 0, "previous": None,
        "next": request.address(path, limit=DEPTH, offset=DEPTH) if len(listed) > DEPTH else None,
    }  # fmt: skip
    return told({**album, "tracks": first})


def album_tracks(world: World, _: Person, request: Request) -> Answer:
    """A page of an album's tracks."""
    return told(page(request, _found(world, world.albums, request)["tracks"]["items"]))


def one_artist(world: World, _: Person, request: Request) -> Answer:
    """An artist."""
    return told(_found(world, world.artists, request))


def _found(world: World, objects: Mapping[str, Json], request: Request) -> Json:
    """What the id in the path stands for. Raises Refused."""
    identity = request.path.split("/")[3]
    if not _ID.fullmatch(identity):
        raise Refused(refusal(400, "Invalid base62 id"))
    answered = world.relinked.get(identity, identity)
    if answered not in objects or {identity, answered} & world.deleted:
        raise Refused(refusal(404, "Resource not found"))
    return objects[answered]
