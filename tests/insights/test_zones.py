"""The offset tables say what `datetime.astimezone` says."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from stats_core.insights.zones import DAY, Zone, zone_names
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
