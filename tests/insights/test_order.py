"""Rows come in the order of their keys, whatever room these need and however many are equal."""

from collections import Counter

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from stats_core.insights.order import first_of, in_order, longest_runs

small = st.integers(-2, 2)
wide = st.sampled_from([-(2**40), -1, 0, 1, 2**40, 2**62, 2**63 - 1])
rows = st.lists(st.tuples(small, st.one_of(small, wide), st.one_of(small, wide)), max_size=30)


def _sorted(found: list[tuple[int, int, int]], first: int) -> tuple[list[np.ndarray], list[tuple[int, ...]]]:
    """Keys of rows, told apart by their number, the `first` of them deciding first; and the rows in order."""
    told = [(*row[first:], *row[:first], number) for number, row in enumerate(found)]
    keys = [np.array([row[key] for row in told], np.int64) for key in range(4)]
    return keys, sorted(told)


@given(rows, st.integers(0, 2))
@example([(0, 2**63 - 1, 0), (0, 0, 1)], 1)
@example([(0, 2**62, 2), (0, 2**62, 0), (1, 0, 0)], 1)
def test_rows_are_sorted_by_one_key_after_the_other(found: list[tuple[int, int, int]], first: int) -> None:
    keys, expected = _sorted(found, first)
    assert [tuple(int(key[place]) for key in keys) for place in in_order(keys)] == expected


@given(rows, st.integers(0, 2), st.integers(0, 35), st.integers(1, 35))
def test_a_page_is_a_part_of_the_whole_order(
    found: list[tuple[int, int, int]], first: int, offset: int, limit: int
) -> None:
    keys, expected = _sorted(found, first)
    page = first_of(keys, offset, limit)
    assert [tuple(int(key[place]) for key in keys) for place in page] == expected[offset : offset + limit]


@given(st.lists(st.integers(0, 6), min_size=1, max_size=200), st.integers(1, 40))
def test_the_longest_runs_are_those_that_a_slow_count_finds(values: list[int], times: int) -> None:
    ordered = sorted([*values, *[values[0]] * (times - 1)])
    counts = Counter(ordered)
    most, begin = longest_runs(np.array(ordered))
    assert most == max(counts.values())
    assert begin.tolist() == sorted(ordered.index(value) for value, count in counts.items() if count == most)
