"""Edges of months: what the Web API told may belong to a play on the other side, and hangs on the play before.

Its end may lie seconds from that of an export's row, and how long was listened is estimated from the end before. So a
month is reconciled together with its neighbour where something of the API's lies near their edge.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from stats_core.clock import instant_ms
from stats_core.documents.plays import Play
from stats_core.history.keys import ending_within
from stats_core.history.months import month_beside, month_end, month_of, month_start
from stats_core.history.observations import Ints
from stats_core.history.reconcile import estimates
from stats_core.store import collections
from stats_core.store.port import Query, Store

_NEAR: Final = timedelta(minutes=1)
"""More than any two observations of one play lie apart, but for chains that no listener makes."""
_SECOND: Final = timedelta(seconds=1)


def widened(store: Store, user: str, months: Iterable[str], told: Ints) -> list[str]:
    """The months (of end), and those beside them that must be reconciled with them; `told` are ends the API tells."""
    found, waiting = set(months), list(months)
    while waiting:
        month = waiting.pop()
        for beside, edge in ((month_beside(month, -1), month_start(month)), (month_beside(month, 1), month_end(month))):
            if beside not in found and _is_told_near(store, user, edge, told):
                found.add(beside)
                waiting.append(beside)
    return sorted(found)


def ends_before(store: Store, user: str, months: Sequence[str]) -> Ints:
    """The end of the last play before each stretch of these months, ms since 1970."""
    firsts = [month for month in months if month_beside(month, -1) not in months]
    ends = [max(instant_ms(play.end) for play in last) for month in firsts if (last := _last(store, user, month))]
    return np.array(ends, np.int64)


def stale_after(store: Store, user: str, months: Sequence[str]) -> set[str]:
    """The months whose first play the API alone told of, and which were listened to for longer or shorter by now."""
    stale = set()
    for month in months:
        if month_beside(month, 1) not in months:
            following = list(_first(store, user, month_end(month)))
            before = _last(store, user, month_beside(month, 1))
            ends = np.array([instant_ms(play.end) for play in (*before, *following)], np.int64)
            for play in following:
                if play.length is not None:
                    end, length = (np.array([value], np.int64) for value in (instant_ms(play.end), play.length))
                    if int(estimates(end, length, ends)[0]) != play.ms:
                        stale.add(month_of(play.end))
    return stale


def _is_told_near(store: Store, user: str, edge: datetime, told: Ints) -> bool:
    if (np.abs(told - instant_ms(edge)) < _NEAR / timedelta(milliseconds=1)).any():
        return True
    near = store.find(collections.plays, Query(range=ending_within(user, edge - _NEAR, edge + _NEAR)))
    return any(one.source == "api" for play in near for one in (play, *play.others))


def _last(store: Store, user: str, month: str) -> list[Play]:
    """The plays of the last second in which any ended before a month: keys tell no finer."""
    span = ending_within(user, None, month_start(month))
    last = next(iter(store.find(collections.plays, Query(range=span, order="_id", descending=True, limit=1))), None)
    return [] if last is None else list(_of_second(store, user, last))


def _first(store: Store, user: str, since: datetime) -> Iterator[Play]:
    """The plays of the first second in which any ended from then on."""
    span = ending_within(user, since, None)
    first = next(iter(store.find(collections.plays, Query(range=span, order="_id", limit=1))), None)
    return iter(()) if first is None else _of_second(store, user, first)


def _of_second(store: Store, user: str, play: Play) -> Iterator[Play]:
    second = play.end.replace(microsecond=0)
    return store.find(collections.plays, Query(range=ending_within(user, second, second + _SECOND)))
