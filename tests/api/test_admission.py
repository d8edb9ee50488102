"""Answers are computed one at a time, once for all who ask for them; those for whom there is no room are told soon."""

import asyncio
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine

from stats_api import admission, answers
from stats_api.addresses import Address, Terms
from stats_api.cache import Entry
from stats_api.computing import computed
from stats_core.clock import utc_now
from stats_core.documents.listeners import Listener
from stats_core.errors import StoreUnavailable
from stats_core.history.reader import HistoryReader
from stats_core.insights.lately import Lately
from stats_core.store import collections
from stats_core.store.port import Store
from tests.api.inside import Ask, inside
from tests.api.server import problem

PATH = "/v1/listeners/ada/summary"


class Computing:
    """The real computing, seen while it goes on, and held up where a test wants it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.go_on = threading.Event()
        self.go_on.set()
        self._lock = threading.Lock()

    def __call__(
        self, store: Store, reader: HistoryReader, lately: Lately, address: Address, terms: Terms
    ) -> tuple[Hashable, Entry]:
        with self._lock:
            self.asked.append(address.text)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        assert self.go_on.wait(30)
        time.sleep(0.002)
        with self._lock:
            self.at_once -= 1
        return computed(store, reader, lately, address, terms)


@pytest.fixture
def computing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Computing]:
    seen = Computing()
    monkeypatch.setattr(answers, "computed", seen)
    yield seen
    seen.go_on.set()


@pytest.fixture
def listener(sqlite_store: Store) -> Store:
    """A store with `ada`, who has no plays."""
    sqlite_store.insert(collections.listeners, [Listener(id="ada", created_at=utc_now(), timezone="Europe/Berlin")])
    return sqlite_store


def _many(paths: list[str]) -> Callable[[Ask], Any]:
    async def asking(ask: Ask) -> list[httpx.Response]:
        return await asyncio.gather(*map(ask, paths))

    return asking


def _apart(count: int) -> list[str]:
    return [f"{PATH}?min_ms={number}" for number in range(count)]


def test_equal_questions_at_once_are_computed_once(listener: Store, tmp_path: Path, computing: Computing) -> None:
    spellings = [PATH, f"{PATH}?tz=Asia/Tokyo", f"{PATH}?tz=Asia%2FTokyo"] * 20
    found = inside(listener, tmp_path, _many(spellings))
    assert {answer.status_code for answer in found} == {200}
    assert len({answer.content for answer in found}) == 2
    assert len(computing.asked) == 2


@pytest.mark.parametrize("processes", [1, 64])
def test_no_more_is_computed_at_once_than_there_are_cores(
    listener: Store, tmp_path: Path, computing: Computing, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    monkeypatch.setattr(answers, "cores", lambda: 3)
    found = inside(listener, tmp_path, _many(_apart(40)), api_processes=processes)
    assert {answer.status_code for answer in found} == {200}
    assert len(computing.asked) == 40
    assert computing.most_at_once == (3 if processes == 1 else 1)


def test_who_would_wait_too_long_is_told_to_ask_again(
    listener: Store, tmp_path: Path, computing: Computing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "cores", lambda: 1)
    monkeypatch.setattr(admission, "WAIT_SECONDS", 0.2)
    computing.go_on.clear()

    async def asking(ask: Ask) -> tuple[httpx.Response, httpx.Response, float, httpx.Response]:
        first = asyncio.ensure_future(ask(PATH))
        await asyncio.sleep(0.05)
        began = time.monotonic()
        second = await ask(f"{PATH}?min_ms=1")
        waited = time.monotonic() - began
        other = await ask("/v1/listeners")
        computing.go_on.set()
        return await first, second, waited, other

    first, second, waited, other = inside(listener, tmp_path, asking)
    assert first.status_code == 200
    problem(second, 503, "busy")
    assert int(second.headers["retry-after"]) > 0
    assert second.headers["cache-control"] == "no-store"
    assert 0.2 <= waited < 1
    assert other.status_code == 200, "routes that read the store only have threads of their own"


def test_no_more_than_64_wait(
    listener: Store, tmp_path: Path, computing: Computing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "cores", lambda: 1)
    computing.go_on.clear()

    async def asking(ask: Ask) -> list[httpx.Response]:
        going = [asyncio.ensure_future(ask(path)) for path in _apart(70)]
        refused, _ = await asyncio.wait(going, timeout=1)
        computing.go_on.set()
        assert len(refused) == 70 - 1 - admission.MOST_WAITING
        return await asyncio.gather(*going)

    found = inside(listener, tmp_path, asking)
    assert sorted(answer.status_code for answer in found) == [200] * 65 + [503] * 5


def test_who_goes_away_leaves_the_work_to_those_who_wait(listener: Store, tmp_path: Path, computing: Computing) -> None:
    computing.go_on.clear()

    async def asking(ask: Ask) -> httpx.Response:
        first, second = (asyncio.ensure_future(ask(PATH)) for _ in range(2))
        await asyncio.sleep(0.1)
        first.cancel()
        computing.go_on.set()
        return await second

    assert inside(listener, tmp_path, asking).status_code == 200
    assert len(computing.asked) == 1


def test_what_failed_is_told_to_all_and_asked_anew(
    listener: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = [True]

    def failed(*asked: Any) -> tuple[Hashable, Entry]:
        if failing:
            time.sleep(0.05)
            raise StoreUnavailable("gone")
        return computed(*asked)

    monkeypatch.setattr(answers, "computed", failed)

    async def asking(ask: Ask) -> tuple[list[httpx.Response], httpx.Response]:
        refused = await asyncio.gather(*[ask(PATH) for _ in range(3)])
        failing.clear()
        return refused, await ask(PATH)

    refused, after = inside(listener, tmp_path, asking)
    for answer in refused:
        problem(answer, 503, "unavailable")
    assert after.status_code == 200


def test_what_hangs_on_today_is_another_tomorrow(listener: Store, tmp_path: Path, computing: Computing) -> None:
    path = "/v1/listeners/ada/summary?period=today"

    async def asking(ask: Ask) -> list[str]:
        periods = []
        for moment in ("2024-07-01T21:59:00Z", "2024-07-01T21:59:59Z", "2024-07-01T22:00:00Z"):
            with time_machine.travel(moment, tick=False):
                periods.append((await ask(path)).json()["period"]["start"])
        return periods

    assert inside(listener, tmp_path, asking) == [
        "2024-07-01T00:00:00+02:00", "2024-07-01T00:00:00+02:00", "2024-07-02T00:00:00+02:00",
    ]  # fmt: skip
    assert len(computing.asked) == 2


def test_a_change_while_an_answer_is_computed_is_in_the_next(
    listener: Store, tmp_path: Path, computing: Computing
) -> None:
    computing.go_on.clear()

    async def asking(ask: Ask) -> tuple[httpx.Response, httpx.Response]:
        first = asyncio.ensure_future(ask(PATH))
        await asyncio.sleep(0.1)
        known = listener.get(collections.listeners, "ada")
        assert known is not None
        changed = Listener(id="ada", created_at=known.created_at, timezone="Asia/Tokyo", revision=1)
        assert listener.replace(collections.listeners, changed, 0)
        await asyncio.sleep(0.06)
        second = asyncio.ensure_future(ask(PATH))
        await asyncio.sleep(0.1)
        computing.go_on.set()
        return await first, await second

    _, second = inside(listener, tmp_path, asking)
    assert second.json()["period"]["timezone"] == "Asia/Tokyo"


def test_without_room_nothing_is_kept_and_all_is_answered(
    listener: Store, tmp_path: Path, computing: Computing
) -> None:
    async def asking(ask: Ask) -> list[httpx.Response]:
        return [await ask(PATH) for _ in range(3)]

    found = inside(listener, tmp_path, asking, cache_mb=0)
    assert {(answer.status_code, answer.content) for answer in found} == {(200, found[0].content)}
    assert len(computing.asked) == 3
