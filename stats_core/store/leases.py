"""Leases: the right of one writer at a time, kept in the store, so that it holds between processes and machines.

Hosts that share a store must agree on the time to within some seconds.
"""

import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

import msgspec
import psutil

from stats_core.clock import utc_now
from stats_core.documents.upkeep import Lease
from stats_core.errors import LeaseLost, StoreError, StoreUnavailable
from stats_core.store.collections import leases
from stats_core.store.port import Query, Store

TERM = timedelta(seconds=60)
"""How long a lease outlives its last renewal."""
RENEW_AFTER = timedelta(seconds=10)
POLL = 0.2
"""Seconds between two looks at another's lease."""


class Held:
    """A lease while it is held."""

    def __init__(self, store: Store, lease: Lease) -> None:
        self._store = store
        self.lease = lease

    def renew(self) -> None:
        """Hold it for another 60 s; call it before every batch, it costs something only every 10 s.

        Raise LeaseLost if another process took it over: then nothing more may be written.
        """
        now = utc_now()
        # The wall clock on purpose: a machine that slept finds its lease expired, as everybody else does.
        if now < self.lease.expires_at - TERM + RENEW_AFTER:
            return
        renewed = msgspec.structs.replace(self.lease, expires_at=now + TERM, revision=self.lease.revision + 1)
        if not self._store.replace(leases, renewed, self.lease.revision):
            raise LeaseLost(
                f"The lease {self.lease.id!r} ({self.lease.purpose}) ran out and went to another process: stopped "
                "before writing more. Run it again."
            )
        self.lease = renewed


@contextmanager
def lease(
    store: Store,
    name: str,
    *,
    purpose: str,
    waiting: Callable[[Lease], None] | None = None,
    timeout: float | None = None,
) -> Iterator[Held]:
    """Hold the lease `name`, waiting for whoever has it; raise StoreUnavailable after `timeout` seconds.

    `waiting` is told once who holds it. A dead owner's lease is taken over at once. `purpose` says what for, to others.
    """
    # Whoever changes something passes here: a newer version may have migrated the store since it was opened.
    store.check()
    held = Held(store, _acquire(store, name, purpose, waiting, timeout))
    try:
        yield held
    finally:
        # If the store cannot be reached now, the lease ends when this process does, or with its term.
        with suppress(StoreError):
            store.delete(leases, Query(equal={"_id": name, "revision": held.lease.revision}))


def is_dead(holder: Lease) -> bool:
    """Whether a lease's owner cannot be writing any more: out of time, or its process on this host is gone."""
    if holder.expires_at <= utc_now():
        return True
    if holder.host != this_host():
        return False
    try:
        started = psutil.Process(holder.pid).create_time()
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False
    # A process younger than the last renewal was given a dead one's pid; clocks may differ by a little.
    renewed_at = holder.expires_at - TERM
    return datetime.fromtimestamp(started, UTC) > renewed_at + timedelta(seconds=2)


@lru_cache(maxsize=1)
def this_host() -> str:
    """This host, and on Linux the space its process ids are counted in: containers may share a host's name."""
    try:
        return f"{socket.gethostname()}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return socket.gethostname()


def described(holder: Lease) -> str:
    """Who holds a lease, for a person."""
    return f"{holder.purpose} (process {holder.pid} on {holder.host.partition('/')[0]})"


def _acquire(
    store: Store, name: str, purpose: str, waiting: Callable[[Lease], None] | None, timeout: float | None
) -> Lease:
    host, pid = this_host(), os.getpid()
    owner = f"{host}:{pid}:{uuid4()}"
    patient_until = None if timeout is None else time.monotonic() + timeout
    told = False
    while True:
        # A first revision is random: a lease that was released and taken anew must not look like the old one.
        mine = Lease(
            id=name, owner=owner, host=host, pid=pid, purpose=purpose, expires_at=utc_now() + TERM,
            revision=secrets.randbits(52),
        )  # fmt: skip
        holder = store.get(leases, name)
        if holder is None:
            if not store.insert(leases, [mine]):
                return mine
            continue
        if holder.owner == owner:  # written by an attempt whose answer was lost on the way
            return holder
        if is_dead(holder):
            if store.replace(leases, mine, holder.revision):
                return mine
            continue
        if waiting and not told:
            waiting(holder)
            told = True
        if patient_until is not None and time.monotonic() >= patient_until:
            raise StoreUnavailable(f"Waited {timeout:g} s for {described(holder)} to end. Try again when it has.")
        time.sleep(POLL)
