"""An inbox over an embedded store."""

from pathlib import Path

import pytest

from stats_core.settings import Settings
from stats_core.store.port import Store
from tests.exports.files import Inbox


@pytest.fixture
def inbox(sqlite_store: Store, tmp_path: Path) -> Inbox:
    return Inbox(sqlite_store, Settings(data_dir=tmp_path / "data"), tmp_path)
