"""What assets and sensors work with: the settings from the environment, and the store they name."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from pydantic import PrivateAttr

from stats_core.settings import Settings
from stats_core.store import open_store
from stats_core.store.port import Store


class StoreResource(dg.ConfigurableResource):  # type: ignore[type-arg] # Dagster's own generic is for IO managers
    """The store and the settings, opened once a run or a sensor's tick. Empty fields: as the environment says."""

    data_dir: str = ""
    database_uri: str = ""

    _settings: Settings | None = PrivateAttr(default=None)
    _store: Store | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["StoreResource"]:
        """Open the store for as long as the run or tick goes on."""
        given = {"data_dir": self.data_dir, "database_uri": self.database_uri}
        self._settings = Settings.model_validate({name: value for name, value in given.items() if value})
        self._store = open_store(self._settings.database_uri)
        try:
            yield self
        finally:
            self._store.close()
            self._store = None

    @property
    def settings(self) -> Settings:
        """What an operator chose."""
        if self._settings is None:
            raise RuntimeError("the settings are read when a run or a tick begins")
        return self._settings

    @property
    def store(self) -> Store:
        """Where documents live."""
        if self._store is None:
            raise RuntimeError("the store is open while a run or a tick goes on")
        return self._store
