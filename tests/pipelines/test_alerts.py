"""Alerts in Dagster: a run that fails opens one, the next that succeeds closes it; the sync's are watched."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from stats_core.alerts.keeping import open_alerts
from stats_core.clock import utc_now
from stats_core.documents.accounts import Account
from stats_core.settings import Settings
from stats_core.store import collections, open_store
from stats_core.store.port import Store
from stats_pipelines.alerts.sensors import run_failed, run_succeeded, watch_sensor
from stats_pipelines.resources import StoreResource
from stats_pipelines.runs import SYNC_JOB


@pytest.fixture
def stats(store_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreResource]:
    monkeypatch.setenv("STATS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("STATS_DATABASE_URI", store_uri)
    monkeypatch.setenv("STATS_SPOTIFY_CLIENT_ID", "an app")
    with dg.build_init_resource_context() as context, StoreResource().yield_for_execution(context) as resource:
        yield resource


@pytest.fixture
def kept(stats: StoreResource, store_uri: str) -> Iterator[Store]:
    store = open_store(store_uri)
    yield store
    store.close()


def ran(instance: dg.DagsterInstance, name: str, *, fails: bool) -> dg.ExecuteInProcessResult:
    @dg.op
    def work() -> None:
        if fails:
            raise RuntimeError("the disk is full")

    @dg.job(name=name)
    def job() -> None:
        work()

    return job.execute_in_process(instance=instance, raise_on_error=False)


def noticed(instance: dg.DagsterInstance, stats: StoreResource, result: dg.ExecuteInProcessResult) -> None:
    """Let the sensors see how a run ended."""
    ended = result.get_run_success_event() if result.success else result.get_run_failure_event()
    with dg.build_run_status_sensor_context(
        sensor_name="test", dagster_instance=instance, dagster_run=result.dagster_run, dagster_event=ended,
        resources={"stats": stats},
    ) as context:  # fmt: skip
        if result.success:
            run_succeeded(context)
        else:
            run_failed(context.for_run_failure())


def test_a_run_that_fails_is_an_alert_until_one_succeeds(
    stats: StoreResource, kept: Store, instance: dg.DagsterInstance
) -> None:
    for _ in range(2):
        noticed(instance, stats, ran(instance, "nightly", fails=True))
    (alert,) = open_alerts(kept)
    assert alert.subject == "run|nightly"
    assert alert.told.startswith("A run of nightly failed: RuntimeError: the disk is full")
    noticed(instance, stats, ran(instance, "other", fails=False))
    assert len(open_alerts(kept)) == 1
    noticed(instance, stats, ran(instance, "nightly", fails=False))
    assert open_alerts(kept) == []
    noticed(instance, stats, ran(instance, SYNC_JOB, fails=True))
    assert open_alerts(kept) == []


def test_what_is_materialized_by_hand_is_told_by_its_assets(
    stats: StoreResource, kept: Store, instance: dg.DagsterInstance
) -> None:
    fails = True

    @dg.asset
    def tidy() -> None:
        if fails:
            raise RuntimeError("nothing\n  is tidy")

    @dg.asset
    def other() -> None: ...

    def materialized(*assets: dg.AssetsDefinition) -> dg.ExecuteInProcessResult:
        job = dg.Definitions(assets=assets).resolve_implicit_global_asset_job_def()
        keys = [asset.key for asset in assets]
        return job.execute_in_process(instance=instance, raise_on_error=False, asset_selection=keys)

    noticed(instance, stats, materialized(tidy))
    (alert,) = open_alerts(kept)
    assert alert.subject == "run|tidy"
    assert alert.told.startswith("A run of tidy failed: RuntimeError: nothing is tidy. It is run ")
    noticed(instance, stats, materialized(other))
    assert len(open_alerts(kept)) == 1
    fails = False
    noticed(instance, stats, materialized(tidy))
    assert open_alerts(kept) == []


def test_the_sync_is_watched(stats: StoreResource, kept: Store, instance: dg.DagsterInstance) -> None:
    kept.insert(
        collections.accounts,
        [Account(id="ann", account_id="a", authorized_at=utc_now(), state="needs login", problem="Log in again.")],
    )
    for _ in range(2):
        with dg.build_sensor_context(instance=instance, resources={"stats": stats}) as context:
            told = watch_sensor(context)
        assert isinstance(told, dg.SkipReason)
        assert told.skip_message == "1 alerts are open; 0 messages were sent."
    (alert,) = open_alerts(kept)
    assert alert.subject == "login|ann"


def test_the_settings_know_no_webhook_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATS_ALERT_WEBHOOK", "https://hooks.example/s3cret")
    own = Settings(_env_file=None)
    assert own.alert_webhook is not None
    assert "s3cret" not in repr(own)
