"""Checking: aggregates against plays counted one by one, the slow way, with none of the code that made them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from stats_core.documents import Listener, Play
from stats_core.history.marks import marked_months
from stats_core.history.months import month_end, month_start
from stats_core.store import collections
from stats_core.store.port import Query, Range, Store


@dataclass
class Checked:
    """What a check saw."""

    months: list[str] = field(default_factory=list)
    """The local months that were compared."""
    plays: int = 0
    """Documents that were counted."""
    differences: list[str] = field(default_factory=list)
    """In words; none: the aggregates equal the plays."""


def checked(store: Store, user: str, months: Iterable[str]) -> Checked:
    """Compare the daily totals of these UTC months of start, and the listener's totals, with the plays themselves.

    A month that is marked before or after, or whose neighbour is, is being changed and left out.
    """
    before = marked_months(store, user)
    listener = store.get(collections.listeners, user)
    if listener is None:
        return Checked()
    result = Checked(months=sorted(set(months)))
    counted = [_month_difference(store, listener, month, result) for month in result.months]
    whole = _totals_difference(store, user)
    after = marked_months(store, user)
    if store.get(collections.listeners, user) != listener:
        return Checked()
    unsure = {month for marked in (*before, *after) for month in _around(marked)}
    found = zip(result.months, counted, strict=True)
    result.differences = [difference for month, difference in found if difference and month not in unsure]
    result.months = [month for month in result.months if month not in unsure]
    if whole and not unsure:
        result.differences.append(whole)
    return result


def passes(play: Play, listener: Listener) -> bool:
    """Whether a play counts by the listener's own rule."""
    rule = listener.rule
    private = {"exclude": play.private is not True, "only": play.private is True, "include": True}[rule.private]
    return private and play.ms >= rule.min_ms and play.kind in (rule.kinds or ("track",))


def _month_difference(store: Store, listener: Listener, month: str, result: Checked) -> str | None:
    """What the daily totals of a local month say otherwise than its plays."""
    zone = ZoneInfo(listener.timezone)
    wide = timedelta(days=2)
    span = Range("start", month_start(month) - wide, month_end(month) + wide)
    plays: dict[str, int] = {}
    heard: dict[str, int] = {}
    for play in store.find(collections.plays, Query(equal={"user": listener.id}, range=span, order="start")):
        result.plays += 1
        date = f"{_local(play.start, zone):%Y-%m-%d}"
        if date.startswith(month) and passes(play, listener):
            plays[date] = plays.get(date, 0) + 1
            heard[date] = heard.get(date, 0) + play.ms
    totals = list(store.find(collections.daily_totals, Query(equal={"user": listener.id, "month": month})))
    if {total.date: (total.plays, total.ms) for total in totals} == {
        date: (plays[date], heard[date]) for date in plays
    }:
        return None
    return (
        f"{month} of {listener.id}: plays give {len(plays)} days, {sum(plays.values())} plays, "
        f"{sum(heard.values())} ms; daily_totals say {len(totals)} days, {sum(total.plays for total in totals)} plays, "
        f"{sum(total.ms for total in totals)} ms"
    )


def _totals_difference(store: Store, user: str) -> str | None:
    totals = store.get(collections.listener_totals, user)
    days = plays = ms = 0
    for day in store.find(collections.daily_totals, Query(equal={"user": user})):
        days, plays, ms = days + 1, plays + day.plays, ms + day.ms
    said = (totals.active_days, totals.plays, totals.ms) if totals else None
    if said == (days, plays, ms):
        return None
    return f"listener_totals of {user} say {said} days, plays, ms; daily_totals add up to {(days, plays, ms)}"


def _local(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone)


def _around(month: str) -> tuple[str, str, str]:
    return f"{month_start(month) - timedelta(days=1):%Y-%m}", month, f"{month_end(month):%Y-%m}"
