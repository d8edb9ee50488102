"""Discoveries, returns, moves, milestones and records counted the slow way, play by play, as `statistics.md` says.

`ever` are the passing plays of the whole history in the order of (start, key); `belongs` names what a play counts for.
Lines hold the id and the numbers of an entry, and `until` cuts them to the page asked for.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta

from stats_core.documents.plays import Play
from tests.insights.recount import Json, bucket_of, local, written

Entry = tuple[str, str]
"""Kind and id."""
Belongs = Callable[[Play], Iterable[Entry]]
Within = Callable[[Play], bool]
"""Whether a play lies in the period."""

DAY = timedelta(days=1)


def ms_of(plays: Iterable[Play]) -> int:
    """Milliseconds listened."""
    return sum(play.ms for play in plays)


def groups(plays: Iterable[Play], belongs: Belongs) -> dict[Entry, list[Play]]:
    """The plays of each entry, in order."""
    found: dict[Entry, list[Play]] = {}
    for play in plays:
        for identity in belongs(play):
            found.setdefault(identity, []).append(play)
    return found


def discoveries(ever: Sequence[Play], within: Within, belongs: Belongs, sort: str, zone: str) -> Json:
    """Everything but what the rule says."""
    here = [play for play in ever if within(play)]
    known, different = groups(ever, belongs), groups(here, belongs)
    new = {identity for identity, plays in known.items() if within(plays[0])}
    of_new = [play for play in here if any(identity in new for identity in belongs(play))]

    def order(identity: Entry) -> tuple[object, ...]:
        first, plays, ms = known[identity][0].start, len(different[identity]), ms_of(different[identity])
        at = first.timestamp()
        return {"newest": (-at, -plays, -ms), "plays": (-plays, -ms, at), "ms": (-ms, -plays, at)}[sort] + (
            identity[1],
        )

    return {
        "items": [
            {
                "id": identity,
                "first_play": written(known[identity][0].start, zone),
                "plays": len(different[identity]),
                "ms": ms_of(different[identity]),
                "plays_since": len(known[identity]),
                "ms_since": ms_of(known[identity]),
            }
            for identity in sorted(new, key=order)
        ],
        "total": len(new),
        "different": len(different),
        "plays": len(here),
        "ms": ms_of(here),
        "new_plays": len(of_new),
        "new_ms": ms_of(of_new),
        "share_of_plays": len(of_new) / len(here) if here else 0.0,
        "share_of_ms": ms_of(of_new) / ms_of(here) if ms_of(here) else 0.0,
    }


def adoptions(ever: Sequence[Play], within: Within, artists: Belongs, n: int, zone: str) -> list[Json]:
    """Every artist first played in the period."""
    lines = []
    for identity, plays in groups(ever, artists).items():
        if not within(plays[0]):
            continue
        took = plays[n - 1].start - plays[0].start if len(plays) >= n else None
        order = (took is None, took or timedelta(0), -len(plays), -ms_of(plays), plays[0].start, identity[1])
        line: Json = {
            "id": identity,
            "first_play": written(plays[0].start, zone),
            "nth_play": None if took is None else written(plays[n - 1].start, zone),
            "days": None if took is None else took / DAY,
            "plays": len(plays),
            "ms": ms_of(plays),
        }
        lines.append((order, line))
    return [line for _, line in sorted(lines, key=lambda each: each[0])]


def anniversaries(ever: Sequence[Play], within: Within, items: Belongs, today: date, zone: str) -> list[Json]:
    """Every item whose first play has its day today."""
    leap_days_too = (today.month, today.day) == (2, 28) and (today + DAY).month == 3
    days = {(today.month, today.day)} | ({(2, 29)} if leap_days_too else set())
    lines = []
    for identity, plays in groups(ever, items).items():
        first = local(plays[0].start, zone).date()
        if within(plays[0]) and len(plays) >= 10 and (first.month, first.day) in days and first.year < today.year:
            order = (-len(plays), -ms_of(plays), plays[0].start, identity[1])
            numbers = {"years": today.year - first.year, "plays": len(plays), "ms": ms_of(plays)}
            lines.append((order, {"id": identity, "first_play": written(plays[0].start, zone), **numbers}))
    return [line for _, line in sorted(lines, key=lambda each: each[0])]


def one_hit_wonders(here: Sequence[Play], primary: Belongs, recording: Belongs, zone: str) -> list[Json]:
    """Every artist with one recording among the period's plays, and ten plays of it."""
    lines = []
    for identity, plays in groups(here, primary).items():
        recordings = {one for play in plays for one in recording(play)}
        if len(recordings) == 1 and len(plays) >= 10:
            order = (-len(plays), -ms_of(plays), plays[0].start, identity[1])
            numbers = {"plays": len(plays), "ms": ms_of(plays), "first_play": written(plays[0].start, zone)}
            lines.append((order, {"id": identity, "recording": recordings.pop(), **numbers}))
    return [line for _, line in sorted(lines, key=lambda each: each[0])]


def rediscoveries(ever: Sequence[Play], within: Within, items: Belongs, zone: str) -> list[Json]:
    """Every return in the period."""
    lines = []
    for identity, plays in groups(ever, items).items():
        for number in range(10, len(plays)):
            left, back = plays[number - 1], plays[number]
            again = [play for play in plays[number:] if play.start - back.start <= 90 * DAY]
            if within(back) and back.start - left.start >= 365 * DAY and len(again) >= 3:
                line: Json = {
                    "id": identity,
                    "last_before": written(left.start, zone),
                    "returned": written(back.start, zone),
                    "away_days": (back.start - left.start) // DAY,
                    "plays_before": number,
                    "plays_back": len(again),
                    "ms_back": ms_of(again),
                }
                lines.append(((-back.start.timestamp(), -number, identity[1]), line))
    return [line for _, line in sorted(lines, key=lambda each: each[0])]


def ranks(plays: Sequence[Play], belongs: Belongs, by: str) -> dict[Entry, int]:
    """The rank of every entry."""
    found = groups(plays, belongs)

    def order(identity: Entry) -> tuple[object, ...]:
        count, ms = -len(found[identity]), -ms_of(found[identity])
        measures = (count, ms) if by == "plays" else (ms, count)
        return (*measures, found[identity][0].start, identity[1])

    return {identity: rank for rank, identity in enumerate(sorted(found, key=order), start=1)}


def movers(
    ever: Sequence[Play], start: datetime, end: datetime, before: datetime, belongs: Belongs, by: str
) -> tuple[list[Json], list[Json], int]:
    """Climbers, fallers and the number of new ones, of [start, end) against [before, start)."""
    now, then = ([play for play in ever if low <= play.start < high] for low, high in ((start, end), (before, start)))
    known = groups((play for play in ever if play.start < start), belongs)
    here, there = ranks(now, belongs, by), ranks(then, belongs, by)
    of_now, of_then = groups(now, belongs), groups(then, belongs)
    new, lines = 0, []
    for identity in here.keys() | there.keys():
        if min(here.get(identity, 101), there.get(identity, 101)) > 100:
            continue
        if identity not in known:
            new += 1
            continue
        change = there.get(identity, len(there) + 1) - here.get(identity, len(here) + 1)
        plays, earlier = of_now.get(identity, []), of_then.get(identity, [])
        line: Json = {
            "id": identity,
            "rank": here.get(identity),
            "previous_rank": there.get(identity),
            "change": change,
            "plays": len(plays),
            "ms": ms_of(plays),
            "previous_plays": len(earlier),
            "previous_ms": ms_of(earlier),
        }
        order = (-abs(change), -len(plays), -ms_of(plays), (earlier + plays)[0].start, identity[1])
        lines.append((order, change, line))
    lines.sort(key=lambda each: each[0])
    climbers, fallers = ([line for _, change, line in lines if change * sign > 0] for sign in (1, -1))
    return climbers, fallers, new


def eddington(here: Sequence[Play], by: str, zone: str) -> Json:
    """The number by trying one after the other, and the next one."""
    heard: Counter[date] = Counter()
    for play in here:
        heard[local(play.start, zone).date()] += 1 if by == "plays" else play.ms
    days = [amount if by == "plays" else amount // 60_000 for amount in heard.values()]
    number = 0
    while sum(amount >= number + 1 for amount in days) >= number + 1:
        number += 1
    reached = sum(amount >= number + 1 for amount in days)
    return {"number": number, "next": {"number": number + 1, "days": reached, "missing": number + 1 - reached}}


def milestones(ever: Sequence[Play], within: Within, items: Belongs, zone: str) -> list[Json]:
    """Every milestone of the period."""
    numbered = enumerate(ever, start=1)
    return [
        {"number": number, "start": written(play.start, zone), "item": next(iter(items(play)), None)}
        for number, play in numbered
        if (number in {1, 100, 1_000} or number % 10_000 == 0) and within(play)
    ]


def most_played(here: Sequence[Play], bucket: str, by: str, zone: str) -> tuple[object, int, int] | None:
    """The bucket with the most, its plays and ms."""
    found: dict[object, list[Play]] = {}
    for play in here:
        found.setdefault(bucket_of(play.start, zone, bucket), []).append(play)
    if not found:
        return None

    def order(name: object) -> tuple[object, ...]:
        count, ms = -len(found[name]), -ms_of(found[name])
        # Of two dates the earlier one, also where clocks fell back across midnight.
        at = name if bucket in {"day", "month"} else found[name][0].start
        return ((count, ms) if by == "plays" else (ms, count)) + (at,)

    best = min(found, key=order)
    return best, len(found[best]), ms_of(found[best])


def repeated(here: Sequence[Play], items: Belongs, zone: str) -> Json | None:
    """The item with the most plays in one day."""
    found: dict[tuple[date, Entry], list[Play]] = {}
    for play in here:
        for identity in items(play):
            found.setdefault((local(play.start, zone).date(), identity), []).append(play)
    if not found:
        return None
    day, identity = min(found, key=lambda each: (-len(found[each]), each[0], each[1][1]))
    plays = found[day, identity]
    return {"id": identity, "date": day.isoformat(), "plays": len(plays), "ms": ms_of(plays)}
