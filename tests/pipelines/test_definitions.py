"""What Dagster is told loads without a warning, and reads as the design draws it."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml

from stats_pipelines.definitions import defs

ROOT = Path(__file__).parents[2]


def test_everything_loads_without_a_warning_and_without_heavy_libraries() -> None:
    loads = (
        "import sys, dagster as dg; from stats_pipelines.definitions import defs;"
        "dg.Definitions.validate_loadable(defs);"
        "print([name for name in ('pandas', 'numpy', 'pymongo', 'spotipy') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", loads], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_the_command_line_finds_one_code_location() -> None:
    """Dagster refuses a module with two Definitions, which importing it does not tell."""
    from dagster._core.workspace.autodiscovery import loadable_targets_from_python_module  # noqa: PLC0415

    assert [
        target.attribute for target in loadable_targets_from_python_module("stats_pipelines.definitions", None)
    ] == ["defs"]


def test_lineage() -> None:
    graph = defs.resolve_asset_graph()
    nodes = [graph.get(key) for key in sorted(graph.get_all_asset_keys())]
    lineage = [
        (
            node.key.to_user_string(),
            sorted(parent.to_user_string() for parent in node.parent_keys),
            node.group_name,
            sorted(node.kinds or ()),
            node.is_partitioned,
        )
        for node in nodes
    ]
    assert lineage == [
        ("catalogue", ["spotify_api", "synced_plays"], "sync", ["python", "spotify"], False),
        ("columns", ["imported_plays", "synced_plays"], "history", ["numpy", "python"], False),
        ("daily_totals", ["columns"], "history", ["numpy", "python"], False),
        ("import_inbox", [], "imports", ["file"], False),
        ("imported_plays", ["import_inbox"], "imports", ["python", "spotify"], True),
        ("listener_totals", ["columns"], "history", ["numpy", "python"], False),
        ("monthly_tops", ["columns"], "history", ["numpy", "python"], False),
        ("saved_tracks", ["spotify_api"], "sync", ["python", "spotify"], True),
        ("spotify_api", [], "sync", ["spotify"], False),
        ("spotify_tops", ["spotify_api"], "sync", ["python", "spotify"], True),
        ("synced_plays", ["spotify_api"], "sync", ["python", "spotify"], True),
    ]
    assert all(node.description and node.owners == ["team:listening"] for node in nodes)
    checks = sorted(f"{key.asset_key.to_user_string()}: {key.name}" for key in graph.asset_check_keys)
    assert checks == [
        "daily_totals: aggregates_equal_plays",
        "imported_plays: ledger_balances",
        "imported_plays: rejected_ratio",
        "imported_plays: unidentified_ratio",
        "synced_plays: login_age",
        "synced_plays: overflow_risk",
        "synced_plays: poll_freshness",
    ]


def test_every_sensor_runs_after_a_fresh_install() -> None:
    assert {sensor.name: sensor.default_status for sensor in defs.sensors or ()} == {
        "inbox_sensor": dg.DefaultSensorStatus.RUNNING,
        "marks_sensor": dg.DefaultSensorStatus.RUNNING,
        "sync_sensor": dg.DefaultSensorStatus.RUNNING,
        "run_failed": dg.DefaultSensorStatus.RUNNING,
        "run_succeeded": dg.DefaultSensorStatus.RUNNING,
        "watch_sensor": dg.DefaultSensorStatus.RUNNING,
    }


def test_the_instance_of_one_machine_keeps_everything_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    monkeypatch.setenv("STATS_DAGSTER_DATA", str(kept))
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert instance.root_directory == str(kept)
        assert instance.run_monitoring_enabled
        instance.add_dynamic_partitions("imports", ["a"])
    assert [path.name for path in home.iterdir()] == ["dagster.yaml"]
    assert list(kept.iterdir())


def test_both_instances_differ_in_their_storage_alone_and_both_workspaces_in_their_address() -> None:
    one, compose = (yaml.safe_load((ROOT / path / "dagster.yaml").read_text()) for path in ("", "deploy"))
    storage = compose.pop("storage")["postgres"]["postgres_db"]
    assert storage["scheme"] == "postgresql+psycopg2"
    one.pop("storage")
    assert one == compose
    names = [
        next(iter(target.values()))["location_name"]
        for path in ("", "deploy")
        for target in yaml.safe_load((ROOT / path / "workspace.yaml").read_text())["load_from"]
    ]
    assert names == ["stats_pipelines", "stats_pipelines"]
