"""Access: who asks, and whether they may. One guard before every route, driven by what its operation says."""

import re
import time
from collections import OrderedDict
from typing import Final, NoReturn

from litestar.handlers import BaseRouteHandler

from stats_api.operations import Operation, operation_of
from stats_api.passage import Passage, passage_of
from stats_api.problems import NO_ACCESS, OUTSIDE_KEY, Failure
from stats_api.service import AnyConnection, Service
from stats_core.access import Access, identify, key_digest
from stats_core.documents import USER_NAME
from stats_core.errors import UnknownListener

FRESH_SECONDS: Final = 1.0
"""How long a key that was revoked by another process may still be believed, and a new one not."""
_MOST_REMEMBERED: Final = 4_096
_BEARER: Final = re.compile(rb" *bearer +([^\s]{1,512}) *", re.IGNORECASE)


class Gate:
    """What keys open, those shown lately remembered, wrong ones too. Holds their digests only; used by the event loop
    alone."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._known: OrderedDict[str, tuple[float, Access | None]] = OrderedDict()

    def recognised(self, presented: bytes | None) -> Access | None:
        """What a key opens, if this process knows that; None: ask `identified`. No I/O."""
        if presented is None:
            return None
        known = self._known.get(key_digest(presented.decode("latin-1")))
        return known[1] if known is not None and time.monotonic() - known[0] <= FRESH_SECONDS else None

    async def identified(self, presented: bytes) -> Access:
        """What a key opens, as it was at most FRESH_SECONDS ago. Raises Failure where it opens nothing."""
        access = self.recognised(presented)
        if access is not None:
            return access
        key = presented.decode("latin-1")
        now = time.monotonic()
        access = await self._service.reading(identify, self._service.store, key, self._service.admin_key)
        digest = key_digest(key)
        self._known[digest] = (now, access)
        self._known.move_to_end(digest)
        while len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        if access is None:
            raise _refused("No such key is known here.")
        return access

    def admit(self, access: Access, operation: Operation, user: str | None) -> None:
        """Raises Failure where a key does not open an operation. Says nothing of whether a listener exists."""
        if not access.admin and (operation.opens == "admin" or (user is not None and not access.opens(user))):
            raise Failure(OUTSIDE_KEY, "This key opens one listener's own data, and this is not part of it.")

    def spend(self, access: Access) -> float | None:
        """Seconds to wait, if the key has asked too much."""
        return None

    def forget(self) -> None:
        """Look every key up anew: this process has just changed some."""
        self._known.clear()


async def admitted(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Let through who may; raises Failure. Says nothing of whether a listener exists to whom it is not open."""
    operation = operation_of(handler)
    if operation is None or operation.opens == "anyone":
        return
    passage, user = passage_of(connection), connection.path_params.get("user")
    gate = gate_of(connection)
    access = await gate.identified(presented(passage) or _missing(passage))
    connection.scope["state"]["access"] = access
    gate.admit(access, operation, user)
    if user is not None and re.fullmatch(USER_NAME, user) is None:
        raise UnknownListener(user)  # before a store is asked for a name that no store can hold
    passage.listener = user


def access_of(connection: AnyConnection) -> Access:
    """What the key of an admitted request opens."""
    access: Access = connection.scope["state"]["access"]
    return access


def presented(passage: Passage) -> bytes | None:
    """The key that a request shows; None: it shows none."""
    match = _BEARER.fullmatch(passage.authorization) if passage.authorization is not None else None
    return match[1] if match is not None else None


def gate_of(connection: AnyConnection) -> Gate:
    """The gate of the service that a request came to."""
    gate: Gate = connection.app.state.gate
    return gate


def _missing(passage: Passage) -> NoReturn:
    missing = "No key was given" if passage.authorization is None else "The Authorization header holds no bearer key"
    raise _refused(f"{missing}. Send `Authorization: Bearer <key>`.")


def _refused(detail: str) -> Failure:
    return Failure(NO_ACCESS, detail, headers={"WWW-Authenticate": "Bearer"})
