"""The command line in this process, on a data folder of its own."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stats_core.cli import main
from stats_core.settings import settings

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs `spotify-stats` with these arguments, in a folder where nothing was set or kept before."""
    for name in [name for name in os.environ if name.startswith("STATS_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    runner = CliRunner()
    yield lambda *arguments: runner.invoke(main, [str(argument) for argument in arguments])
    settings.cache_clear()
