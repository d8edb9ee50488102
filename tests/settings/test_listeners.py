"""The names that a listener's time zone may have."""

import zoneinfo
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from stats_core.errors import InvalidParameter
from stats_core.listeners import checked_timezone
from stats_core.zone_names import zone_names


@pytest.fixture
def localtime(tmp_path: Path) -> Iterator[None]:
    """A machine that has its own time zone among the others, as many have."""
    berlin = files("tzdata.zoneinfo.Europe").joinpath("Berlin").read_bytes()
    (tmp_path / "localtime").write_bytes(berlin)
    zoneinfo.reset_tzpath(to=[tmp_path])
    yield
    zoneinfo.reset_tzpath()


@pytest.mark.usefixtures("localtime")
def test_a_name_that_means_another_zone_on_every_machine_is_refused() -> None:
    assert "localtime" in zoneinfo.available_timezones()
    with pytest.raises(InvalidParameter):
        checked_timezone("localtime")


def test_every_zone_that_a_question_may_name_is_a_listeners_too() -> None:
    assert {checked_timezone(name) for name in zone_names()} == zone_names()
