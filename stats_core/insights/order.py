"""Order: which rows come first, and which of them a page holds."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.intp]
Key = npt.NDArray[np.integer]


def first_of(keys: Sequence[Key], offset: int, limit: int) -> Places:
    """The places from `offset` on, at most `limit`, of rows in the order of their keys: smallest first, an earlier key
    deciding before a later one. Only those rows are sorted that can be among them."""
    places = _up_to(keys[0], offset + limit)
    order = np.lexsort([key[places] for key in reversed(keys)])
    return places[order][offset : offset + limit]


def _up_to(values: Key, count: int) -> Places:
    """Where the smallest `count` values stand, and every other value equal to the largest of these."""
    if count >= len(values):
        return np.arange(len(values))
    return np.flatnonzero(values <= np.partition(values, count - 1)[count - 1])
