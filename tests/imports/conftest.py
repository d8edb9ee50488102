"""Settings whose folders lie in the test's own."""

from pathlib import Path

import pytest

from stats_core.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")
