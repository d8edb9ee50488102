"""Rolling counts: of each bucket, what lies in the window of buckets that ends with it."""

import numpy as np

from stats_core.history.columns import Codes, Ints
from stats_core.insights.pairs import Pairs, sorted_pairs


def rolling_sums(values: Ints, window: int) -> Ints:
    """Of each bucket, the sum over its window; what would lie before the first bucket is 0."""
    if window == 1:
        return values
    until = np.concatenate((np.zeros(window, np.int64), np.cumsum(values)))
    return until[window:] - until[:-window]


def rolling_different(codes: Codes, buckets: Codes, size: int, window: int) -> Ints:
    """Of each of `size` buckets, how many different codes there are in its window; those below 0 count for nothing."""
    stride = size + window
    pairs = sorted_pairs(codes, buckets, stride)
    pairs = pairs[np.searchsorted(pairs, 0) :]
    if not len(pairs):
        return np.zeros(size, np.int64)
    last = np.append(np.flatnonzero(pairs[1:] != pairs[:-1]), len(pairs) - 1)
    pairs = pairs[last]
    begin = pairs % stride
    begun = np.bincount(begin, minlength=size)
    if window == 1:
        return begun
    # A code counts from one of its buckets until the next one, or until the bucket has left the window. Pairs of
    # different codes are further apart than a window.
    until = begin
    until[:-1] += np.minimum(np.diff(pairs), window)
    until[-1] += window
    return _standing(begun, until)


def rolling_pairs(one: Codes, other: Codes, size: int, window: int) -> Ints:
    """Of each of `size` buckets, how many pairs of buckets lie both in its window."""
    begin, until = np.maximum(one, other), np.minimum(one, other) + window
    together = begin < until
    return _standing(np.bincount(begin[together], minlength=size), until[together])


def _standing(begun: Ints, until: Pairs | Codes) -> Ints:
    """Of each bucket, how many have begun and not ended: `until` is the first bucket in which each is no more."""
    ended = np.bincount(until, minlength=len(begun))[: len(begun)]
    return np.cumsum(begun - ended)
