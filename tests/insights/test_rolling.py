"""Rolling counts are what one gets by looking at each window by itself."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stats_core.insights.pairs import sorted_pairs
from stats_core.insights.rolling import rolling_different, rolling_pairs, rolling_sums

SIZE = 9
codes = st.sampled_from([-1, 0, 1, 2, 3, 70_000, 2_000_000_000 // SIZE])
buckets = st.integers(0, SIZE - 1)
windows = st.integers(1, SIZE + 3)


def within(bucket: int, window: int) -> range:
    """The buckets of a window."""
    return range(bucket - window + 1, bucket + 1)


@given(st.lists(st.integers(0, 2**40), min_size=SIZE, max_size=SIZE), windows)
def test_sums(values: list[int], window: int) -> None:
    sums = [sum(values[max(bucket - window + 1, 0) : bucket + 1]) for bucket in range(SIZE)]
    assert rolling_sums(np.array(values), window).tolist() == sums


@given(st.lists(st.tuples(codes, buckets), max_size=30), windows)
def test_different_codes(plays: list[tuple[int, int]], window: int) -> None:
    code, bucket = (
        (np.array(column, np.int32) for column in zip(*plays, strict=True)) if plays else [np.zeros(0, "i4")] * 2
    )
    different = [len({one for one, at in plays if one >= 0 and at in within(number, window)}) for number in range(SIZE)]
    assert rolling_different(code, bucket, SIZE, window).tolist() == different


@given(st.lists(st.tuples(buckets, buckets), max_size=30), windows)
def test_pairs_of_buckets(pairs: list[tuple[int, int]], window: int) -> None:
    one, other = (np.array([pair[side] for pair in pairs], np.int32) for side in (0, 1))
    both = [
        sum(a in within(number, window) and b in within(number, window) for a, b in pairs) for number in range(SIZE)
    ]
    assert rolling_pairs(one, other, SIZE, window).tolist() == both


@given(st.lists(st.tuples(codes, buckets), max_size=30), st.integers(SIZE, 40))
def test_pairs_come_sorted_however_large(plays: list[tuple[int, int]], stride: int) -> None:
    code, bucket = (np.array([play[side] for play in plays], np.int32) for side in (0, 1))
    expected = sorted(one * stride + other for one, other in plays)
    assert sorted_pairs(code, bucket, stride).tolist() == expected
