"""Checking: aggregates against plays counted one by one, the slow way, out of their documents and not of columns."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from stats_core.aggregates.counting import MOST_PLAYED, TOPS
from stats_core.aggregates.recounting import PATIENCE_SECONDS
from stats_core.clock import instant_ms
from stats_core.documents.derived import DailyTotal, ListenerTotals, MonthlyTop, TopEntry
from stats_core.documents.listeners import Listener
from stats_core.documents.plays import Play
from stats_core.errors import StoreUnavailable
from stats_core.history.columns import History
from stats_core.history.entries import Entries
from stats_core.history.items import Item, item_of
from stats_core.history.marks import mark_months, marked_months
from stats_core.history.months import month_beside, month_start, months_from
from stats_core.history.naming import Naming
from stats_core.history.reader import HistoryReader
from stats_core.insights.zones import Zone
from stats_core.listeners import plays_lease_name
from stats_core.store import collections
from stats_core.store.leases import lease
from stats_core.store.port import Query, Store


@dataclass
class Checked:
    """What a check saw."""

    months: list[str] = field(default_factory=list)
    """The local months that were compared."""
    plays: int = 0
    """Documents that were counted."""
    differences: list[str] = field(default_factory=list)
    """In words; none: the aggregates equal the plays."""
    marked_again: bool = False
    """They are counted once more, because they differ."""


def check_or_mark(store: Store, user: str, months: Iterable[str], *, once_more: bool) -> Checked:
    """Compare under the listener's lease; where that finds a difference, mark the months if it is to be `once_more`.

    While somebody else holds the lease nothing is compared: they leave marks, and another round follows.
    """
    try:
        purpose = "checking the aggregates"
        # Under it nobody has written plays or columns that are still to be marked.
        with lease(store, plays_lease_name(user), purpose=purpose, timeout=PATIENCE_SECONDS) as held:
            result = checked(store, user, months)
            listener = store.get(collections.listeners, user)
            if result.differences and once_more and listener is not None:
                held.renew()
                mark_months(store, user, result.months, _again(listener), published=True)
                result.marked_again = True
            return result
    except StoreUnavailable:
        if store.get(collections.leases, plays_lease_name(user)) is None:
            raise
        return Checked()


def marked_by_check(store: Store) -> set[str]:
    """Listeners who are counted once more as they are, because a check failed: another failure is for a person."""
    users = set()
    for mark in store.find(collections.marks):
        listener = store.get(collections.listeners, mark.user)
        if listener is not None and mark.import_id == _again(listener):
            users.add(mark.user)
    return users


def _again(listener: Listener) -> str:
    """What stands in a mark in place of an import: once for each revision of the listener, not for ever."""
    return f"check|{listener.revision}"


def checked(store: Store, user: str, months: Iterable[str]) -> Checked:
    """Compare days and tops of these UTC months of start, and the listener's totals, with the plays themselves.

    A month that is marked before or after, or whose neighbour is, is being changed and left out. While anything is
    marked, what hangs on the whole history is left out too: totals, and which plays are of one track.
    """
    before = marked_months(store, user)
    if store.get(collections.listeners, user) is None:
        return Checked()
    listener, history = HistoryReader(store, 0).read(user)  # for what library and playlists call their items
    wanted = sorted(set(months))
    plays = _Plays(store, listener, wanted, history)
    days, tops, totals = _Days.of(store, listener, plays), _tops_differences(store, plays), _totals_of(store, plays)
    after = marked_months(store, user)
    if store.get(collections.listeners, user) != listener:
        return Checked()
    unsure = {near for marked in (*before, *after) for near in months_from(month_beside(marked, -1), 3)}
    result = Checked([month for month in wanted if month not in unsure], len(plays.played))
    for month in result.months:
        result.differences += days.differences(month, whole=not unsure)
        if not unsure:
            result.differences += tops[month]
    if not unsure:
        result.differences += totals
    return result


def passes(play: Play, listener: Listener) -> bool:
    """Whether a play counts by the listener's own rule."""
    rule = listener.rule
    private = {"exclude": play.private is not True, "only": play.private is True, "include": True}[rule.private]
    return private and play.ms >= rule.min_ms and play.kind in (rule.kinds or ("track",))


@dataclass(frozen=True)
class _Passing:
    date: str
    """Local."""
    month: str | None
    """The month looked at in which it lies: where clocks fall back at midnight, not always that of its date."""
    start: datetime
    item: int
    ms: int


class _Plays:
    """All plays of a listener, read one by one."""

    def __init__(self, store: Store, listener: Listener, months: list[str], known: History) -> None:
        self.listener = listener
        self.months = months
        self.passing: list[_Passing] = []
        self.played: list[int] = []
        zone, span_zone = ZoneInfo(listener.timezone), Zone(listener.timezone)

        def begin(month: str) -> int:
            return span_zone.first_instant(instant_ms(month_start(month)))

        begins, ends = [begin(month) for month in months], [begin(month_beside(month, 1)) for month in months]
        items: dict[Item, int] = {}
        for play in store.find(collections.plays, Query(equal={"user": listener.id}, order="start")):
            item = items.setdefault(item_of(play), len(items))
            self.played.append(item)
            if passes(play, listener):
                at = instant_ms(play.start)
                place = bisect_right(begins, at) - 1
                month = months[place] if place >= 0 and at < ends[place] else None
                date = f"{play.start.astimezone(zone):%Y-%m-%d}"
                self.passing.append(_Passing(date, month, play.start, item, play.ms))
        played = np.array(self.played, np.int32)
        naming = Naming(list(items), played, known.saved, known.catalogue)
        self.entries: dict[str, Entries] = {
            "tracks": naming.titles().only("track"), "artists": naming.artists(), "albums": naming.albums(),
        }  # fmt: skip
        self.codes = {of: _codes_of_items(entries) for of, entries in self.entries.items()}

    def different(self, of: str, passing: Iterable[_Passing]) -> int:
        """How many tracks, artists or albums there are among these."""
        return len({code for play in passing for code in self.codes[of].get(play.item, ())})


def _codes_of_items(entries: Entries) -> dict[int, list[int]]:
    codes: dict[int, list[int]] = {}
    for item, code in zip(entries.item.tolist(), entries.entry.tolist(), strict=True):
        codes.setdefault(item, []).append(code)
    return codes


@dataclass
class _Days:
    """The days of the months looked at, as counted and as they stand."""

    listener: Listener
    counted: dict[str, DailyTotal]
    said: dict[str, DailyTotal]

    @classmethod
    def of(cls, store: Store, listener: Listener, plays: _Plays) -> "_Days":
        by_date: dict[str, list[_Passing]] = {}
        for play in plays.passing:
            if play.date[:7] in plays.months:
                by_date.setdefault(play.date, []).append(play)
        counted = {
            date: DailyTotal(
                id=f"{listener.id}|{date}", user=listener.id, month=date[:7], date=date, plays=len(here),
                ms=sum(play.ms for play in here), tracks=plays.different("tracks", here),
                artists=plays.different("artists", here),
            )
            for date, here in by_date.items()
        }  # fmt: skip
        said = {
            total.date: total
            for month in plays.months
            for total in store.find(collections.daily_totals, Query(equal={"user": listener.id, "month": month}))
        }
        return cls(listener, counted, said)

    def differences(self, month: str, *, whole: bool) -> list[str]:
        """What the daily totals of a month say otherwise than its plays; without `whole` only of plays and ms."""
        counted, said = ([day for day in days.values() if day.month == month] for days in (self.counted, self.said))
        if {_told(day, whole) for day in counted} == {_told(day, whole) for day in said}:
            return []
        return [f"{month} of {self.listener.id}: plays give {_summed(counted)}; daily_totals say {_summed(said)}"]


def _told(day: DailyTotal, whole: bool) -> tuple[str | int, ...]:
    return (day.date, day.plays, day.ms, *((day.tracks, day.artists) if whole else ()))


def _summed(days: list[DailyTotal]) -> str:
    of = {name: sum(getattr(day, name) for day in days) for name in ("plays", "ms", "tracks", "artists")}
    return f"{len(days)} days, " + ", ".join(f"{value} {name}" for name, value in of.items())


def _tops_differences(store: Store, plays: _Plays) -> dict[str, list[str]]:
    """By month, what the tops say otherwise than the plays."""
    user = plays.listener.id
    by_month: dict[str, list[_Passing]] = {month: [] for month in plays.months}
    for play in plays.passing:
        if play.month is not None:
            by_month[play.month].append(play)
    differences: dict[str, list[str]] = {}
    for month, here in by_month.items():
        said = {
            top.of: top for top in store.find(collections.monthly_tops, Query(equal={"user": user, "month": month}))
        }
        counted = {of: top for of in TOPS if (top := _top(plays, month, of, here)).total}
        wrong = [of for of in TOPS if said.get(of) != counted.get(of)]
        differences[month] = [f"{month} of {user}: monthly_tops of {of} are not those of its plays" for of in wrong]
    return differences


def _top(plays: _Plays, month: str, of: str, here: list[_Passing]) -> MonthlyTop:
    entries, codes = plays.entries[of], plays.codes[of]
    lines: dict[int, list[_Passing]] = {}
    for play in here:
        for code in codes.get(play.item, ()):
            lines.setdefault(code, []).append(play)
    ranked = sorted(
        (-len(line), -sum(play.ms for play in line), line[0].start, entries.entries[code].id, code)
        for code, line in lines.items()
    )
    user = plays.listener.id
    return MonthlyTop(
        id=f"{user}|{month}|{of}", user=user, month=month, of=of, total=len(ranked),  # type: ignore[arg-type]
        entries=[
            TopEntry(
                rank=rank, id=identity, name=entries.entries[code].name, artist=entries.entries[code].artist,
                plays=-count, ms=-ms,
            )
            for rank, (count, ms, _, identity, code) in enumerate(ranked[:MOST_PLAYED], start=1)
        ],
    )  # fmt: skip


def _totals_of(store: Store, plays: _Plays) -> list[str]:
    """What the listener's totals say otherwise than all plays, and than the days together."""
    user, passing = plays.listener.id, plays.passing
    said = store.get(collections.listener_totals, user)
    counted = ListenerTotals(
        id=user, user=user, revision=said.revision if said else 0, plays=len(passing),
        ms=sum(play.ms for play in passing), tracks=plays.different("tracks", passing),
        artists=plays.different("artists", passing), albums=plays.different("albums", passing),
        active_days=len({play.date for play in passing}), first_play=passing[0].start if passing else None,
        last_play=passing[-1].start if passing else None,
    )  # fmt: skip
    differences = [] if said == counted else [f"listener_totals of {user} say {said}; plays give {counted}"]
    days = list(store.find(collections.daily_totals, Query(equal={"user": user})))
    added = len(days), sum(day.plays for day in days), sum(day.ms for day in days)
    if added != (counted.active_days, counted.plays, counted.ms):
        whole = (counted.active_days, counted.plays, counted.ms)
        differences.append(f"daily_totals of {user} add up to {added} days, plays, ms; plays give {whole}")
    return differences
