"""The sync in Dagster: whoever is due is polled in one run, and one whose login is dead stops nobody else."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
import time_machine

from stats_core.clock import utc_now
from stats_core.listeners import made_listener
from stats_core.settings import Settings
from stats_core.spotify.tokens import change_account
from stats_core.store import collections, open_store
from stats_core.store.port import Store
from stats_pipelines.resources import StoreResource
from stats_pipelines.sync.assets import saved_tracks, spotify_tops, synced_plays
from stats_pipelines.sync.checks import sync_checks
from stats_pipelines.sync.partitions import range_tags, users
from stats_pipelines.sync.sensors import sync_sensor
from tests.fakes.spotify import FakeSpotify, World
from tests.spotify.conftest import TRACK, logged_in

NAMES = ("ann", "bob", "cleo")


@pytest.fixture
def own(fake: FakeSpotify, tmp_path: Path, store_uri: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings, and the same in the environment, where Dagster's processes find them."""
    for name, value in fake.settings().items():
        monkeypatch.setenv(f"STATS_{name.upper()}", value)
    return Settings(_env_file=None, data_dir=tmp_path / "data", database_uri=store_uri)


@pytest.fixture
def three(fake: FakeSpotify, world: World, own: Settings, store_uri: str) -> Iterator[Store]:
    """Three listeners who are linked and have played something."""
    store = open_store(store_uri)
    for name in NAMES:
        if name not in world.people:
            world.add_person(name)
        world.visitor = name
        made_listener(store, own.inbox_dir, name, "UTC")
        logged_in(fake, store, own, name)
        world.listen(name, TRACK, utc_now() - timedelta(minutes=1))
    yield store
    store.close()


def ticked(instance: dg.DagsterInstance, stats: StoreResource) -> dg.SensorResult:
    """What the sensor wants, its partitions made."""
    with dg.build_sensor_context(instance=instance, resources={"stats": stats}) as context:
        result = sync_sensor(context)
    assert isinstance(result, dg.SensorResult)
    for request in result.dynamic_partitions_requests or ():
        if isinstance(request, dg.AddDynamicPartitionsRequest):
            instance.add_dynamic_partitions(users.name or "", list(request.partition_keys))
        else:
            for key in request.partition_keys:
                instance.delete_dynamic_partition(users.name or "", key)
    return result


def polled(instance: dg.DagsterInstance, stats: StoreResource, tags: dict[str, str]) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [synced_plays], instance=instance, resources={"stats": stats}, tags=tags, raise_on_error=False
    )


def test_all_who_are_due_are_polled_in_one_run(
    three: Store, instance: dg.DagsterInstance, stats: StoreResource
) -> None:
    result = ticked(instance, stats)
    (request,) = result.run_requests or ()
    tags = dict(request.tags)
    assert range_tags(NAMES).items() <= tags.items()
    run = polled(instance, stats, tags)
    assert run.success
    told = {
        event.partition: event.materialization.metadata["new"].value for event in run.get_asset_materialization_events()
    }
    assert told == dict.fromkeys(NAMES, 1)
    assert {sync.id for sync in three.find(collections.syncs)} == set(NAMES)
    assert ticked(instance, stats).run_requests in (None, [])
    with time_machine.travel(utc_now() + timedelta(minutes=16)):
        assert len(ticked(instance, stats).run_requests or ()) == 1


def test_one_whose_login_is_dead_stops_nobody_else(
    three: Store, world: World, instance: dg.DagsterInstance, stats: StoreResource
) -> None:
    (request,) = ticked(instance, stats).run_requests or ()
    world.people["bob"].allowed = False
    run = polled(instance, stats, dict(request.tags))
    assert not run.success
    assert {event.partition for event in run.get_asset_materialization_events()} == {"ann", "cleo"}
    told = str(run.all_events[-1]) + "".join(str(event) for event in run.all_events)
    assert "1 of 3 listeners could not be asked about. bob" in told
    with time_machine.travel(utc_now() + timedelta(hours=1)):
        (request,) = ticked(instance, stats).run_requests or ()
        assert polled(instance, stats, dict(request.tags)).success


def test_whoever_disconnected_has_no_partition_any_more(
    three: Store, instance: dg.DagsterInstance, stats: StoreResource
) -> None:
    from stats_core.spotify.login import disconnect  # noqa: PLC0415

    ticked(instance, stats)
    assert set(instance.get_dynamic_partitions("users")) == set(NAMES)
    disconnect(three, "bob")
    ticked(instance, stats)
    assert set(instance.get_dynamic_partitions("users")) == {"ann", "cleo"}


def test_a_partition_is_polled_by_hand_whether_it_is_due_or_not(
    three: Store, instance: dg.DagsterInstance, stats: StoreResource
) -> None:
    instance.add_dynamic_partitions("users", list(NAMES))
    for new in (1, 0):
        run = dg.materialize([synced_plays], instance=instance, resources={"stats": stats}, partition_key="ann")
        (event,) = run.get_asset_materialization_events()
        assert event.materialization.metadata["new"].value == new
    change_account(three, "ann", lambda _: {"state": "needs login", "problem": "Log in again."})
    run = dg.materialize(
        [synced_plays], instance=instance, resources={"stats": stats}, partition_key="ann", raise_on_error=False
    )
    assert not run.success


def test_checks_tell_of_a_login_that_ends_and_of_polls_that_are_late(
    three: Store, instance: dg.DagsterInstance, stats: StoreResource
) -> None:
    def failed() -> set[str]:
        job = dg.Definitions(
            assets=[synced_plays], asset_checks=[sync_checks], resources={"stats": stats},
            jobs=[dg.define_asset_job("check", selection=dg.AssetSelection.checks(sync_checks))],
        ).resolve_job_def("check")  # fmt: skip
        run = job.execute_in_process(instance=instance)
        return {each.check_name for each in run.get_asset_check_evaluations() if not each.passed}

    (request,) = ticked(instance, stats).run_requests or ()
    polled(instance, stats, dict(request.tags))
    assert failed() == set()
    with time_machine.travel(utc_now() + timedelta(days=151)):
        assert failed() == {"login_age", "poll_freshness"}
    change_account(three, "bob", lambda _: {"state": "needs login", "problem": "Log in again."})
    assert failed() == {"login_age"}


def test_without_an_app_nothing_is_asked(
    instance: dg.DagsterInstance, stats: StoreResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STATS_SPOTIFY_CLIENT_ID", raising=False)
    with dg.build_sensor_context(instance=instance, resources={"stats": stats}) as context:
        result = sync_sensor(context)
    assert isinstance(result, dg.SkipReason)
    assert "exports alone" in (result.skip_message or "")


def test_tops_and_saved_tracks_are_taken_of_all_and_who_fails_is_named(
    three: Store, world: World, instance: dg.DagsterInstance, stats: StoreResource
) -> None:
    instance.add_dynamic_partitions("users", list(NAMES))
    for name in NAMES:
        world.people[name].saved = [(TRACK, 1_700_000_000_000)]
    change_account(three, "bob", lambda _: {"state": "needs login", "token": None, "problem": "Log in again."})
    for asset in (spotify_tops, saved_tracks):
        run = dg.materialize(
            [asset], instance=instance, resources={"stats": stats}, tags=range_tags(list(NAMES)), raise_on_error=False
        )
        assert not run.success
        assert {event.partition for event in run.get_asset_materialization_events()} == {"ann", "cleo"}
        assert "bob: " in "".join(str(event) for event in run.all_events)
    assert {one.user for one in three.find(collections.saved_tracks)} == {"ann", "cleo"}
    assert {one.user for one in three.find(collections.spotify_tops)} == {"ann", "cleo"}
    assert sum(library.whole_at is not None for library in three.find(collections.libraries)) == 1
