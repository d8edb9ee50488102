"""deploy/dagster.yaml and deploy/workspace.yaml: Dagster accepts them, and they say what those of one machine say."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._core.instance.config import dagster_instance_config
from dagster._core.instance.ref import InstanceRef
from dagster._core.workspace.load_target import WorkspaceFileTarget

from tests.deploy.composed import ROOT, services

ENVIRONMENT = services()["pipelines"]["environment"]


def loaded(path: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / path).read_text())
    return found


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> InstanceRef:
    """The instance in compose's environment, as far as it goes without a PostgreSQL."""
    for name, value in ENVIRONMENT.items():
        if value is not None:
            monkeypatch.setenv(name, value)
    config, _ = dagster_instance_config(str(ROOT / "deploy"))
    assert config
    return InstanceRef.from_dir(str(ROOT / "deploy"))


def test_runs_are_kept_in_postgresql_by_the_driver_that_is_installed(instance: InstanceRef) -> None:
    storage = instance.storage_data
    assert storage
    assert storage.class_name == "DagsterPostgresStorage"
    database = storage.config_dict["postgres_db"]
    assert database["scheme"] == "postgresql+psycopg2"
    assert all(name["env"] in ENVIRONMENT for name in database.values() if isinstance(name, dict))


def test_logs_are_kept_on_the_shared_mount(instance: InstanceRef) -> None:
    assert Path(ENVIRONMENT["STATS_DAGSTER_DATA"]).is_relative_to("/data")
    assert instance.compute_logs_data.config_dict["base_dir"] == {"env": "STATS_DAGSTER_DATA"}


def test_both_instances_differ_in_their_storage_only() -> None:
    here, composed = loaded("dagster.yaml"), loaded("deploy/dagster.yaml")
    assert here.pop("storage") != composed.pop("storage")
    assert here == composed


def test_the_workspace_leads_to_the_code_server_under_the_same_name() -> None:
    (origin,) = WorkspaceFileTarget(paths=[str(ROOT / "deploy/workspace.yaml")]).create_origins()
    assert origin.location_name == "stats_pipelines"
    (server,) = (entry["grpc_server"] for entry in loaded("deploy/workspace.yaml")["load_from"])
    (alone,) = (entry["python_module"] for entry in loaded("workspace.yaml")["load_from"])
    assert server["location_name"] == alone["location_name"]
    assert server["host"] in services()
    assert str(server["port"]) in services()["pipelines"]["command"]
