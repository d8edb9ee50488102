"""Spotify: a listener's login there, its end, and how the sync of their recent plays goes."""

import logging
import os
import subprocess
import sys
import threading
from datetime import datetime
from typing import Final, Literal

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stats_api.listeners import OWN
from stats_api.operations import Answer, Operation, routed
from stats_api.problems import (
    NO_SPOTIFY_APP,
    RETRY_SECONDS,
    SPOTIFY_FAILED,
    SPOTIFY_REFUSED,
    UNAVAILABLE,
    UNKNOWN_LISTENER,
    Failure,
)
from stats_api.questions import asked_for, body_of
from stats_api.service import AnyRequest, Service, service_of
from stats_core.clock import utc_now
from stats_core.insights.parameters import Choice, Text
from stats_core.listeners import known_listener
from stats_core.settings import Settings
from stats_core.spotify.budgets import Budgets
from stats_core.sync.due import ask_for_poll
from stats_core.sync.status import SyncStatus, sync_status

_log = logging.getLogger("stats_api")

_UNDO_SECONDS: Final = 180.0
_taking_back = threading.Lock()

_CALLBACK: Final = "/v1/spotify/callback"
_LINKED: Final = "Your account is linked: what you play is kept from now on. You may close this page.\n"


class NewLogin(msgspec.Struct, forbid_unknown_fields=True):
    """A login to begin."""

    replace: bool = False
    """Whether another account of Spotify's may take the place of the one that is linked."""


class BegunLogin(msgspec.Struct):
    """A login that was begun."""

    url: str
    """Where the person goes, in a browser."""
    expires_at: datetime
    """Until when it must be ended."""


class ReturnedTo(msgspec.Struct, forbid_unknown_fields=True):
    """Where the person's browser ended."""

    url: str
    """The whole address, even where the page could not be shown."""


async def begin_spotify_login(request: AnyRequest, user: FromPath[str]) -> Response[bytes]:
    service = service_of(request)
    await service.reading(known_listener, service.store, user)
    body = await body_of(request, NewLogin) if await request.body() else NewLogin()
    begun = await service.writing(_begun, service, user, body.replace)
    return Response(msgspec.json.encode(begun), media_type="application/json")


def _begun(service: Service, user: str, replace: bool) -> BegunLogin:
    from stats_core.spotify.login import begin_login  # noqa: PLC0415 - what asks Spotify takes 10 MB

    return BegunLogin(*begin_login(service.store, service.settings, user, replace=replace))


async def end_spotify_login(request: AnyRequest) -> Response[str]:
    service = service_of(request)
    await service.writing(_ended, service, request.scope["query_string"].decode("ascii", "replace"), None)
    return Response(_LINKED, media_type="text/plain")


async def end_spotify_login_by_hand(request: AnyRequest, user: FromPath[str]) -> Response[bytes]:
    service = service_of(request)
    await service.reading(known_listener, service.store, user)
    body = await body_of(request, ReturnedTo)
    status = await service.writing(_ended, service, body.url, user)
    return Response(msgspec.json.encode(status), media_type="application/json")


def _ended(service: Service, url: str, user: str | None) -> SyncStatus:
    from stats_core.spotify.login import end_login  # noqa: PLC0415

    store, settings = service.store, service.settings
    account = end_login(store, settings, Budgets(store, settings.spotify_budgets), url, user=user)
    return sync_status(store, settings, account.id, utc_now())


async def disconnect_spotify(request: AnyRequest, user: FromPath[str]) -> Response[None]:
    service = service_of(request)
    plays = asked_for(request, PLAYS)
    await service.writing(_disconnected, service, user)
    if plays == "delete":
        await service.writing(_taken_back, service.settings, user)
    return Response(None, status_code=204)


def _disconnected(service: Service, user: str) -> None:
    from stats_core.spotify.login import disconnect  # noqa: PLC0415

    disconnect(service.store, user)


def _taken_back(settings: Settings, user: str) -> None:
    """In a process of its own: what rewrites plays takes more memory than all of this service's."""
    environment = {
        **os.environ, "STATS_DATA_DIR": str(settings.data_dir), "STATS_DATABASE_URI": settings.database_uri
    }  # fmt: skip
    problem = "another is taken back just now"
    if _taking_back.acquire(blocking=False):  # one at a time: each takes as much memory as this service
        try:
            done = subprocess.run(
                [sys.executable, "-m", "stats_core.sync.undo", user],
                env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                timeout=_UNDO_SECONDS,
            )  # fmt: skip
            problem = done.stderr.strip() or "it did not say why" if done.returncode else ""
        except subprocess.TimeoutExpired:
            problem = f"it took longer than {_UNDO_SECONDS:.0f} s"
        finally:
            _taking_back.release()
    if problem:
        _log.error("The plays of %s's sync could not be taken back: %s", user, problem)
        detail = "The account is forgotten, but not all plays of the sync could be taken back yet. Ask for it again."
        raise Failure(UNAVAILABLE, detail, headers={"Retry-After": str(RETRY_SECONDS)})


async def show_sync(request: AnyRequest, user: FromPath[str]) -> Response[bytes]:
    service = service_of(request)
    status = await service.reading(sync_status, service.store, service.settings, user, utc_now())
    return Response(msgspec.json.encode(status), media_type="application/json")


class AskedSync(msgspec.Struct):
    """A poll that was asked for."""

    asked_at: datetime
    """The poll that begins after it answers it."""


async def ask_for_sync(request: AnyRequest, user: FromPath[str]) -> Response[bytes]:
    service = service_of(request)
    asked = await service.writing(ask_for_poll, service.store, user)
    headers = {"Location": f"/v1/listeners/{user}/sync"}
    body = msgspec.json.encode(AskedSync(asked.asked_at))
    return Response(body, status_code=202, media_type="application/json", headers=headers)


PLAYS: Final[Choice[Literal["keep", "delete"]]] = Choice(
    name="plays",
    description="What becomes of the plays that the sync brought.",
    example="delete",
    default="keep",
    choices=("keep", "delete"),
)
_OF_LOGIN: Final = (
    Text(name="code", description="What Spotify gave the person's browser.", example="AQD", longest=2_000),
    Text(name="state", description="Which login it is.", example="x7d", longest=200),
    Text(
        name="error",
        description="Why Spotify sends the person back without a code.",
        example="access_denied",
        longest=200,
    ),
)

ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    routed("POST", f"{OWN}/spotify/login", Operation(
        id="begin_spotify_login", tag="spotify", opens="write", summary="Begin a login at Spotify",
        description="The person opens the address and allows what the app asks for: what was played recently, their "
        "top 50s, what they saved, and whose account it is. Within 10 minutes Spotify sends them to "
        f"`{_CALLBACK}`.",
        answers={200: Answer(description="Begun.", body=BegunLogin)}, body=NewLogin, example={"replace": False},
        problems=(UNKNOWN_LISTENER, NO_SPOTIFY_APP, SPOTIFY_REFUSED),
    ), begin_spotify_login),
    routed("GET", _CALLBACK, Operation(
        id="end_spotify_login", tag="spotify", opens="anyone", summary="End a login",
        description="Where Spotify sends the person's browser; `state` names a login that was begun here, once.",
        answers={200: Answer(description="The account is linked.", media_type="text/plain", example=_LINKED)},
        parameters=_OF_LOGIN, problems=(NO_SPOTIFY_APP, SPOTIFY_REFUSED, SPOTIFY_FAILED, UNAVAILABLE),
    ), end_spotify_login),
    routed("POST", f"{OWN}/spotify/callback", Operation(
        id="end_spotify_login_by_hand", tag="spotify", opens="write", summary="End a login by hand",
        description="For a service that Spotify sends nobody back to: the address that the browser ended at, pasted.",
        answers={200: Answer(description="The account is linked.", body=SyncStatus)}, body=ReturnedTo,
        example={"url": "http://127.0.0.1:8000/v1/spotify/callback?code=AQD&state=x7d"},
        problems=(UNKNOWN_LISTENER, NO_SPOTIFY_APP, SPOTIFY_REFUSED, SPOTIFY_FAILED),
    ), end_spotify_login_by_hand),
    routed("DELETE", f"{OWN}/spotify", Operation(
        id="disconnect_spotify", tag="spotify", opens="write", summary="Forget the account at Spotify",
        description="The tokens go, Spotify's tops and the saved tracks too. Plays stay, unless `plays=delete`: then "
        "those go that only the sync told of.",
        answers={204: Answer(description="Forgotten, if there was one.")}, parameters=(PLAYS,),
        problems=(UNKNOWN_LISTENER, UNAVAILABLE),
    ), disconnect_spotify),
    routed("POST", f"{OWN}/sync", Operation(
        id="ask_for_sync", tag="spotify", opens="write", summary="Ask for a poll now",
        description="The pipelines poll within half a minute; how it went stands at the address in `Location`.",
        answers={202: Answer(
            description="Asked for.", body=AskedSync, headers={"Location": "Where to look how it went."},
        )},
        problems=(UNKNOWN_LISTENER, SPOTIFY_REFUSED),
    ), ask_for_sync),
    routed("GET", f"{OWN}/sync", Operation(
        id="show_sync", tag="spotify", opens="read", summary="How the sync goes",
        description="The last poll and the next one, how close the last page came to a loss, the login and when it "
        "ends, the requests that are left, and what is wrong, in words. Asks the store alone, never Spotify.",
        answers={200: Answer(description="As it stands.", body=SyncStatus)}, problems=(UNKNOWN_LISTENER,),
    ), show_sync),
)  # fmt: skip
