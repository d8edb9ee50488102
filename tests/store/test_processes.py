"""Several writers at once, and writers that die."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from stats_core.store import open_store
from stats_core.store.port import Query, Store
from tests.store.server import MongodServer
from tests.store.things import DECLARED, Thing, thing, things
from tests.store.workers import BATCH, ROUNDS, line_of, working


def test_several_processes_write_at_once(store: Store, store_uri: str) -> None:
    names = ["a", "b", "c"]
    with ExitStack() as stack:
        workers = [stack.enter_context(working("write", store_uri, name)) for name in names]
        first = [int(line_of(worker)) for worker in workers]
        assert [worker.wait(30) for worker in workers] == [0, 0, 0]
    assert sum(first) == ROUNDS  # of the document they share, each was new to exactly one
    assert store.count(things) == len(names) * ROUNDS * BATCH + ROUNDS
    for name in names:
        assert store.count(things, Query(equal={"label": name})) == ROUNDS * BATCH


def test_processes_that_race_lose_no_change(store: Store, store_uri: str) -> None:
    store.insert(things, [Thing(id="counter")])
    with ExitStack() as stack:
        workers = [stack.enter_context(working("increase", store_uri, name)) for name in ("a", "b", "c")]
        for worker in workers:
            line_of(worker)
    assert store.get(things, "counter") == Thing(
        id="counter", revision=3 * ROUNDS, counts=dict.fromkeys(("a", "b", "c"), ROUNDS)
    )


def test_of_many_threads_one_wins_each_revision(store: Store) -> None:
    store.insert(things, [Thing(id="counter")])
    gate = threading.Barrier(8)

    def race(number: int) -> list[bool]:
        won = []
        for revision in range(10):
            gate.wait(30)
            won.append(store.replace(things, Thing(id="counter", revision=revision + 1, rank=number), revision))
        return won

    with ThreadPoolExecutor(8) as pool:
        rounds = zip(*pool.map(race, range(8)), strict=True)
        assert [sum(won) for won in rounds] == [1] * 10


def test_of_many_threads_one_inserts(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        there = pool.map(lambda number: store.insert(things, [Thing(id="one", rank=number)]), range(8))
    assert sorted(there) == [[], *[["one"]] * 7]


def test_many_open_the_store_for_the_first_time_at_once(store_uri: str) -> None:
    def opened(number: int) -> list[str]:
        store = open_store(store_uri, DECLARED)
        there = store.insert(things, [thing(number)])
        store.close()
        return there

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(opened, range(6))) == [[]] * 6


def test_kill_in_a_stream_of_writes_loses_nothing_acknowledged(store_uri: str) -> None:
    for attempt in range(2):
        with working("stream", store_uri, str(attempt)) as worker:
            lines = [line_of(worker) for _ in range(20 + 15 * attempt)]
            worker.kill()
            assert worker.stdout is not None
            # What it said before it died counts as well; a half line is no acknowledgement.
            lines += [line for line in worker.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        assert all(line.split()[1] == "0" for line in lines)
        store = open_store(store_uri, DECLARED)
        expected = {f"{attempt}|{number}|{part}" for number in range(len(lines)) for part in range(BATCH)}
        found = {one.id for one in store.find(things, Query(one_of={"_id": expected}))}
        assert found == expected
        assert store.insert(things, [Thing(id=f"after {attempt}")]) == []
        store.close()


def test_kill_of_the_server_loses_nothing_acknowledged(own_server: MongodServer) -> None:
    uri = f"{own_server.address}/stream"
    with working("stream", uri, "s") as worker:
        lines = [line_of(worker) for _ in range(20)]
        own_server.kill()
        worker.kill()
        assert worker.stdout is not None
        lines += [line for line in worker.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    own_server.start()
    store = open_store(uri, DECLARED)
    expected = {f"s|{number}|{part}" for number in range(len(lines)) for part in range(BATCH)}
    assert {one.id for one in store.find(things, Query(one_of={"_id": expected}))} == expected
    store.close()


def test_a_listening_history_is_private(sqlite_store: Store, sqlite_uri: str) -> None:
    sqlite_store.insert(things, [thing(1)])
    files = list(Path(sqlite_uri.removeprefix("sqlite:///")).parent.glob("stats.db*"))
    assert len(files) == 3
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
