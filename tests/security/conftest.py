"""Listeners without a history, and keys as a test wants them."""

from collections.abc import Callable
from datetime import datetime

import pytest

from stats_core.clock import utc_now
from stats_core.documents.keys import AccessKey
from stats_core.documents.listeners import Listener
from stats_core.documents.words import Scope
from stats_core.security.keys import made_key
from stats_core.store import collections
from stats_core.store.port import Store

Made = Callable[..., AccessKey]


@pytest.fixture
def people(store: Store) -> Store:
    """A store of each kind with three listeners."""
    store.insert(collections.listeners, [Listener(id=user, created_at=utc_now()) for user in ("ada", "bob", "carl")])
    return store


@pytest.fixture
def made(people: Store) -> Made:
    """Makes a key that reads these listeners; its document."""

    def make(*listeners: str, scopes: tuple[Scope, ...] = ("read",), expires_at: datetime | None = None) -> AccessKey:
        return made_key(people, name="test", scopes=scopes, listeners=listeners or None, expires_at=expires_at)[1]

    return make
