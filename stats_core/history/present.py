"""The present: what the store says of everything a process remembers, read in one small look for all of it."""

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from stats_core.documents.listeners import Listener
from stats_core.errors import UnknownListener
from stats_core.store import collections
from stats_core.store.port import Query, Store
from stats_core.store.revisions import Remembered, revisions

FRESH_SECONDS: Final = 0.05
"""How old what a process remembers may be before the store is looked at again."""
_WATCHED_SECONDS: Final = 60
"""How long after the last question about a listener every look looks at them, too."""
_MOST_WATCHED: Final = 256


@dataclass(frozen=True)
class Present:
    """What one look found."""

    began: float
    """When, by the monotonic clock: it is never older than that."""
    revisions: Mapping[str, int] = field(default_factory=dict)
    listeners: Mapping[str, Listener | None] = field(default_factory=dict)
    """Those that were looked for; None: there is no such listener."""

    def revision(self, name: Remembered) -> int:
        """How often that has changed."""
        return self.revisions.get(name, 0)

    def listener(self, user: str) -> Listener:
        """One that was looked for; raises UnknownListener."""
        listener = self.listeners[user]
        if listener is None:
            raise UnknownListener(user)
        return listener


class Lookout:
    """Looks at the store where what is known is too old, once for whoever wants to know. Safe between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._watched: OrderedDict[str, float] = OrderedDict()
        self._watching = threading.Lock()
        self._looking = threading.Lock()
        self._not_before = time.monotonic()
        """A look that began no later missed what this process has changed."""
        self.latest = Present(self._not_before)

    def known(self, *users: str, at: float) -> Present | None:
        """The present of these listeners, if what is known was fresh at that time of the monotonic clock; no I/O."""
        present = self.latest
        if present.began <= self._not_before or present.began <= at - FRESH_SECONDS:
            return None
        for user in users:
            if user not in present.listeners:
                return None
        return present

    def look(self, *users: str) -> Present:
        """The present of these listeners, never older than FRESH_SECONDS when asked for."""
        asked = time.monotonic()
        with self._watching:
            for user in users:
                self._watched[user] = asked
                self._watched.move_to_end(user)
        if (present := self.known(*users, at=asked)) is not None:
            return present
        with self._looking:
            while (present := self.known(*users, at=asked)) is None:
                self._look(users)
            return present

    def forget(self) -> None:
        """Look anew at the next question: this process has just changed something."""
        self._not_before = time.monotonic()

    def _look(self, users: tuple[str, ...]) -> None:
        began = time.monotonic()
        with self._watching:
            for user, asked in list(self._watched.items()):
                if len(self._watched) <= _MOST_WATCHED and asked > began - _WATCHED_SECONDS:
                    break
                del self._watched[user]
            names = {*users, *self._watched}
        listeners: dict[str, Listener | None] = dict.fromkeys(names)
        if names:
            found = self._store.find(collections.listeners, Query(one_of={"_id": names}))
            listeners.update((listener.id, listener) for listener in found)
        self.latest = Present(began, revisions(self._store), listeners)
