from collections.abc import Iterator

import pytest

from bench.jobs import Import, Imported, Made, Make, done
from bench.service import Running, made_key, rest_service


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str]]:
    """A service with the listener ada, and a key for what she heard."""
    folder = tmp_path_factory.mktemp("service")
    uri, export = f"sqlite:///{folder}/stats.sqlite", str(folder / "export.zip")
    done(Make(300, 2, 1, 5, export), Made)
    done(Import(uri, str(folder), export, "ada"), Imported)
    key = made_key(folder, uri, "ada")
    with rest_service(folder, uri, {"api_processes": 1, "rate_limit": 0}) as running:
        yield running, key
