"""One look at a time, for all who wait for it."""

import asyncio
import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from stats_api.freshness import Freshness
from stats_core.history.present import Lookout
from stats_core.store import collections
from stats_core.store.port import Store
from tests.insights.plays import listener


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
