"""Other processes for the suite: `python -m tests.store.workers <work> <uri> <name>`. Each prints a line per step."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import msgspec

from stats_core.store import open_store
from stats_core.store.leases import lease
from stats_core.store.port import Store
from tests.store.things import DECLARED, Thing, things

ROUNDS = 25
BATCH = 40


def stream(store: Store, name: str) -> None:
    """Write batches for ever, saying each one that was acknowledged."""
    for number in count():
        there = store.insert(things, [Thing(id=f"{name}|{number}|{part}", rank=number) for part in range(BATCH)])
        said(f"{number} {len(there)}")


def write(store: Store, name: str) -> None:
    """Write ROUNDS batches of its own, and one document everybody else writes too."""
    first = 0
    for number in range(ROUNDS):
        mine = [Thing(id=f"{name}|{number}|{part}", rank=number, label=name) for part in range(BATCH)]
        there = store.insert(things, [*mine, Thing(id=f"shared|{number}")])
        first += not there
        store.put(things, mine[:5])
    said(str(first))


def increase(store: Store, name: str) -> None:
    """Raise one document's revision ROUNDS times by compare-and-set."""
    lost = 0
    for _ in range(ROUNDS):
        while True:
            found = store.get(things, "counter")
            assert found is not None
            raised = msgspec.structs.replace(found, revision=found.revision + 1, counts={**found.counts})
            raised.counts[name] = raised.counts.get(name, 0) + 1
            if store.replace(things, raised, found.revision):
                break
            lost += 1
    said(str(lost))


def hold(store: Store, name: str) -> None:
    """Hold a lease for ever."""
    with lease(store, name, purpose="holding still"):
        said("held")
        time.sleep(600)


def said(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@contextmanager
def working(work: str, uri: str, name: str) -> Iterator[subprocess.Popen[str]]:
    """A worker process, killed at the end as `kill -9` does."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.store.workers", work, uri, name],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line a worker prints."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"the worker ended with {process.wait()} and no word"
    return line.strip()


if __name__ == "__main__":
    work, uri, name = sys.argv[1:]
    opened = open_store(uri, DECLARED)
    {"stream": stream, "write": write, "increase": increase, "hold": hold}[work](opened, name)
    opened.close()
