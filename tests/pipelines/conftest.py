"""Dagster in memory, on stores and folders of the test's own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from stats_core.imports.importer import digest_of
from stats_core.imports.inbox import import_key_of
from stats_core.settings import Settings
from stats_pipelines.history.assets import derived
from stats_pipelines.imports.assets import FILE_TAG, imported_plays
from stats_pipelines.imports.partitions import imports
from stats_pipelines.resources import StoreResource
from tests.spotify.conftest import fake, world  # noqa: F401 - fixtures


@pytest.fixture
def settings(tmp_path: Path, store_uri: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_uri=store_uri)


@pytest.fixture
def stats(settings: Settings) -> StoreResource:
    return StoreResource(data_dir=str(settings.data_dir), database_uri=settings.database_uri)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@dataclass(frozen=True)
class Dagster:
    """What an operator can do."""

    instance: dg.DagsterInstance
    stats: StoreResource

    def materialize(self, key: str, file: str | None = None) -> dg.ExecuteInProcessResult:
        """Materialize an import's partition, as the sensor asks for it, or, without a file, as the UI does."""
        self.instance.add_dynamic_partitions(imports.name or "", [key])
        return dg.materialize(
            [imported_plays],
            instance=self.instance,
            partition_key=key,
            resources={"stats": self.stats},
            tags={FILE_TAG: file} if file else {},
            raise_on_error=False,
        )

    def recount(self, **config: object) -> dg.ExecuteInProcessResult:
        """Materialize columns and aggregates."""
        return dg.materialize(
            [derived],
            instance=self.instance,
            resources={"stats": self.stats},
            run_config={"ops": {"derived": {"config": config}}} if config else None,
            raise_on_error=False,
        )

    def failure(self, result: dg.ExecuteInProcessResult, step: str) -> str:
        """What a failed step says to a person."""
        assert not result.success
        data = result.failure_data_for_node(step)
        assert data is not None
        return str(data.user_failure_data and data.user_failure_data.description)


@pytest.fixture
def dagster(instance: dg.DagsterInstance, stats: StoreResource) -> Dagster:
    return Dagster(instance, stats)


@pytest.fixture
def key_of() -> Callable[[Path], str]:
    """The partition of a file of the default listener."""
    return lambda path: str(import_key_of("me", path.name, digest_of(path)))
