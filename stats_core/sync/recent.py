"""Recent plays: a page of them brought into the history, and how the polling goes, in one document a listener.

Spotify remembers the last 50 plays, tells some of them late or with a slightly other time, and tells each again at
every poll. So every poll takes in the whole page; what was told before is told apart by its content, and costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from stats_core.clock import instant, instant_ms
from stats_core.documents.accounts import Account
from stats_core.documents.listeners import Listener
from stats_core.documents.sync import Gap, Stretch, Sync
from stats_core.documents.words import STATES
from stats_core.exports.parse import ParsedFile, Parser
from stats_core.history.keys import ending_within
from stats_core.history.marks import mark_months
from stats_core.history.months import month_name, months_of
from stats_core.history.observations import Observations, Vocabulary
from stats_core.history.publishing import publish
from stats_core.history.repairing import repair_marked
from stats_core.history.reports import TOLD_AGAIN_MS
from stats_core.history.rewriting import Arriving, Rewriter
from stats_core.imports.coverage import known_coverage
from stats_core.listeners import known_listener, plays_lease_name
from stats_core.spotify.errors import NotLinked
from stats_core.store import collections
from stats_core.store.leases import lease
from stats_core.store.port import Query, Store

Positions = npt.NDArray[np.intp]

DEPTH: Final = 50
"""How many plays Spotify remembers: a page that full may have lost some."""
_SHORTEST_MS: Final = 30_000
"""Spotify tells of no shorter plays."""
_SOON: Final = timedelta(minutes=15)
_LATER: Final = timedelta(minutes=30)
_EMPTY_POLLS: Final = 3
"""After so many polls without news the next ones come later."""
_TOLD_EVERY: Final = timedelta(hours=1)
"""How often readers are told that the time went on without plays."""


@dataclass(frozen=True)
class Taken:
    """What became of a page."""

    page: int
    """Its entries."""
    new: int
    """Plays that nobody had told of."""
    known: int
    """Entries told before."""
    superseded: int
    """Entries of plays that an export had told of."""
    invalid: int
    """Entries that could not be read."""
    gap: Gap | None
    """Plays that may have been lost before the oldest of the page."""
    next_poll_at: datetime


def sync_name(user: str) -> str:
    """What carries what the sync brought, as an import carries its rows."""
    return f"{user}|sync"


def take_in(store: Store, user: str, entries: Sequence[object], now: datetime, account: Account | None = None) -> Taken:
    """Bring a page of recent plays, as the API answered it at `now`, into a listener's history.

    `account`: with whose login it was asked for; where that is not linked any more the page is dropped. Raises
    UnknownListener, and NotLinked. Safe to stop anywhere and to repeat: what was not told to the end is new to the
    next poll.
    """
    vocabulary = Vocabulary()
    parsed = Parser(vocabulary, instant_ms(now)).played(entries)
    listener = known_listener(store, user)
    fresh = _fresh(store, user, parsed, vocabulary)
    if not len(fresh):
        known = store.get(collections.syncs, user)
        sync = _polled(known or Sync(id=user), parsed, now, gap=None, new=0)
        if known is None or not _is_told(listener, sync):
            sync = _tell(store, user, account, parsed, now)
        else:  # whoever undid the sync meanwhile took the document: then nothing is written
            store.update(collections.syncs, user, _fields(sync))
        return _taken(parsed, 0, 0, sync, None)
    with lease(store, plays_lease_name(user), purpose="taking in recent plays") as held:
        _check_linked(store, user, account)
        before = store.get(collections.syncs, user) or Sync(id=user)
        repair_marked(store, held, user)
        fresh = _fresh(store, user, parsed, vocabulary)  # another may have taken the same page in meanwhile
        last = _last_end(store, user, int(parsed.observations.end.min()))
        observed = parsed.observations.take(fresh)
        nothing = np.zeros(len(fresh), np.int32)
        months = [month_name(number) for number in np.unique(months_of(observed.end)).tolist()]
        rows = parsed.rows[fresh]
        arriving = Arriving(sync_name(user), observed, nothing, rows, {0: "recently-played"}, adds=True)
        rewritten = Rewriter(store, user, held, vocabulary).rewrite(months, arriving)
        states = [STATES[state] for state in rewritten.states.tolist()]
        new = sum(state in {"stored", "unidentified"} for state in states)
        gap = _gap(parsed, fresh, new, last) if before.polled_at is not None else None
        sync = _polled(before, parsed, now, gap=gap, new=new)
        coverage = known_coverage(store, user, sync=sync)
        publish(store, held, user, rewritten.months, coverage=coverage)
        mark_months(store, user, rewritten.months, published=True)
        held.renew()
        store.put(collections.syncs, [sync])
    return _taken(parsed, len(fresh), new, sync, gap)


def _fresh(store: Store, user: str, parsed: ParsedFile, vocabulary: Vocabulary) -> Positions:
    """Which entries the sync has not brought yet, in the order of their end."""
    observed = parsed.observations
    if not len(observed):
        return np.empty(0, np.intp)
    fingerprints = observed.fingerprints(vocabulary)
    months = {month_name(number) for number in np.unique(months_of(observed.end)).tolist()}
    carried: set[int] = set()
    for month in months:
        document = store.get(collections.carried, f"{sync_name(user)}|{month}|000")
        carried.update(document.fingerprints if document else ())
    _, first = np.unique(fingerprints, return_index=True)
    new = first[~np.isin(fingerprints[first], np.array(sorted(carried), np.int64))]
    return new[np.lexsort((fingerprints[new], observed.end[new]))]


def _last_end(store: Store, user: str, before: int) -> datetime | None:
    """The latest end of a play that ended before an instant."""
    span = ending_within(user, None, instant(before))
    query = Query(range=span, order="_id", descending=True, limit=1)
    return next((play.end for play in store.find(collections.plays, query)), None)


def _told_twice(observed: Observations) -> int:
    """How many entries of a page tell of a play that another of them tells of."""
    order = np.lexsort((observed.end, observed.item))
    same = np.diff(observed.item[order]) == 0
    return int((same & (np.diff(observed.end[order]) <= TOLD_AGAIN_MS)).sum())


def _gap(parsed: ParsedFile, fresh: Positions, new: int, last: datetime | None) -> Gap | None:
    """A full page of which nothing was known: between the play known last and its oldest there may have been others."""
    observed = parsed.observations
    if parsed.total < DEPTH or len(fresh) < len(observed) or new < len(observed) - _told_twice(observed):
        return None
    end = int(observed.end.min())
    oldest = instant(int(observed.starts()[observed.end == end].min()))
    if last is not None and last > oldest:  # it was cut short: how early it began is not told
        oldest = instant(end - _SHORTEST_MS)
    if last is None or last >= oldest:
        return None
    cause = f"All {DEPTH} plays that Spotify remembered were new: the ones before them were never seen."
    return Gap(start=last, end=oldest, cause=cause)


def _polled(before: Sync, parsed: ParsedFile, now: datetime, *, gap: Gap | None, new: int) -> Sync:
    """How the polling goes after this page."""
    empty = 0 if new else before.empty_polls + 1
    preview = list(before.preview)
    first = instant(int(parsed.observations.starts().min())) if len(parsed.rows) else now
    seen = Stretch(start=min(first, now), end=now)
    if preview:
        last = preview.pop()
        # What came late may lie between the play known last and the poll that knew it: the gap begins with that play.
        preview.append(Stretch(start=last.start, end=now if gap is None else max(last.start, gap.start)))
    if gap is not None or not preview:
        preview.append(seen)
    return msgspec.structs.replace(
        before,
        polled_at=now,
        next_poll_at=now + (_SOON if empty < _EMPTY_POLLS else _LATER),
        empty_polls=empty,
        page=parsed.total,
        unknown=new if before.polled_at is not None else 0,
        preview=preview,
        gaps=[*before.gaps, *([gap] if gap else [])],
        problem=None,
    )


def _is_told(listener: Listener, sync: Sync) -> bool:
    """Whether readers know closely enough up to when nothing was missed."""
    ends = [stretch.end for stretch in listener.coverage if stretch.by != "gap"]
    return bool(ends) and sync.preview[-1].end - max(ends) < _TOLD_EVERY


def _tell(store: Store, user: str, account: Account | None, parsed: ParsedFile, now: datetime) -> Sync:
    with lease(store, plays_lease_name(user), purpose="telling how far recent plays are known") as held:
        _check_linked(store, user, account)
        before = store.get(collections.syncs, user) or Sync(id=user)
        sync = _polled(before, parsed, now, gap=None, new=0)
        publish(store, held, user, [], coverage=known_coverage(store, user, sync=sync))
        store.put(collections.syncs, [sync])
    return sync


def _check_linked(store: Store, user: str, account: Account | None) -> None:
    """Raises UnknownListener, and NotLinked where the login that was asked with is there no more."""
    known_listener(store, user)
    if account is None:
        return
    linked = store.get(collections.accounts, user)
    if linked is None or linked.account_id != account.account_id:
        raise NotLinked(user)


def _fields(sync: Sync) -> dict[str, object]:
    fields = msgspec.structs.asdict(sync)
    del fields["id"]
    return fields


def _taken(parsed: ParsedFile, fresh: int, new: int, sync: Sync, gap: Gap | None) -> Taken:
    invalid = parsed.total - len(parsed.rows)
    assert sync.next_poll_at is not None  # noqa: S101 - it has just been set
    return Taken(parsed.total, new, len(parsed.rows) - fresh, fresh - new, invalid, gap, sync.next_poll_at)
