"""Access: who asks, and whether they may. One gate a process, driven by what operations say of themselves."""

import asyncio
import hashlib
import hmac
import math
import re
import time
from dataclasses import dataclass
from typing import Final

from litestar.handlers import BaseRouteHandler

from stats_api.buckets import Buckets
from stats_api.operations import OPENS, Operation, operation_of
from stats_api.passage import Passage, passage_of
from stats_api.peers import Peers
from stats_api.problems import NO_ACCESS, OUTSIDE_KEY, TOO_MANY_FAILURES, TOO_MANY_REQUESTS, Failure, Kind
from stats_api.service import AnyConnection, Service
from stats_api.uses import Uses
from stats_core.clock import utc_now
from stats_core.documents.keys import AccessKey
from stats_core.documents.words import USER_NAME
from stats_core.errors import UnknownListener
from stats_core.security.access import ADMIN, Access, access_of_key
from stats_core.security.keys import LINK_PREFIX, is_use_due, may_be_key
from stats_core.store import collections

BELIEVED_SECONDS: Final = 0.5
"""How long a key is believed in any case; with what answers do (`answers`), less than 1 s. Processes hear of changes in
50 ms, but not of those made by other means, nor from one that was stopped between a change and telling of it."""
_MOST_REMEMBERED: Final = 4_096
_BURST_SECONDS: Final = 2.0
_BEARER: Final = re.compile(rb" *bearer +([^\s]{1,512}) *", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Known:
    """A key that was found in the store."""

    access: Access
    revision: int
    """Of the keys, when it was looked for."""
    until: float
    """By the monotonic clock: looked up anew from then on."""


class Gate:
    """Recognises keys, says what they open and how often they may ask. Holds digests, never a key.

    Used by the event loop alone.
    """

    def __init__(self, service: Service) -> None:
        settings = service.settings
        self.peers = Peers(settings.proxies)
        self._service = service
        admin_key = service.admin_key.encode()
        self._admin = _digest(admin_key) if admin_key else b""
        self._known: dict[bytes, _Known] = {}
        self._asked: dict[bytes, asyncio.Task[Access | None]] = {}
        self._uses = Uses(service)
        rate = settings.rate_limit
        self._requests = Buckets(rate, burst=_BURST_SECONDS * rate) if rate else None
        self._failures = Buckets(settings.failed_attempts / 60, burst=settings.failed_attempts)

    def recognised(self, presented: bytes) -> Access | None:
        """What a key opens, if this process knows it and what it knows is fresh; None: ask `identified`. No I/O."""
        digest = _digest(presented)
        if hmac.compare_digest(digest, self._admin):
            return ADMIN
        known = self._known.get(digest)
        if known is None:
            return None
        present = self._service.freshness.known()
        if present is None or known.revision != present.revision("keys") or time.monotonic() >= known.until:
            return None
        return known.access if time.time() < known.access.until else None

    async def recalled(self, presented: bytes) -> Access | None:
        """What a key opens that was recognised before, looked up anew if need be; None: ask `identified`."""
        digest = _digest(presented)
        return await self._looked_up(digest) if digest in self._known else None

    async def identified(self, presented: bytes, address: str) -> Access:
        """What a key opens, looked up. Raises Failure: 401, or 429 where this address has shown too many wrong ones."""
        digest = _digest(presented)
        if hmac.compare_digest(digest, self._admin):
            return ADMIN
        access = await self._looked_up(digest) if may_be_key(presented) else None
        if access is not None:
            return access
        wait = self._failures.take(address)
        if wait is not None:
            raise _too_many(TOO_MANY_FAILURES, "Too many keys that open nothing came from this address.", wait)
        raise _no_access("No such key is known here, or it has expired.")

    def admit(self, access: Access, operation: Operation, user: str | None) -> None:
        """Let through who may; raises Failure 403, the same whether that listener exists or not."""
        opens = operation.opens
        if access.statistics is not None:
            may = operation.statistic in access.statistics and user is not None and access.opens(user)
        elif access.admin or opens == "any key":
            may = True
        elif opens in {"read", "write"}:
            may = opens in access.scopes and (user is None or access.opens(user))
        else:
            may = opens in access.scopes
        if not may:
            raise Failure(OUTSIDE_KEY, f"This key does not open that. {OPENS[opens]}")

    def spend(self, access: Access) -> float | None:
        """Take a token of the key's bucket; where there is none, the seconds until there is one."""
        return None if self._requests is None else self._requests.take(access.key)

    def forget(self) -> None:
        """Look every key up anew: this process has just changed some."""
        self._known.clear()
        self._asked.clear()
        self._service.freshness.forget()

    async def _looked_up(self, digest: bytes) -> Access | None:
        """Asked for by many at once it is looked up once."""
        task = self._asked.get(digest)
        if task is None:
            task = self._asked[digest] = asyncio.create_task(self._look_up(digest))
            task.add_done_callback(lambda done: self._answered(digest, done))
        return await asyncio.shield(task)

    def _answered(self, digest: bytes, task: asyncio.Task[Access | None]) -> None:
        if self._asked.get(digest) is task:
            del self._asked[digest]

    async def _look_up(self, digest: bytes) -> Access | None:
        began = time.monotonic()
        # The revision first: whatever changes after this look has another one.
        revision = (await self._service.freshness.look()).revision("keys")
        known = self._known.get(digest)
        if known is None or known.revision != revision or began >= known.until:
            document = await self._service.reading(self._service.store.get, collections.access_keys, digest.hex())
            if document is None:
                self._known.pop(digest, None)
                return None
            known = self._remembered(digest, document, revision, began)
            if time.time() < known.access.until and is_use_due(document, utc_now()):
                self._uses.note(document.id)
        return known.access if time.time() < known.access.until else None

    def _remembered(self, digest: bytes, document: AccessKey, revision: int, began: float) -> _Known:
        known = self._known[digest] = _Known(access_of_key(document), revision, began + BELIEVED_SECONDS)
        if len(self._known) > _MOST_REMEMBERED:
            del self._known[next(iter(self._known))]
        return known


async def admitted(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Let through who may; raises Failure. Says nothing of whether a listener exists to whom it is not open."""
    operation = operation_of(handler)
    if operation is None or operation.opens == "anyone":
        return
    scope, passage, gate = connection.scope, passage_of(connection), gate_of(connection)
    key = presented(passage)
    access = gate.recognised(key)
    if access is None:
        peer = scope["client"]
        access = await gate.identified(key, gate.peers.address_of(peer and peer[0], scope["headers"]))
    scope["state"]["access"] = access
    wait = gate.spend(access)
    if wait is not None:
        raise _too_many(TOO_MANY_REQUESTS, "This key has asked too often.", wait)
    user = connection.path_params.get("user")
    gate.admit(access, operation, user)
    if user is not None and re.fullmatch(USER_NAME, user) is None:
        raise UnknownListener(user)  # before a store is asked for a name that no store can hold
    passage.listener = user


def access_of(connection: AnyConnection) -> Access:
    """What the key of an admitted request opens."""
    access: Access = connection.scope["state"]["access"]
    return access


def presented(passage: Passage) -> bytes:
    """The key that a request shows; raises Failure where it shows none, or more than one."""
    if passage.shared:
        key = passage.shared[0]
        if len(passage.shared) > 1 or passage.authorization is not None:
            raise _no_access("More than one key was given. Send one.")
        if not key.startswith(LINK_PREFIX.encode()):
            raise _no_access("No other key but a sharing link's may stand in an address.")
        return key
    if passage.authorization is None:
        raise _no_access("No key was given. Send `Authorization: Bearer <key>`.")
    match = _BEARER.fullmatch(passage.authorization)
    if match is None:
        raise _no_access("The Authorization header holds no bearer key. Send `Authorization: Bearer <key>`.")
    return match[1]


def gate_of(connection: AnyConnection) -> Gate:
    """The gate of the service that a request came to."""
    gate: Gate = connection.app.state.gate
    return gate


def _no_access(detail: str) -> Failure:
    return Failure(NO_ACCESS, detail, headers={"WWW-Authenticate": "Bearer"})


def _too_many(kind: Kind, what: str, wait: float) -> Failure:
    seconds = math.ceil(wait)
    return Failure(kind, f"{what} Try again in {seconds} s.", headers={"Retry-After": str(seconds)})


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
