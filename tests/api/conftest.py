from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from stats_core.sample import sample_export
from tests.api.server import ApiServer


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up export of two years."""
    path = tmp_path_factory.mktemp("export") / "my_spotify_data.zip"
    sample_export(1_500, 2, 7, output=path)
    return path


@pytest.fixture(scope="session")
def later_export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another, of other plays."""
    path = tmp_path_factory.mktemp("later") / "later.zip"
    sample_export(200, 1, 8, output=path)
    return path


@pytest.fixture(scope="session", params=["sqlite", "mongodb"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, export: Path
) -> Iterator[ApiServer]:
    """A running service, once for each kind of store, with `ada`, who has a history, and `bob`, who has none.

    Shared: a test that changes a listener makes its own.
    """
    folder = tmp_path_factory.mktemp("api")
    uri = f"sqlite:///{folder}/stats.db"
    if request.param == "mongodb":
        uri = f"{request.getfixturevalue('mongodb_server')}/api_{uuid4().hex[:12]}"
    with ApiServer(folder, uri) as running:
        running.make("ada", timezone="Europe/Berlin")
        running.make("bob")
        running.bring("ada", export)
        yield running


@pytest.fixture
def fresh(server: ApiServer) -> str:
    """A listener of the test's own."""
    user = f"u{uuid4().hex[:12]}"
    server.make(user)
    return user
