"""Access: who asks, and whether they may. One guard before every route, driven by what its operation says."""

import re
import time
from collections import OrderedDict
from typing import Final

from litestar.handlers import BaseRouteHandler

from stats_api.operations import operation_of
from stats_api.problems import NO_ACCESS, OUTSIDE_KEY, Failure
from stats_api.service import AnyConnection, Service
from stats_core.access import ADMIN, Access, identify, is_admin_key, key_digest
from stats_core.documents import USER_NAME
from stats_core.errors import UnknownListener

FRESH_SECONDS: Final = 1.0
"""How long a key that was revoked by another process may still be believed, and a new one not."""
_MOST_REMEMBERED: Final = 4_096
_BEARER: Final = re.compile(r"bearer +([^\s]{1,512})", re.IGNORECASE | re.ASCII)


class KeyRing:
    """The keys that were shown lately, wrong ones too. Holds their digests only; used by the event loop alone."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._known: OrderedDict[str, tuple[float, Access | None]] = OrderedDict()

    async def access_of(self, key: str) -> Access | None:
        """What a key opens, as it was at most FRESH_SECONDS ago."""
        if is_admin_key(key, self._service.admin_key):
            return ADMIN
        digest = key_digest(key)
        now = time.monotonic()
        known = self._known.get(digest)
        if known is not None and now - known[0] <= FRESH_SECONDS:
            return known[1]
        access = await self._service.reading(identify, self._service.store, key, self._service.admin_key)
        self._known[digest] = (now, access)
        self._known.move_to_end(digest)
        while len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        return access

    def forget(self) -> None:
        """Look every key up anew: this process has just changed some."""
        self._known.clear()


async def admitted(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Let through who may; raises Failure. Says nothing of whether a listener exists to whom it is not open."""
    operation = operation_of(handler)
    if operation is None or operation.opens == "anyone":
        return
    access = await _access_of(connection)
    connection.scope["state"]["access"] = access
    user = connection.path_params.get("user")
    if not access.admin and (operation.opens == "admin" or (user is not None and not access.opens(user))):
        raise Failure(OUTSIDE_KEY, "This key opens one listener's own data, and this is not part of it.")
    if user is not None and re.fullmatch(USER_NAME, user) is None:
        raise UnknownListener(user)  # before a store is asked for a name that no store can hold


def access_of(connection: AnyConnection) -> Access:
    """What the key of an admitted request opens."""
    access: Access = connection.scope["state"]["access"]
    return access


async def _access_of(connection: AnyConnection) -> Access:
    given = connection.headers.getall("authorization", [])
    match = _BEARER.fullmatch(given[0].strip()) if len(given) == 1 else None
    if match is None:
        missing = "No key was given" if not given else "The Authorization header holds no bearer key"
        raise _refused(f"{missing}. Send `Authorization: Bearer <key>`.")
    access = await key_ring(connection).access_of(match[1])
    if access is None:
        raise _refused("No such key is known here.")
    return access


def _refused(detail: str) -> Failure:
    return Failure(NO_ACCESS, detail, headers={"WWW-Authenticate": "Bearer"})


def key_ring(connection: AnyConnection) -> KeyRing:
    """The keys of the service that a request came to."""
    ring: KeyRing = connection.app.state.key_ring
    return ring
