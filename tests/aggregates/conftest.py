"""Settings whose folders lie in the test's own, and imports into them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stats_core.documents.imports import Import
from stats_core.imports.importer import Dropped, import_file
from stats_core.settings import Settings
from stats_core.store.port import Store
from tests.pipelines.exports import drop

Importing = Callable[[Store, list[dict[str, object]] | bytes], Import]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def imported(settings: Settings) -> Importing:
    """Import these rows for the listener `me`."""

    def _imported(store: Store, content: list[dict[str, object]] | bytes) -> Import:
        path = drop(settings.data_dir / "dropped.json", content)
        return import_file(store, settings, "me", Dropped(path, path.name))[0]

    return _imported
