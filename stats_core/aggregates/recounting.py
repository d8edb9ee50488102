"""Recounting: what marks say has changed is settled, published and counted anew, and then the marks go.

Marks say whose aggregates are stale. All of that listener's are counted, which takes a second, and the documents that
came out differently are written: a play can change other months' tops too, by the name or the URI it gives a track.
Everything happens under the listener's lease, so no import writes meanwhile, and nobody erased comes back.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from stats_core.aggregates.counting import daily_totals_of, listener_totals_of, monthly_tops_of
from stats_core.documents.document import Document
from stats_core.documents.upkeep import Lease
from stats_core.errors import StoreUnavailable
from stats_core.history.marks import clear_mark, marked_months
from stats_core.history.reader import HistoryReader
from stats_core.history.repairing import repair_marked
from stats_core.listeners import plays_lease_name
from stats_core.store import collections
from stats_core.store.leases import Held, lease
from stats_core.store.port import Collection, Query, Store

D = TypeVar("D", bound=Document)

PATIENCE_SECONDS = 10.0
"""How long a listener's lease is waited for; then their marks stay for the next round."""
_DELETED_AT_ONCE = 1_000


@dataclass(frozen=True)
class Written:
    """What became of one collection's documents of a listener."""

    documents: int
    """How many there are now."""
    written: int
    """How many of them are new or came out differently."""
    removed: int


@dataclass
class Recounted:
    """What a round did for one listener."""

    user: str
    plays: int = 0
    """Plays in the history, passing or not."""
    months: list[str] = field(default_factory=list)
    """The UTC months that were marked."""
    published: list[str] = field(default_factory=list)
    """The UTC months whose columns were made anew first: all in a rebuild, else what a stopped run had left."""
    busy: str | None = None
    """Why nothing was done: who held the lease. The marks are still there."""
    wrote: dict[str, Written] = field(default_factory=dict)
    """By collection."""


def recount_marked(store: Store, users: Iterable[str] | None = None) -> list[Recounted]:
    """One round: every listener with marks, or those named. Whoever's fails keeps nobody from theirs; the first failure
    is raised at the end."""
    marked = {mark.user for mark in store.find(collections.marks)}
    rounds: list[Recounted] = []
    failures: list[Exception] = []
    for user in sorted(marked if users is None else marked & set(users)):
        try:
            rounds.append(recount(store, user))
        except Exception as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return rounds


def recount(store: Store, user: str, waiting: Callable[[Lease], None] | None = None) -> Recounted:
    """Settle, publish and count anew what is marked of a listener, and clear the marks that stayed as they were."""
    try:
        with lease(
            store,
            plays_lease_name(user),
            purpose="recounting the aggregates",
            waiting=waiting,
            timeout=PATIENCE_SECONDS,
        ) as held:
            return recounted(store, held, user, repair_marked(store, held, user))
    except StoreUnavailable as error:
        holder = store.get(collections.leases, plays_lease_name(user))
        if holder is None:
            raise
        return Recounted(user, busy=str(error))


def repair(store: Store, user: str) -> list[str]:
    """Settle and publish the months that a stopped run left marked, and say which; waits for a run that goes on."""
    with lease(store, plays_lease_name(user), purpose="repairing what a stopped run left") as held:
        return repair_marked(store, held, user)


def recounted(store: Store, held: Held, user: str, published: list[str]) -> Recounted:
    """Count everything of a listener under their lease, write what differs, clear the marks seen at the start."""
    # First the marks, then what they tell of: what is marked later than this read keeps its mark.
    marks = marked_months(store, user)
    result = Recounted(user, months=sorted(marks), published=published)
    if store.get(collections.listeners, user) is None:
        for collection in (collections.marks, collections.daily_totals, collections.monthly_tops):
            store.delete(collection, Query(equal={"user": user}))
        return result
    heard = HistoryReader(store, 0).read(user)
    result.plays = len(heard.history)
    of_user = Query(equal={"user": user})
    days, tops, totals = collections.daily_totals, collections.monthly_tops, collections.listener_totals
    result.wrote[days.name] = _replaced(store, held, days, of_user, daily_totals_of(heard))
    result.wrote[tops.name] = _replaced(store, held, tops, of_user, monthly_tops_of(heard))
    one = Query(equal={"_id": user})
    result.wrote[totals.name] = _replaced(store, held, totals, one, [listener_totals_of(heard)])
    held.renew()
    for mark in marks.values():
        clear_mark(store, mark)
    return result


def _replaced(store: Store, held: Held, collection: Collection[D], query: Query, documents: Iterable[D]) -> Written:
    """Bring a listener's documents in line, writing only what differs: readers never find less than there is."""
    standing = {document.id: document for document in store.find(collection, query)}
    counted = list(documents)
    changed = [document for document in counted if standing.pop(document.id, None) != document]
    held.renew()
    store.put(collection, changed)
    gone = sorted(standing)
    for at in range(0, len(gone), _DELETED_AT_ONCE):
        store.delete(collection, Query(one_of={"_id": gone[at : at + _DELETED_AT_ONCE]}))
    return Written(len(counted), len(changed), len(gone))
