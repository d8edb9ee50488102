from collections.abc import Iterable

import pytest

from stats_core.store.port import Collection, Stored
from tests.store.things import DECLARED


@pytest.fixture
def declared() -> Iterable[Collection[Stored]]:
    return DECLARED
