"""Order: rows by several keys, smallest first, an earlier key deciding before a later one."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.intp]
Key = npt.NDArray[np.integer]

_ROOM = (1 << 63) - 1


def first_of(keys: Sequence[Key], offset: int, limit: int) -> Places:
    """The places of the rows from `offset` on, at most `limit`. Only those are sorted that can be among them."""
    places = _up_to(keys[0], offset + limit)
    return places[in_order([key[places] for key in keys])][offset : offset + limit]


def in_order(keys: Sequence[Key]) -> Places:
    """The places of all rows, in order.

    As many keys as fit are packed into one number each, and rows equal in these are sorted by the rest: 2 ms for 65,000
    rows of four keys, where `lexsort` takes 14.
    """
    if not len(keys[0]):
        return np.empty(0, np.intp)
    packed, rest = _packed(keys)
    order = np.argsort(packed)
    if rest:
        ordered = packed[order]
        equal = ordered[1:] == ordered[:-1]
        tied = np.flatnonzero(np.append(equal, False) | np.insert(equal, 0, False))
        rows = order[tied]
        order[tied] = rows[np.lexsort((*(key[rows] for key in reversed(rest)), packed[rows]))]
    return order


def _packed(keys: Sequence[Key]) -> tuple[npt.NDArray[np.int64], Sequence[Key]]:
    """One number a row that orders by the leading keys, and the keys that found no room in it."""
    packed, values = np.zeros(len(keys[0]), np.int64), 1
    for number, key in enumerate(keys):
        least = int(key.min())
        span = int(key.max()) - least + 1
        if values * span > _ROOM:
            return packed, keys[number:]
        packed, values = packed * span + (key.astype(np.int64) - least), values * span
    return packed, ()


def _up_to(values: Key, count: int) -> Places:
    """Where the smallest `count` values stand, and every other value equal to the largest of these."""
    if count >= len(values):
        return np.arange(len(values))
    return np.flatnonzero(values <= np.partition(values, count - 1)[count - 1])


def longest_runs(ascending: Key) -> tuple[int, Places]:
    """How long the longest runs of equal values are, and where they begin. At least one value must be there.

    Two equal values so far apart are the ends of a run: the distance is doubled, then halved, and only places that bore
    the shorter one are looked at again. Counting every run takes three times as long.
    """

    def apart(places: Places, distance: int) -> Places:
        places = places[: np.searchsorted(places, len(ascending) - distance)]
        kept: Places = places[ascending[places + distance] == ascending[places]]
        return kept

    reached, places = 0, np.arange(0)
    beyond, wider = 1, np.flatnonzero(ascending[1:] == ascending[:-1])
    while len(wider):
        reached, places = beyond, wider
        beyond *= 2
        wider = apart(places, beyond)
    while beyond - reached > 1:
        middle = (reached + beyond) // 2
        wider = apart(places, middle)
        if len(wider):
            reached, places = middle, wider
        else:
            beyond = middle
    return reached + 1, places if reached else np.arange(len(ascending))
