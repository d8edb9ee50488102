"""Imports through Dagster: what its UI shows, what a rerun means, what a failure says."""

import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from stats_core.documents.imports import Import, ImportFile
from stats_core.errors import StoreFull
from stats_core.imports.importer import Dropped, import_file
from stats_core.imports.inbox import SETTLE_SECONDS
from stats_core.listeners import erase_listener, made_listener
from stats_core.settings import Settings
from stats_core.store import collections
from stats_core.store.port import Store
from stats_pipelines.imports.assets import imported_plays, ledger_table
from stats_pipelines.imports.checks import results_of
from stats_pipelines.imports.partitions import imports
from stats_pipelines.imports.sensors import import_files, inbox_sensor
from stats_pipelines.resources import StoreResource
from tests.pipelines.conftest import Dagster
from tests.pipelines.exports import START, drop, rows

Key = Callable[[Path], str]


def checks(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {check.check_name: check.passed for check in result.get_asset_check_evaluations()}


def test_a_dropped_file_is_materialized_with_its_ledger(
    dagster: Dagster, store: Store, settings: Settings, key_of: Key
) -> None:
    path = drop(settings.inbox_dir / "a.json", [*rows(20), {"ts": "nonsense", "ms_played": 1}])
    result = dagster.materialize(key_of(path), "a.json")
    assert result.success
    (event,) = result.asset_materializations_for_node("imported_plays")
    shown = {name: value.value for name, value in event.metadata.items()}
    assert shown["dagster/partition_row_count"] == 21
    assert (shown["stored"], shown["invalid"], shown["generations"]) == (20, 1, "extended-5")
    assert "| a.json | extended-5 | imported | 21 | 20 | 0 | 0 | 0 | 0 | 1 |" in str(shown["ledger"])
    assert checks(result) == {"ledger_balances": True, "rejected_ratio": False, "unidentified_ratio": True}
    (document,) = store.find(collections.imports)
    assert document.run_id == result.run_id
    assert event.tags is not None
    assert event.tags["dagster/data_version"] == document.digest


def test_materializing_a_partition_again_reads_the_archive_and_changes_nothing(
    dagster: Dagster, store: Store, settings: Settings, key_of: Key
) -> None:
    path = drop(settings.inbox_dir / "a.json", rows(20))
    key = key_of(path)
    dagster.materialize(key, "a.json")
    before = list(store.find(collections.plays)), list(store.find(collections.imports))
    for file in ("a.json", None):  # "re-execute" keeps the tag, "materialize" has none
        result = dagster.materialize(key, file)
        assert result.success
        (event,) = result.asset_materializations_for_node("imported_plays")
        assert event.metadata["from_archive"].value is True
    assert (list(store.find(collections.plays)), list(store.find(collections.imports))) == before


def test_a_refused_file_fails_with_its_reason_and_is_not_tried_again(
    dagster: Dagster, settings: Settings, key_of: Key
) -> None:
    key = key_of(drop(settings.inbox_dir / "a.json", b"no json at all"))
    result = dagster.materialize(key)
    assert dagster.failure(result, "imported_plays").startswith("Refused: ")
    assert (settings.refused_dir / "me" / "a.json").exists()
    assert "Drop the file again" in dagster.failure(dagster.materialize(key), "imported_plays")


def test_after_a_listener_was_deleted_a_rerun_fails_saying_so_and_creates_nobody(
    dagster: Dagster, store: Store, settings: Settings, key_of: Key
) -> None:
    key = key_of(drop(settings.inbox_dir / "a.json", rows(5)))
    dagster.materialize(key)
    erase_listener(store, settings, "me")
    assert "no listener 'me': deleted" in dagster.failure(dagster.materialize(key), "imported_plays")
    assert not store.count(collections.listeners)


def test_a_partition_made_by_hand_fails_saying_what_one_is(dagster: Dagster) -> None:
    assert "<listener>~<name>~" in dagster.failure(dagster.materialize("my file"), "imported_plays")


def test_when_the_store_is_full_the_file_stays_and_the_import_says_why(
    dagster: Dagster, store: Store, settings: Settings, key_of: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop(settings.inbox_dir / "a.json", rows(5))
    key = key_of(path)

    def full(*_: object, **__: object) -> None:
        raise StoreFull("No room is left.")

    with monkeypatch.context() as patch:
        patch.setattr("stats_core.imports.importer._stored", full)
        assert dagster.failure(dagster.materialize(key), "imported_plays") == "No room is left."
    assert path.exists()
    assert [(each.status, each.reason) for each in store.find(collections.imports)] == [("failed", "No room is left.")]
    assert dagster.materialize(key).success
    assert not path.exists()


def test_a_ledger_that_does_not_balance_is_seen() -> None:
    file = ImportFile(path="a|b.json", status="imported", rows=3, states={"stored": 2})
    document = Import(
        id="me|x", user="me", digest="x", name="a", status="imported", received_at=START, rows=3,
        states={"stored": 2}, files=[file] * 201,
    )  # fmt: skip
    balances, rejected, _ = results_of(document)
    assert not balances.passed
    assert rejected.passed
    assert ledger_table(document).endswith("1 more files.")


class Ticking:
    """The inbox sensor from tick to tick."""

    def __init__(self, instance: dg.DagsterInstance, stats: StoreResource) -> None:
        self.instance, self.stats = instance, stats
        self.cursor: str | None = None

    def tick(self) -> dg.SensorResult:
        given = {"stats": self.stats}
        with dg.build_sensor_context(instance=self.instance, cursor=self.cursor, resources=given) as context:
            result = inbox_sensor(context)
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        for request in result.dynamic_partitions_requests or ():
            self.instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
        return result

    def partitions(self) -> list[str]:
        return list(self.instance.get_dynamic_partitions(imports.name or ""))


@pytest.fixture
def ticking(instance: dg.DagsterInstance, stats: StoreResource) -> Ticking:
    return Ticking(instance, stats)


@pytest.fixture
def settings_on_sqlite(tmp_path: Path, sqlite_uri: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_uri=sqlite_uri)


def test_a_whole_file_is_asked_for_in_the_tick_that_finds_it(ticking: Ticking, settings: Settings, key_of: Key) -> None:
    assert ticking.tick().skip_reason is not None
    path = drop(settings.inbox_dir / "a.json", rows(5))
    result = ticking.tick()
    (request,) = result.run_requests or ()
    assert request.partition_key == key_of(path)
    assert request.tags["stats/file"] == "a.json"
    assert [str(event.asset_key.to_user_string()) for event in result.asset_events] == ["import_inbox"]
    assert ticking.partitions() == [key_of(path)]
    assert not ticking.tick().run_requests, "once is enough"


def test_a_half_copied_file_waits(ticking: Ticking, settings: Settings) -> None:
    drop(settings.inbox_dir / "a.json", b'[{"ts": "20')
    for _ in range(2):
        result = ticking.tick()
        assert not result.run_requests
        assert str(getattr(result.skip_reason, "skip_message", result.skip_reason)).startswith("1 not whole yet")
    assert SETTLE_SECONDS <= 3, "the tick waits that long"


def test_an_import_that_came_by_command_line_gets_a_partition_that_can_be_materialized(
    ticking: Ticking, dagster: Dagster, store: Store, settings: Settings, key_of: Key
) -> None:
    path = drop(settings.data_dir / "elsewhere.json", rows(5))
    import_file(store, settings, "me", Dropped(path, path.name))
    ticking.tick()
    assert ticking.partitions() == [key_of(path)]
    assert dagster.materialize(key_of(path)).success
    ticking.instance.add_dynamic_partitions(imports.name or "", ["made by hand"])
    assert not ticking.tick().run_requests


def test_a_sub_folder_is_a_listeners_from_the_moment_they_are_there(
    ticking: Ticking, store: Store, settings: Settings
) -> None:
    made_listener(store, settings.inbox_dir, "anna", "UTC")
    drop(settings.inbox_dir / "anna" / "a.json", rows(5))
    drop(settings.inbox_dir / "bert" / "a.json", rows(5))
    requests = ticking.tick().run_requests or ()
    assert sorted(str(request.partition_key).partition("~")[0] for request in requests) == ["anna", "me"]


def test_a_file_whose_run_goes_on_is_not_asked_for_again_and_one_whose_run_died_is(
    ticking: Ticking, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(settings.inbox_dir / "a.json", rows(5))
    (request,) = ticking.tick().run_requests or ()
    later = 100_000.0
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + later)
    run = ticking.instance.create_run_for_job(
        dg.Definitions(
            assets=[imported_plays], jobs=[import_files], resources={"stats": ticking.stats}
        ).resolve_job_def("import_files"),
        tags={"dagster/run_key": str(request.run_key)},
    )
    assert not ticking.tick().run_requests
    ticking.instance.report_run_failed(run)
    later += 100_000.0
    (again,) = ticking.tick().run_requests or ()
    assert again.partition_key == request.partition_key
    assert again.run_key == f"{request.run_key}:2"
