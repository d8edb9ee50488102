"""Old keys: what a key of names leads to since more is known."""

from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from stats_core.history.items import NAME_KEY_LENGTH, is_name_key

_KEY: Final = f"S{NAME_KEY_LENGTH}"


class OldKeys:
    """Key of names -> the entries it leads to.

    `pairs` tells all of them. They are sorted when first asked for: to look through all names each time took 14 ms for
    18,000 items, and so much again for every id that nobody knows.
    """

    def __init__(self, pairs: Callable[[], Iterable[tuple[str, int]]]) -> None:
        self._pairs = pairs

    def __call__(self, key: str) -> Collection[int]:
        if not is_name_key(key):
            return ()
        keys, codes = self._sorted
        low, high = (np.searchsorted(keys, np.array(key.encode(), _KEY), side) for side in ("left", "right"))
        return set(codes[low:high].tolist())

    @cached_property
    def _sorted(self) -> tuple[npt.NDArray[np.bytes_], npt.NDArray[np.int32]]:
        pairs = list(self._pairs())
        keys = np.array([key for key, _ in pairs], _KEY)
        order = np.argsort(keys)
        return keys[order], np.array([code for _, code in pairs], np.int32)[order]
