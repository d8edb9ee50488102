"""Pairs of two codes as one number each, to sort them in a fraction of the time."""

from typing import Any

import numpy as np
import numpy.typing as npt

from stats_core.history.columns import Codes

Pairs = npt.NDArray[np.signedinteger[Any]]


def sorted_pairs(codes: Codes, others: Codes, stride: int) -> Pairs:
    """`code * stride + other` of each, smallest first: by code, then by the other, which is less than `stride`."""
    largest = (int(codes.max(initial=0)) + 1) * stride
    # Sorting numbers of 32 bits takes half the time of 64.
    narrow: np.dtype[np.signedinteger[Any]] = np.dtype(np.int32 if largest < 1 << 31 else np.int64)
    pairs = codes.astype(narrow)
    pairs *= stride
    pairs += others
    pairs.sort()
    return pairs
