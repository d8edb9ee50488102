"""Which part of a period is known: stretches that tile it, and shares that sum to 1."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats_core.clock import instant_ms
from stats_core.documents.listeners import Covered
from stats_core.history.columns import History
from tests.insights.answers import answer
from tests.insights.catalogues import LISTENERS, listened
from tests.insights.plays import CHANGES, utc
from tests.insights.recount import written

DAY = timedelta(days=1)
BASE = utc("2024-03-01")
NOW = utc("2024-04-10T12:34:56")
NOTHING = listened("UTC", 1, 0.0).history([])


def day(number: float) -> datetime:
    return BASE + number * DAY


def known(*stretches: tuple[float, float, str]) -> History:
    """No plays, and what is known of the time, in days."""
    return replace(NOTHING, coverage=[_covered(day(start), day(end), by) for start, end, by in stretches])


def _covered(start: datetime, end: datetime, by: str) -> Covered:
    return Covered(start=start, end=end, by=by)  # type: ignore[arg-type]


def asked(history: History, now: datetime = NOW, **given: str) -> dict[str, Any]:
    return answer("coverage", history, given, now=instant_ms(now))


def in_days(got: dict[str, Any]) -> list[tuple[float, float, str]]:
    return [
        (*((datetime.fromisoformat(each[side]) - BASE) / DAY for side in ("start", "end")), each["known"])
        for each in got["stretches"]
    ]


def test_a_period_is_tiled_by_what_is_known_and_what_is_not() -> None:
    history = known((0, 3, "complete"), (3, 5, "account"), (9, 12, "complete"))
    got = asked(history, start="2024-03-02", end="2024-03-11")
    assert in_days(got) == [(1, 3, "complete"), (3, 5, "account"), (5, 9, "unknown"), (9, 10, "complete")]
    assert got["coverage"] == {"complete": 3 / 9, "account": 2 / 9, "preview": 0.0, "gap": 0.0, "unknown": 4 / 9}
    assert got["total"] == 4


def test_an_open_period_goes_from_the_first_known_time_to_now() -> None:
    got = asked(known((2, 3, "account")))
    assert got["period"] == {"start": "2024-03-03T00:00:00Z", "end": "2024-04-10T12:00:00Z", "timezone": "UTC"}
    assert in_days(got) == [(2, 3, "account"), (3, 40.5, "unknown")]
    assert asked(known((2, 3, "account")), period="all") == got
    assert asked(known((2, 3, "account")), end="2024-03-02")["stretches"] == []
    assert in_days(asked(known((2, 3, "account")), start="2024-04-10")) == [(40, 40.5, "unknown")]


def test_a_play_before_all_that_is_covered_is_the_first_known_time() -> None:
    heard = listened("UTC", 1, 0.0)
    got = answer("coverage", heard.history(), {}, now=instant_ms(NOW))
    first = written(heard.plays[0].start, "UTC")
    assert got["period"]["start"] == first
    assert got["stretches"] == [{"start": first, "end": "2024-04-10T12:00:00Z", "known": "unknown"}]


def test_what_is_still_to_come_is_in_no_share() -> None:
    history = known((0, 40, "complete"))
    got = asked(history, period="2024-04")
    assert got["period"]["end"] == "2024-05-01T00:00:00Z"
    assert in_days(got) == [(31, 40, "complete"), (40, 40.5, "unknown")]
    assert got["coverage"] == {"complete": 9 / 9.5, "account": 0.0, "preview": 0.0, "gap": 0.0, "unknown": 0.5 / 9.5}
    assert asked(history, period="2025") | {"period": None, "rule": None} == {
        "period": None, "rule": None, "coverage": None, "stretches": [], "total": 0, "advice": None,
    }  # fmt: skip


def test_of_nothing_nothing_is_known() -> None:
    got = asked(NOTHING)
    assert got["period"] == {"start": None, "end": "2024-04-10T12:00:00Z", "timezone": "UTC"}
    assert (got["coverage"], got["stretches"], got["total"]) == (None, [], 0)
    assert in_days(asked(NOTHING, start="2024-03-01", end="2024-03-11")) == [(0, 10, "unknown")]


def test_stretches_come_in_pages() -> None:
    history = known(*((2 * number, 2 * number + 1, "complete") for number in range(15)))
    whole = in_days(asked(history))
    assert len(whole) == 30
    for limit in (1, 7, 30, 500):
        paged = []
        for offset in range(0, 30, limit):
            got = asked(history, limit=str(limit), offset=str(offset))
            assert got["total"] == 30
            paged += in_days(got)
        assert paged == whole


@pytest.mark.parametrize(("zone", "seed"), LISTENERS, ids=str)
def test_every_answers_coverage_is_the_shares_of_its_period(zone: str, seed: int) -> None:
    dice = Random(f"{zone} {seed}")  # noqa: S311
    change = utc(CHANGES[zone])
    edges = sorted(change + timedelta(seconds=dice.randint(-4_000_000, 4_000_000)) for _ in range(12))
    stretches = [
        _covered(start, end, dice.choice(["complete", "account"]))
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        if start < end
    ]
    history = replace(listened(zone, seed, 0.0).history(), coverage=stretches)
    start, end = (change + timedelta(seconds=dice.randint(*span)) for span in ((-(9**7), 0), (1, 9**7)))
    now = change + timedelta(days=dice.choice([-20, 0, 20, 500]))
    given = {"start": start.isoformat(), "end": end.isoformat(), "tz": zone}
    passed = min(end, now.replace(minute=0, second=0))
    whole = (passed - start) / DAY
    got = answer("coverage", history, given, now=instant_ms(now))
    assert got["coverage"] == answer("summary", history, given, now=instant_ms(now))["coverage"]
    if whole <= 0:
        assert got["coverage"] is None
        return
    for by in ("complete", "account"):
        inside = [
            max(min(each.end, passed) - max(each.start, start), 0 * DAY) / DAY for each in stretches if each.by == by
        ]
        assert got["coverage"][by] == pytest.approx(sum(inside) / whole, abs=1e-12)
    assert sum(got["coverage"].values()) == pytest.approx(1, abs=1e-12)
    listed = [(each.start, each.end, each.by) for each in stretches if each.start < passed and each.end > start]
    shown = [each for each in got["stretches"] if each["known"] != "unknown"]
    assert [(each["start"], each["end"], each["known"]) for each in shown] == [
        (written(max(begin, start), zone), written(min(finish, passed), zone), by) for begin, finish, by in listed
    ]


@given(
    st.lists(st.integers(0, 10_000), max_size=20, unique=True),
    st.lists(st.integers(-500, 12_000), min_size=2, max_size=2, unique=True),
)
@settings(max_examples=100, deadline=None)
def test_stretches_follow_one_another_without_a_hole(hours: list[int], sides: list[int]) -> None:
    edges = [BASE + timedelta(hours=hour) for hour in sorted(hours)]
    kinds = ["complete", "account"]
    stretches = [
        _covered(start, end, kinds[number % 2])
        for number, (start, end) in enumerate(zip(edges[::2], edges[1::2], strict=False))
    ]
    start, end = (BASE + timedelta(hours=hour) for hour in sorted(sides))
    got = asked(
        replace(NOTHING, coverage=stretches),
        now=BASE + timedelta(hours=11_000),
        start=start.isoformat(),
        end=end.isoformat(),
    )
    listed = in_days(got)
    if not listed:
        assert start >= BASE + timedelta(hours=11_000)
        return
    assert listed[0][0] == pytest.approx((start - BASE) / DAY)
    assert listed[-1][1] == pytest.approx((min(end, BASE + timedelta(hours=11_000)) - BASE) / DAY)
    for one, following in pairwise(listed):
        assert one[1] == following[0]
        assert one[2] != following[2]
    for kind in ("complete", "account", "unknown"):
        share = sum(finish - begin for begin, finish, by in listed if by == kind) / (listed[-1][1] - listed[0][0])
        assert got["coverage"][kind] == pytest.approx(share)


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        ([(0, 9, "complete")], None),
        ([(0, 9, "complete"), (9, 39, "preview")], None),
        ([(0, 9, "complete"), (9, 39.1, "preview")], "since 2024-03-10 only the Web API"),
        ([(0, 9, "account"), (9, 20, "preview"), (25, 45, "preview")], "since 2024-03-10 only the Web API"),
        ([(0, 31, "preview")], "so far only the Web API"),
        ([(0, 40, "preview"), (40, 41, "complete"), (41, 50, "preview")], None),
        ([(0, 9, "complete"), (9, 10, "preview"), (10, 11, "gap")], "lost once, first on 2024-03-11"),
        ([(0, 1, "gap"), (1, 9, "complete"), (10, 11, "gap")], "lost 2 times, first on 2024-03-01"),
        ([], None),
    ],
)
def test_a_new_export_is_advised_after_a_gap_and_after_a_month_of_preview(
    stretches: list[tuple[float, float, str]], expected: str | None
) -> None:
    advice = asked(known(*stretches), period="2024")["advice"]
    assert (advice is None) if expected is None else (expected in advice)
