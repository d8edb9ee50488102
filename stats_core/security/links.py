"""Sharing links: keys that open some statistics of one listener, within a period, and nothing else."""

from collections.abc import Iterable
from datetime import datetime

from stats_core.documents.keys import AccessKey, Link
from stats_core.errors import BeyondRights, InvalidParameter
from stats_core.insights import STATISTICS
from stats_core.security.access import Access
from stats_core.security.keys import checked_instant, made_key
from stats_core.store.port import Store


def made_link(
    store: Store,
    user: str,
    *,
    name: str,
    statistics: Iterable[str],
    start: datetime | None,
    end: datetime | None,
    expires_at: datetime | None,
    by: Access,
) -> tuple[str, AccessKey]:
    """A sharing link's key, shown only here, and its document. `start`, `end` None: no bound on that side.

    Raises as `made_key` does, and InvalidParameter for what is no statistic or a period that ends before it begins.
    """
    if not by.reads(user):
        raise BeyondRights("A key makes no link to what it does not read itself.")
    named = sorted(set(statistics))
    if unknown := [each for each in named if each not in STATISTICS]:
        raise InvalidParameter("statistics", unknown[0], tuple(STATISTICS))
    start = None if start is None else checked_instant("start", start)
    end = None if end is None else checked_instant("end", end)
    if start is not None and end is not None and end <= start:
        raise InvalidParameter("end", end.isoformat(), "an instant later than start")
    link = Link(statistics=named, start=start, end=end)
    return made_key(store, name=name, scopes=["read"], listeners=[user], expires_at=expires_at, link=link, by=by)
