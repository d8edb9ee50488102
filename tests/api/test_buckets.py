"""A bucket gives what it holds and what has come since, for each name apart, and takes no more memory than it may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats_api import buckets
from stats_api.buckets import Buckets


class Clock:
    """A clock that stands still until a test moves it."""

    now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(buckets, "time", clock)
    return clock


def test_a_burst_then_as_many_as_come(clock: Clock) -> None:
    bucket = Buckets(10, burst=20)
    assert [bucket.take("a") for _ in range(20)] == [None] * 20
    assert bucket.take("a") == pytest.approx(0.1)
    assert bucket.take("b") is None
    clock.now += 0.1
    assert bucket.take("a") is None
    assert bucket.take("a") == pytest.approx(0.1)
    clock.now += 100
    assert [bucket.take("a") for _ in range(20)] == [None] * 20
    assert bucket.take("a") is not None


def test_waiting_as_told_is_enough(clock: Clock) -> None:
    bucket = Buckets(1 / 3, burst=1)
    assert bucket.take("a") is None
    for _ in range(100):
        wait = bucket.take("a")
        assert wait is not None
        clock.now += wait
        assert bucket.take("a") is None


def test_a_bucket_holds_one_at_least(clock: Clock) -> None:
    bucket = Buckets(0.1, burst=0.2)
    assert bucket.take("a") is None
    assert bucket.take("a") == pytest.approx(10)


@given(
    rate=st.floats(0.01, 1_000), burst=st.integers(1, 50),
    pauses=st.lists(st.floats(0, 100), min_size=1, max_size=200),
)  # fmt: skip
def test_no_more_than_rate_and_burst_ever_pass(rate: float, burst: int, pauses: list[float]) -> None:
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buckets, "time", clock)
        bucket = Buckets(rate, burst=burst)
        began, taken = clock.now, 0
        for pause in pauses:
            clock.now += pause
            taken += bucket.take("a") is None
            assert taken <= burst + (clock.now - began) * rate + 1e-3


def test_who_waits_longest_is_remembered_where_there_are_too_many(clock: Clock) -> None:
    bucket = Buckets(1, burst=5, most=100)
    for _ in range(5):
        bucket.take("offender")
    for number in range(10_000):
        bucket.take(f"other {number}")
    assert bucket.take("offender") is not None
    assert len(bucket._full_at) <= 100
