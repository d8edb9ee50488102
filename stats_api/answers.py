"""Answers to statistics' questions: found where they were kept, else computed once for all who ask at the same time.

A question comes in many spellings. What came (path, query, headers as they are) leads to what was asked, its address;
and that, with the present revisions, to the answer: one that was given before costs two look-ups and no parsing; one
that was given to the same key a moment ago costs one.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from functools import partial
from time import time
from typing import Final, NamedTuple

from stats_api.access import Gate, presented
from stats_api.addresses import Address, Terms, state_of
from stats_api.admission import Admission
from stats_api.cache import AnswerCache, Entry
from stats_api.companions import check_agreement
from stats_api.computing import computed
from stats_api.metrics import HISTORY_BYTES
from stats_api.passage import Passage, Raw
from stats_api.problems import Failure
from stats_api.replies import Ready, Reply
from stats_api.service import Service
from stats_core.errors import StatsError
from stats_core.history.present import Present
from stats_core.insights.lately import Lately
from stats_core.memory import give_back
from stats_core.security.access import Access
from stats_core.settings import cores

_READING: Final = frozenset({"GET", "HEAD"})
_REPEATED_SECONDS: Final = 0.4
"""How long a key that was shown is believed without being looked for again; see BELIEVED_SECONDS."""
_MOST_SPELLINGS: Final = 8_192
_LONGEST_SPELLING: Final = 2_048
"""Characters of a spelling, headers and all: longer ones are read anew each time, so that all hold 16 MB at most."""


class _Given(NamedTuple):
    """What a request was answered with."""

    ready: Ready
    access: Access
    address: Address
    until: float
    """Seconds since 1970 from when on it may be another, or the key none."""


class Answers:
    """The answers of one process. Used by the event loop alone."""

    def __init__(self, service: Service, gate: Gate) -> None:
        self.cache = AnswerCache(service.settings.cache_mb * 1_000_000, service.process)
        self._service = service
        self._lookout = service.reader.lookout
        self._gate = gate
        self._admission = Admission(max(1, cores() // service.settings.processes))
        self._spellings: OrderedDict[Raw, Address] = OrderedDict()
        self._given: dict[tuple[Raw, bytes | None], _Given] = {}
        """What was answered from memory, by request and key, since something changed or the time was over."""
        self._given_until = 0.0
        """By the monotonic clock: keys that were shown are not remembered for longer."""
        self._lately = Lately()
        self._under_way: dict[Hashable, asyncio.Task[Entry]] = {}
        self._noticed: Present = self._lookout.latest
        self._idle, self._tidied = True, True
        self._history_bytes = HISTORY_BYTES.labels(str(service.process))

    def repeated(self, passage: Passage) -> Reply | None:
        """The answer to a request that was given a moment ago; None: ask `at_hand`. No I/O.

        The looks at the store since then found nothing changed: neither the answer nor who may have it.
        """
        given = self._given.get((passage.raw, passage.authorization))
        if (
            given is None
            or passage.body
            or passage.shared
            or passage.method not in _READING
            or self._noticed is not self._lookout.known(at=passage.began)
            or given.until <= time()
            or self._gate.spend(given.access) is not None
        ):
            return None
        address = given.address
        passage.listener, passage.route, passage.cached = address.user, address.route, True
        return given.ready.reply(passage)

    async def at_hand(self, passage: Passage) -> Reply | None:
        """The answer to a request, if it was given before and still holds, and the request passes.

        None: it must go the whole way, where whatever is wrong with it is told. Waits at most for a look at the store.
        """
        address = self._spellings.get(passage.raw) if passage.method in _READING else None
        if address is None:
            return None
        try:
            present = self._service.freshness.known(*address.users)
            if present is None:
                present = await self._service.freshness.look(*address.users)
            key = presented(passage)
            access = self._gate.recognised(key) or await self._gate.recalled(key)
            if access is None:
                return None
            self._gate.admit(access, address.operation, address.user)
            entry = self.cache.get(address.key(address.terms(access), self._notice(present)))
        except (StatsError, Failure):
            return None
        if entry is None or self._gate.spend(access) is not None:
            return None
        if present is self._noticed and not passage.shared:  # a link's key is no part of what it is found by
            until = min(entry.until, access.until)
            self._given[passage.raw, passage.authorization] = _Given(entry.ready, access, address, until)
        passage.listener, passage.route, passage.cached = address.user, address.route, True
        return entry.ready.reply(passage)

    async def reply(self, passage: Passage, access: Access, address: Address) -> Reply:
        """The answer to a request that was let through. Raises StoreError, Failure, and what the core raises."""
        terms = address.terms(access)
        _, agreed = terms
        if agreed:  # the same for whoever is there or not, in time and in words
            await self._service.reading(check_agreement, self._service.store, *address.users)
        present = self._notice(await self._service.freshness.look(*address.users))
        key = address.key(terms, present)
        entry = self.cache.get(key)
        passage.cached = entry is not None
        if entry is None:
            # Whoever goes away leaves the work to those who wait with it.
            entry = await asyncio.shield(self._making(key, address, terms))
        self._learn(passage.raw, address)
        return entry.ready.reply(passage)

    async def notice(self) -> None:
        """Let go of what has changed, and of the keys that were shown, though nobody asks. Raises StoreError."""
        if len(self.cache) or self._given:
            self._notice(await self._service.freshness.look())

    async def tidy(self) -> None:
        """Give back to the system what computing needed and left, once nothing was computed between two calls."""
        self._lately.tidy()
        was_idle, self._idle = self._idle, True
        if not self._tidied and was_idle:
            self._tidied = True
            await self._service.reading(give_back)

    def close(self) -> None:
        """Compute nothing more; what is under way ends by itself."""
        self._admission.close()

    def _making(self, key: Hashable, address: Address, terms: Terms) -> asyncio.Task[Entry]:
        """What makes the answer, begun by whoever asked first."""
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._made(address, terms))
            task.add_done_callback(partial(self._over, key))
        return task

    async def _made(self, address: Address, terms: Terms) -> Entry:
        store, reader = self._service.store, self._service.reader
        key, entry = await self._admission.computed(partial(computed, store, reader, self._lately, address, terms))
        present = self._service.freshness.known(*address.users)
        if present is None or key == address.key(terms, present):
            self.cache.put(key, entry)
        self._idle, self._tidied = False, False
        self._history_bytes.set(reader.nbytes)
        return entry

    def _over(self, key: Hashable, task: asyncio.Task[Entry]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # whoever waits is told; if nobody does any more, nobody need be

    def _learn(self, spelling: Raw, address: Address) -> None:
        if sum(len(part) for part in spelling if part is not None) <= _LONGEST_SPELLING:
            self._spellings[spelling] = address
            while len(self._spellings) > _MOST_SPELLINGS:
                self._spellings.popitem(last=False)

    def _notice(self, present: Present) -> Present:
        """Let go of what the present says has changed."""
        before = self._noticed
        if present.began > before.began:
            self._noticed = present
            if before.revision("cache") != present.revision("cache"):
                self.cache.clear()
            both = before.listeners.keys() & present.listeners.keys()
            changed = {user for user in both if state_of(before.listeners[user]) != state_of(present.listeners[user])}
            if changed:
                self.cache.drop(frozenset(changed))
            same = not changed and len(both) == len(before.listeners) and before.revisions == present.revisions
            if not same or present.began >= self._given_until:
                self._given.clear()
                self._given_until = present.began + _REPEATED_SECONDS
        return present
