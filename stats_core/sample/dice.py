"""Chance that falls the same on every machine and version.

NumPy promises the raw bits of a bit generator for good, but not what its distributions make of them, and floating point
may differ in the last digit. So everything here is whole-number arithmetic over raw bits.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]


class Dice:
    """Dice of their own for each purpose: a throw added in one place changes nothing elsewhere."""

    def __init__(self, seed: int, purpose: str) -> None:
        digest = hashlib.sha256(f"{seed}|{purpose}".encode()).digest()
        self._source = np.random.PCG64(int.from_bytes(digest[:16], "big"))

    def bits(self, count: int) -> Bits:
        """64 even bits each."""
        return self._source.random_raw(count)

    def below(self, limit: int | Ints, count: int) -> Ints:
        """Even whole numbers in [0, limit), limit at most 2**31."""
        return (((self.bits(count) >> np.uint64(33)).astype(np.int64)) * limit) >> 31

    def between(self, low: int, high: int, count: int) -> Ints:
        """Even whole numbers in [low, high)."""
        return low + self.below(high - low, count)

    def chance(self, per_mille: int | Ints, count: int) -> Bools:
        """True in so many of a thousand."""
        return self.below(1000, count) < per_mille

    def pick(self, weights: Sequence[int] | Ints, count: int) -> Ints:
        """Positions in `weights`, each as often as its weight; the weights' sum is at most 2**31."""
        reach = np.cumsum(np.asarray(weights, np.int64))
        return np.searchsorted(reach, self.below(int(reach[-1]), count), side="right").astype(np.int64)

    def order(self, count: int) -> Ints:
        """0 ... count-1, shuffled."""
        return np.argsort(self.bits(count), kind="stable").astype(np.int64)
