"""What the stores cost: round trips, and what a process loads that does not need it."""

import subprocess
import sys
from collections import Counter
from functools import partial

import pytest
from pymongo import MongoClient
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from stats_core.store import mongodb, open_store
from stats_core.store.port import Query, Range
from tests.store.things import DECLARED, thing, things


class Commands(CommandListener):
    """Counts what is sent to a MongoDB."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()

    def started(self, event: CommandStartedEvent) -> None:
        self.sent[event.command_name] += 1

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


def test_thousands_of_documents_are_one_round_trip(mongodb_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = Commands()
    monkeypatch.setattr(mongodb, "MongoClient", partial(MongoClient, event_listeners=[commands]))
    store = open_store(mongodb_uri, DECLARED)
    commands.sent.clear()
    store.insert(things, map(thing, range(6_000)))
    store.put(things, map(thing, range(2_000)))
    assert len(list(store.find(things, Query(one_of={"_id": [thing(number).id for number in range(1_500)]})))) == 1_500
    assert store.delete(things, Query(equal={"user": "me"}, range=Range("rank", 0, 1_000))) == 1_000
    sent = dict(commands.sent)
    store.close()
    assert sent == {"insert": 2, "update": 1, "find": 3, "delete": 1}


def test_who_uses_no_mongodb_loads_no_driver() -> None:
    program = "import sys, stats_core.store.leases; sys.exit('pymongo' in sys.modules or 'bson' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
