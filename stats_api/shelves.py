"""Shelves: what Spotify says a listener likes, its own tops and what they saved there, by the catalogue's names."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stats_api.listeners import OWN
from stats_api.operations import Answer, Operation, routed
from stats_api.problems import UNKNOWN_LISTENER
from stats_api.questions import asked_for
from stats_api.service import AnyRequest, service_of
from stats_core.documents.catalogue import Album, Artist, Track
from stats_core.insights.parameters import LIMIT, OFFSET, Choice
from stats_core.listeners import known_listener
from stats_core.store import collections
from stats_core.store.port import Query, Store

Of = Literal["tracks", "artists"]
Window = Literal["short_term", "medium_term", "long_term"]


class Shelved(msgspec.Struct, kw_only=True):
    """A track or an artist; what the catalogue does not know yet is null."""

    id: str
    name: str | None
    artist: str | None
    """The primary artist of a track."""
    image: str | None


class Ranked(Shelved, kw_only=True):
    """A place in a top."""

    rank: int


class SpotifysTop(msgspec.Struct):
    """One of Spotify's own tops, as it was on one day."""

    of: Of
    range: Window
    date: str | None
    """In UTC; null where none was kept yet."""
    items: list[Ranked]


class Saved(Shelved, kw_only=True):
    """A saved track."""

    added_at: datetime


class SavedTracks(msgspec.Struct):
    """A page of what a listener saved, the latest first."""

    tracks: list[Saved]
    total: int


_MOST: Final = 1_000_000
"""Spotify lets nobody save more."""
OF: Final[Choice[Of]] = Choice(
    name="of", description="What is ranked.", example="artists", default="tracks", choices=("tracks", "artists")
)
WINDOW: Final[Choice[Window]] = Choice(
    name="range",
    description="Over how long, as Spotify reckons it: about four weeks, six months, or a year.",
    example="long_term",
    default="medium_term",
    choices=("short_term", "medium_term", "long_term"),
)


async def spotify_top(request: AnyRequest, user: FromPath[str]) -> Response[bytes]:
    service = service_of(request)
    top = await service.reading(_top, service.store, user, asked_for(request, OF), asked_for(request, WINDOW))
    return Response(msgspec.json.encode(top), media_type="application/json")


async def saved_tracks(request: AnyRequest, user: FromPath[str]) -> Response[bytes]:
    service = service_of(request)
    page = await service.reading(_saved, service.store, user, asked_for(request, OFFSET), asked_for(request, LIMIT))
    return Response(msgspec.json.encode(page), media_type="application/json")


def _top(store: Store, user: str, of: Of, window: Window) -> SpotifysTop:
    known_listener(store, user)
    latest = store.find(collections.spotify_tops, Query(equal={"user": user}, order="date", descending=True))
    top = next((one for one in latest if one.of == of and one.range == window), None)
    if top is None:
        return SpotifysTop(of, window, None, [])
    named = _artists(store, top.ids) if of == "artists" else _tracks(store, top.ids)
    return SpotifysTop(of, window, top.date, [Ranked(**named[one], rank=rank) for rank, one in enumerate(top.ids, 1)])


def _saved(store: Store, user: str, offset: int, limit: int) -> SavedTracks:
    known_listener(store, user)
    of_user = {"user": user}
    query = Query(equal=of_user, order="added_at", descending=True, limit=min(offset + limit, _MOST))
    page = list(store.find(collections.saved_tracks, query))[offset:]
    named = _tracks(store, [one.track for one in page])
    total = store.count(collections.saved_tracks, Query(equal=of_user))
    return SavedTracks([Saved(**named[one.track], added_at=one.added_at) for one in page], total)


def _tracks(store: Store, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    tracks: dict[str, Track] = {one.id: one for one in store.find(collections.tracks, _these(ids))}
    albums: dict[str, Album] = {
        one.id: one for one in store.find(collections.albums, _these(one.album for one in tracks.values() if one.album))
    }
    named = {}
    for identity in ids:
        track = tracks.get(identity)
        album = albums.get(track.album) if track is not None and track.album else None
        named[identity] = {
            "id": identity,
            "name": track.name if track else None,
            "artist": track.artists[0].name if track and track.artists else None,
            "image": album.image if album else None,
        }
    return named


def _artists(store: Store, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    artists: dict[str, Artist] = {one.id: one for one in store.find(collections.artists, _these(ids))}
    return {
        identity: {
            "id": identity,
            "name": artists[identity].name if identity in artists else None,
            "artist": None,
            "image": artists[identity].image if identity in artists else None,
        }
        for identity in ids
    }


def _these(ids: Iterable[str]) -> Query:
    return Query(one_of={"_id": set(ids)})


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    routed("GET", f"{OWN}/spotify/tops", Operation(
        id="get_spotify_top", tag="spotify", opens="read", summary="One of Spotify's own tops",
        description="What Spotify itself calls the listener's favourites, as it was kept last: once a day. Ours are "
        "`top/tracks` and `top/artists`, over any time.",
        answers={200: Answer(description="As it was kept last.", body=SpotifysTop)}, parameters=(OF, WINDOW),
        problems=(UNKNOWN_LISTENER,),
    ), spotify_top),
    routed("GET", f"{OWN}/spotify/saved", Operation(
        id="list_saved_tracks", tag="spotify", opens="read", summary="The saved tracks",
        description="What the listener saved at Spotify, the latest first.",
        answers={200: Answer(description="A page.", body=SavedTracks)}, parameters=(LIMIT, OFFSET),
        problems=(UNKNOWN_LISTENER,),
    ), saved_tracks),
)  # fmt: skip
