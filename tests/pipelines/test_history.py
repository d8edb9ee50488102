"""The aggregates through Dagster: asked for once, whatever came, and checked."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import msgspec
import pytest

from stats_core.aggregates.counting import daily_totals_of
from stats_core.clock import utc_now
from stats_core.documents.upkeep import Lease
from stats_core.history.marks import mark_months, marked_months
from stats_core.imports.importer import Dropped, import_file
from stats_core.listeners import plays_lease_name
from stats_core.settings import Settings
from stats_core.store import collections
from stats_core.store.leases import lease
from stats_core.store.port import Store
from stats_pipelines.definitions import defs
from stats_pipelines.history.sensors import marks_sensor
from stats_pipelines.resources import StoreResource
from tests.pipelines.conftest import Dagster
from tests.pipelines.exports import drop, rows


class Ticking:
    """The marks sensor from tick to tick."""

    def __init__(self, instance: dg.DagsterInstance, stats: StoreResource) -> None:
        self.instance, self.stats = instance, stats
        self.cursor: str | None = None

    def asks(self) -> list[str]:
        """The run keys it asks for now."""
        given = {"stats": self.stats}
        with dg.build_sensor_context(instance=self.instance, cursor=self.cursor, resources=given) as context:
            result = marks_sensor(context)
        if isinstance(result, dg.SkipReason):
            return []
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        return [str(request.run_key) for request in result.run_requests or ()]

    @contextmanager
    def queued(self, job: str) -> Iterator[None]:
        """While a run of this job waits its turn."""
        run = self.instance.create_run_for_job(defs.resolve_job_def(job))
        yield
        self.instance.report_run_failed(run)


@pytest.fixture
def ticking(instance: dg.DagsterInstance, stats: StoreResource) -> Ticking:
    return Ticking(instance, stats)


def taken_in(store: Store, settings: Settings, count: int) -> None:
    path = drop(settings.data_dir / "dropped.json", rows(count))
    import_file(store, settings, "me", Dropped(path, path.name))


def test_one_round_after_many_imports(ticking: Ticking, dagster: Dagster, store: Store, settings: Settings) -> None:
    assert ticking.asks() == []
    for count in (10, 20, 30):
        taken_in(store, settings, count)
        with ticking.queued("import_files"):
            assert ticking.asks() == [], "the next import is queued already"
    assert len(ticking.asks()) == 1
    result = dagster.recount()
    assert result.success
    assert ticking.asks() == []
    events = {
        event.asset_key.to_user_string(): event.metadata for event in result.asset_materializations_for_node("derived")
    }
    assert list(events) == ["columns", "daily_totals", "monthly_tops", "listener_totals"]
    assert events["columns"]["plays"].value == 30
    assert events["daily_totals"]["documents"].value == store.count(collections.daily_totals) > 0
    assert events["monthly_tops"]["recounted"].value == "me 2024-01, me 2024-02"
    (check,) = result.get_asset_check_evaluations()
    assert check.passed
    assert check.metadata["months"].value == 2


def test_while_a_round_is_queued_or_somebody_writes_none_is_asked_for(
    ticking: Ticking, store: Store, settings: Settings
) -> None:
    taken_in(store, settings, 5)
    with ticking.queued("recount"):
        assert ticking.asks() == []
    with lease(store, plays_lease_name("me"), purpose="importing by command line"):
        assert ticking.asks() == []
    gone = Lease(
        id=plays_lease_name("me"), owner="x", host="elsewhere", pid=1, purpose="importing", expires_at=utc_now(),
        revision=1,
    )  # fmt: skip
    store.put(collections.leases, [gone])
    time.sleep(0.01)
    assert len(ticking.asks()) == 1, "a dead writer is none"


def test_a_round_that_left_its_marks_is_asked_for_again_after_a_pause(
    ticking: Ticking, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_in(store, settings, 5)
    (first,) = ticking.asks()
    assert ticking.asks() == []
    began = time.time()
    monkeypatch.setattr(time, "time", lambda: began + 6)
    (second,) = ticking.asks()
    assert second != first
    assert ticking.asks() == []
    mark_months(store, "me", ["2024-01"], published=True)
    assert len(ticking.asks()) == 1, "other marks, another round"


def test_with_nothing_marked_a_round_says_so_and_everything_rebuilds(
    dagster: Dagster, store: Store, settings: Settings
) -> None:
    result = dagster.recount()
    assert result.success
    event = result.asset_materializations_for_node("derived")[0]
    assert event.metadata["status"].value == "nothing was marked"
    taken_in(store, settings, 30)
    dagster.recount()
    for collection in collections.DERIVED:
        store.drop(collection)
    assert dagster.recount(everything=True).success
    assert store.count(collections.columns) == 2
    assert store.count(collections.listener_totals) == 1
    failed = dagster.recount(everything=True, listeners=["nobody"])
    assert "There is no listener 'nobody'" in dagster.failure(failed, "derived")


def test_aggregates_that_do_not_equal_the_plays_fail_the_run(
    dagster: Dagster, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_in(store, settings, 30)

    def wrong(*given: object) -> list[object]:
        totals = list(daily_totals_of(*given))  # type: ignore[arg-type]
        return [msgspec.structs.replace(totals[0], plays=totals[0].plays + 1), *totals[1:]]

    monkeypatch.setattr("stats_core.aggregates.recounting.daily_totals_of", wrong)
    result = dagster.recount()
    (check,) = result.get_asset_check_evaluations()
    assert not check.passed
    assert "of me: plays give" in str(check.metadata["differences"].value)


def test_a_failed_check_is_counted_once_more_but_not_for_ever(
    ticking: Ticking, dagster: Dagster, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*given: object) -> list[object]:
        totals = list(daily_totals_of(*given))  # type: ignore[arg-type]
        return [msgspec.structs.replace(totals[0], tracks=totals[0].tracks + 1), *totals[1:]]

    def passed() -> bool:
        assert len(ticking.asks()) == 1
        (check,) = dagster.recount().get_asset_check_evaluations()
        return check.passed

    taken_in(store, settings, 30)
    with monkeypatch.context() as patch:
        patch.setattr("stats_core.aggregates.recounting.daily_totals_of", wrong)
        assert not passed()
        assert set(marked_months(store, "me")) == {"2024-01", "2024-02"}
        assert not passed()
        assert ticking.asks() == [], "twice wrong: that is for a person, until something changes"
        taken_in(store, settings, 31)
        assert not passed()
    assert passed()
    assert ticking.asks() == []
