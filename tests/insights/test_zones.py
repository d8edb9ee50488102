"""The offset tables say what `datetime.astimezone` says."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats_core.insights.zones import DAY, Offsets, Zone
from stats_core.zone_names import zone_names
from tests.insights.plays import CHANGES

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SOME = sorted({*CHANGES, *Random(4).sample(sorted(zone_names()), 25)})  # noqa: S311


@pytest.mark.parametrize("name", SOME)
def test_offsets_are_exact_to_the_second(name: str) -> None:
    zone, info = Zone(name), ZoneInfo(name)
    dice = Random(name)  # noqa: S311
    low, high = (int((datetime(year, 1, 1, tzinfo=UTC) - EPOCH).total_seconds()) for year in (1880, 2080))
    offsets = zone.offsets(low * 1000, high * 1000)
    around = [at // 1000 + second for at in offsets.at.tolist() for second in (-1, 0, 1)]
    seconds = sorted([*around, *(dice.randint(low, high) for _ in range(300))])
    instants = np.array(seconds) * 1000
    expected = [(EPOCH + timedelta(seconds=second)).astimezone(info) for second in seconds]
    walls = [there.replace(tzinfo=UTC) for there in expected]
    assert offsets.local(instants).tolist() == [int((wall - EPOCH).total_seconds()) * 1000 for wall in walls]
    assert (offsets.of(instants) + instants).tolist() == offsets.local(instants).tolist()


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_a_table_of_a_few_years_equals_the_long_one(name: str) -> None:
    zone = Zone(name)
    low, high = (int((datetime(year, 1, 1, tzinfo=UTC) - EPOCH).total_seconds()) * 1000 for year in (1995, 2035))
    long = zone.offsets(low, high)
    for instant in range(low, high, 97 * DAY):
        short = zone.offsets(instant, instant)
        local = np.array([instant - 1, instant, instant + 1])
        assert short.of(local).tolist() == long.of(local).tolist()
        assert short.first_instants(local).tolist() == long.first_instants(local).tolist()
        assert short.last_ends(local).tolist() == long.last_ends(local).tolist()


@given(
    st.lists(st.integers(0, 40), max_size=5, unique=True).map(sorted),
    st.lists(st.integers(-15, 15), min_size=6, max_size=6),
    st.tuples(st.integers(-20, 60), st.integers(1, 40)),
)
def test_local_times_are_found_however_wildly_clocks_change(
    at: list[int], offset: list[int], period: tuple[int, int]
) -> None:
    offsets = Offsets(np.array(at, np.int64), np.array(offset[: len(at) + 1], np.int64))
    instants = np.arange(-200, 300)
    local = offsets.local(instants)
    asked = np.arange(-60, 100)
    assert offsets.first_instants(asked).tolist() == [int(instants[local >= each].min()) for each in asked]
    assert offsets.last_ends(asked).tolist() == [int(instants[local < each].max()) + 1 for each in asked]
    inside = local[(instants >= period[0]) & (instants < sum(period))]
    assert offsets.local_span(period[0], sum(period)) == (inside.min(), inside.max())
