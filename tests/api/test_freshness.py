"""The store is asked what has changed once in 50 ms, however much is asked; and never while nothing is."""

import asyncio
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from stats_api.freshness import Freshness
from stats_core.clock import utc_now
from stats_core.documents.listeners import Listener
from stats_core.errors import StoreUnavailable
from stats_core.history.present import FRESH_SECONDS, Lookout
from stats_core.store import collections
from stats_core.store.port import EVERYTHING, Collection, Query, Store, Stored
from tests.api.inside import Ask, inside
from tests.api.server import problem
from tests.insights.plays import listener

PATHS = ["/v1/listeners/ada/summary", "/v1/listeners/ada/clock", "/v1/listeners/bob/summary"]


class Watched:
    """A store, and when it was read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.looks: list[float] = []
        self.reads = 0
        self.failing: Exception | None = None

    def find(self, collection: Collection[Any], query: Query = EVERYTHING) -> Iterator[Stored]:
        if self.failing is not None:
            raise self.failing
        if collection is collections.revisions:
            self.looks.append(time.monotonic())
        elif collection is not collections.listeners:
            self.reads += 1
        return self._store.find(collection, query)

    def __getattr__(self, name: str) -> Any:
        self.reads += 1
        return getattr(self._store, name)


@pytest.fixture
def watched(sqlite_store: Store) -> Any:
    sqlite_store.insert(collections.listeners, [Listener(id=user, created_at=utc_now()) for user in ("ada", "bob")])
    return Watched(sqlite_store)


def test_hits_read_the_store_once_in_50_ms(watched: Any, tmp_path: Path) -> None:
    async def asking(ask: Ask) -> tuple[int, int]:
        for path in PATHS:
            await ask(path)
        watched.looks.clear()
        watched.reads = 0
        asked, until = 0, time.monotonic() + 0.5
        while time.monotonic() < until:
            answers = await asyncio.gather(*map(ask, PATHS * 4))
            assert {answer.status_code for answer in answers} == {200}
            asked += len(answers)
        return asked, watched.reads

    asked, reads = inside(watched, tmp_path, asking, rate_limit=0)
    assert asked > 50
    assert 2 <= len(watched.looks) <= 0.5 / FRESH_SECONDS + 2
    assert reads <= 1, "the admin key needs no store"


def test_nobody_asks_and_the_store_is_left_alone(watched: Any, tmp_path: Path) -> None:
    async def asking(ask: Ask) -> None:
        await ask(PATHS[0])
        watched.looks.clear()
        await asyncio.sleep(0.3)
        assert watched.looks == []
        await ask(PATHS[0])

    inside(watched, tmp_path, asking)
    assert len(watched.looks) == 1


def test_a_store_that_does_not_answer_is_told_though_the_answer_is_kept(watched: Any, tmp_path: Path) -> None:
    async def asking(ask: Ask) -> None:
        await ask(PATHS[0])
        watched.failing = StoreUnavailable("gone")
        await asyncio.sleep(FRESH_SECONDS)
        for answer in await asyncio.gather(*[ask(PATHS[0]) for _ in range(5)]):
            problem(answer, 503, "unavailable")
        watched.failing = None
        assert (await ask(PATHS[0])).status_code == 200

    inside(watched, tmp_path, asking)


@pytest.fixture
def alarmed() -> Iterator[None]:
    """A loop that never comes to an end is no reason for the tests not to."""

    def ring(_: int, __: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(10)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("alarmed")
def test_who_comes_when_a_look_for_others_has_just_ended_gets_a_look(sqlite_store: Store) -> None:
    sqlite_store.insert(collections.listeners, [listener()])

    async def asking() -> None:
        freshness = Freshness(Lookout(sqlite_store))
        first = asyncio.create_task(freshness.look("ada"))
        await asyncio.sleep(0)
        # The look ends while the event loop is busy: what ends it stands in line before the next to ask.
        freshness._thread.submit(int).result(5)
        second = asyncio.create_task(freshness.look("bob"))
        assert (await first).listener("ada").id == "ada"
        assert (await second).listeners["bob"] is None
        freshness.close()

    asyncio.run(asking())
