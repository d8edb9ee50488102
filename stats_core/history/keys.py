"""The keys of plays: `<user>|<end as 2024-01-31T23:59:59Z>|<ms, 8 digits>|<n, 4 digits>`, in the order of time."""

from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from stats_core.store.port import Range

Ints = npt.NDArray[np.int64]


def play_ids(
    user: str, end: Ints, ms: npt.NDArray[np.signedinteger[Any]], n: npt.NDArray[np.signedinteger[Any]]
) -> list[str]:
    """The keys of plays; `end` in ms since 1970."""
    ends = np.datetime_as_string(end.astype("datetime64[ms]"), unit="s").tolist()
    rows = zip(ends, ms.tolist(), n.tolist(), strict=True)
    return [f"{user}|{stamp}Z|{listened:08}|{number:04}" for stamp, listened, number in rows]


def number_of(identity: str) -> int:
    """The last part of a play's key: its number among plays of one end and ms."""
    return int(identity.rpartition("|")[2])


def ending_within(user: str, low: datetime | None, high: datetime | None) -> Range:
    """The keys of a listener's plays that end in [low, high), whole seconds; None: no bound."""
    return Range(
        "_id",
        f"{user}|" if low is None else f"{user}|{low:%Y-%m-%dT%H:%M:%S}",
        f"{user}|~" if high is None else f"{user}|{high:%Y-%m-%dT%H:%M:%S}",
    )
