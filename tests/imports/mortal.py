"""A store in which the process dies by SIGKILL after some number of documents were written."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping

from stats_core.store.port import Collection, D, Query, Store


class MortalStore:
    """Passes everything on, one document a write, and kills this process after `lives` of them."""

    def __init__(self, store: Store, lives: int) -> None:
        self._store = store
        self._lives = lives

    def _live(self) -> None:
        if self._lives == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._lives -= 1

    def insert(self, collection: Collection[D], documents: Iterable[D]) -> list[str]:
        there: list[str] = []
        for document in documents:
            self._live()
            there += self._store.insert(collection, [document])
        return there

    def put(self, collection: Collection[D], documents: Iterable[D]) -> None:
        for document in documents:
            self._live()
            self._store.put(collection, [document])

    def replace(self, collection: Collection[D], document: D, revision: int) -> bool:
        self._live()
        return self._store.replace(collection, document, revision)

    def update(self, collection: Collection[D], identity: str, fields: Mapping[str, object]) -> bool:
        self._live()
        return self._store.update(collection, identity, fields)

    def delete(self, collection: Collection[D], query: Query) -> int:
        self._live()
        return self._store.delete(collection, query)

    def drop(self, collection: Collection[D]) -> None:
        self._live()
        self._store.drop(collection)

    def get(self, collection: Collection[D], identity: str) -> D | None:
        return self._store.get(collection, identity)

    def find(self, collection: Collection[D], query: Query = Query()) -> Iterator[D]:  # noqa: B008 - frozen
        return self._store.find(collection, query)

    def count(self, collection: Collection[D], query: Query = Query()) -> int:  # noqa: B008 - frozen
        return self._store.count(collection, query)

    def check(self) -> None:
        self._store.check()

    def close(self) -> None:
        self._store.close()


def died(action: Callable[[], None]) -> bool:
    """Run in a child process; whether it was killed. Raises if it failed otherwise."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            action()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False
