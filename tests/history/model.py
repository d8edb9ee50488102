"""The rules of reconciling and of the ledger as a slow program: rows are compared pair by pair, choices spelled out.

Of the code it takes nothing but the order of contents, which is that of their fingerprints by definition.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeVar

from stats_core.documents.words import GENERATIONS, State
from tests.history.observed import File, Row

Thing = TypeVar("Thing")

_STRENGTH: Final = {"extended": 2, "account": 1, "api": 0}
_DAY_MS: Final = 24 * 60 * 60 * 1000


@dataclass(frozen=True)
class Seen:
    """One row of one file."""

    file: int
    place: int
    generation: int
    content: int
    """Where its content stands in the canonical order."""
    row: Row

    @property
    def strength(self) -> int:
        return _STRENGTH[self.row.context.source]


Group = list[Seen]
"""The rows of one play, or of several that are connected."""


@dataclass(frozen=True)
class Play:
    """What is known of a play."""

    end: int
    """In milliseconds, as `start`."""
    ms: int
    n: int
    start: int
    winner: Row
    others: frozenset[Row]
    rows: tuple[tuple[int, int], ...]
    """File and content of each row; equal rows of one file can't be told apart."""


@dataclass(frozen=True)
class Cluster:
    """Plays of account data and the extended ones that they may be, by whatever chain of names."""

    weak: list[Group]
    strong: list[Group]


def seen_in(many: list[File], contents: list[int]) -> list[Seen]:
    """Every row of the files, given where their contents stand in the canonical order."""
    rows = [(number, place, row) for number, file in enumerate(many) for place, row in enumerate(file.rows)]
    return [
        Seen(number, place, GENERATIONS.index(many[number].generation), content, row)
        for (number, place, row), content in zip(rows, contents, strict=True)
    ]


def names(row: Row) -> tuple[str, str | None, str | None] | None:
    """Track + artist, episode + show, chapter + audiobook; None: has none."""
    item = row.item
    by = {"track": item.artist, "episode": item.show}.get(item.kind, item.audiobook)
    return None if item.name is None and by is None else (item.kind, item.name, by)


def same_extended(a: Seen, b: Seen) -> bool:
    """Equal end and ms, and both carry the same URI or both the same names; none equals none."""
    same_uri = a.row.item.uri is not None and a.row.item.uri == b.row.item.uri
    return (a.row.end, a.row.ms) == (b.row.end, b.row.ms) and (same_uri or names(a.row) == names(b.row))


def same_across(a: Seen, b: Seen) -> bool:
    """Account data knows minutes and no kinds: equal minute, names and ms."""
    one, other = names(a.row), names(b.row)
    same_names = one is other if one is None or other is None else one[1:] == other[1:]
    return a.row.end // 60 == b.row.end // 60 and a.row.ms == b.row.ms and same_names


def connected(things: Iterable[Thing], same: Callable[[Thing, Thing], bool]) -> list[list[Thing]]:
    """The things in groups: two that are the same are in one, by trying every pair."""
    found: list[list[Thing]] = []
    for thing in things:
        joined = [group for group in found if any(same(thing, other) for other in group)]
        found = [group for group in found if not any(group is other for other in joined)]
        found.append([thing, *(other for group in joined for other in group)])
    return found


def one_to_one(component: Group) -> list[Group]:
    """The plays of connected rows: rows of one file are different ones, between files the larger number holds.

    The file with most rows, then the newest, then the one of smaller contents gives the plays, in the order of their
    contents. Each other file's rows go to plays of equal content, else URI, else names, else what is left.
    """
    of_file: dict[int, Group] = defaultdict(list)
    for seen in sorted(component, key=lambda seen: seen.content):
        of_file[seen.file].append(seen)
    files = sorted(
        of_file.values(), key=lambda rows: (-len(rows), -rows[0].generation, [seen.content for seen in rows])
    )
    plays: list[Group] = [[seen] for seen in files[0]]
    for rows in files[1:]:
        left, free = list(rows), list(range(len(plays)))
        given: list[tuple[int, Seen]] = []
        for alike in (_equal_content, _equal_uri, _equal_names, _whatever):
            for seen in list(left):
                fitting = [number for number in free if any(alike(seen, other) for other in plays[number])]
                if fitting:
                    given.append((fitting[0], seen))
                    free.remove(fitting[0])
                    left.remove(seen)
        for number, seen in given:
            plays[number].append(seen)
    return plays


def _equal_content(a: Seen, b: Seen) -> bool:
    return a.row == b.row


def _equal_uri(a: Seen, b: Seen) -> bool:
    return a.row.item.uri is not None and a.row.item.uri == b.row.item.uri


def _equal_names(a: Seen, b: Seen) -> bool:
    return names(a.row) == names(b.row)


def _whatever(_: Seen, __: Seen) -> bool:
    return True


def extended_plays(rows: list[Seen]) -> list[Group]:
    """The plays of extended history."""
    extended = [seen for seen in rows if seen.row.context.source == "extended"]
    return [play for component in connected(extended, same_extended) for play in one_to_one(component)]


def may_be(weak: Group, strong: Group) -> bool:
    """Whether a play of account data and an extended one share minute, names and ms."""
    return any(same_across(a, b) for a in weak for b in strong)


def clusters(rows: list[Seen], extended: list[Group]) -> list[Cluster]:
    """The plays of account data, with the extended ones of each group.

    Account rows are connected by themselves, or through extended plays that bear the names of both.
    """
    account: list[Group] = [[seen] for seen in rows if seen.row.context.source == "account"]

    def meet(one: Group, other: Group) -> bool:
        both_extended = one[0].strength == other[0].strength == _STRENGTH["extended"]
        return not both_extended and may_be(one, other)

    found = []
    for group in connected([*account, *extended], meet):
        weak = [seen for part in group for seen in part if seen.row.context.source == "account"]
        if weak:
            strong = [part for part in group if part[0].row.context.source == "extended"]
            found.append(Cluster(one_to_one(weak), strong))
    return found


def most_pairs(cluster: Cluster) -> int:
    """How many plays of account data can be extended plays, one to one: every way is tried."""

    @cache
    def most(number: int, taken: frozenset[int]) -> int:
        if number == len(cluster.weak):
            return 0
        fitting = [
            strong
            for strong in range(len(cluster.strong))
            if strong not in taken and may_be(cluster.weak[number], cluster.strong[strong])
        ]
        return max([most(number + 1, taken), *(1 + most(number + 1, taken | {strong}) for strong in fitting)])

    return most(0, frozenset())


def told(rows: list[Seen]) -> list[Group]:
    """The plays that the API told of: of one track, and by a chain of times with no gap above two seconds."""
    reports = [seen for seen in rows if seen.row.context.source == "api"]
    return connected(
        reports, lambda a, b: a.row.item.uri == b.row.item.uri and abs(a.row.end_ms - b.row.end_ms) <= 2_000
    )


def earliest(group: Group) -> Row:
    """Of what the API told of a play, what came first."""
    return min(group, key=lambda seen: (seen.row.end_ms, seen.content)).row


def may_be_extended(report: Group, strong: Group) -> bool:
    """Whether a play of the API's and an extended one are of one track and end within five seconds."""
    one = earliest(report)
    rows = [seen.row for seen in strong if seen.row.context.source == "extended"]
    uris = {row.item.uri for row in rows}
    same = one.item.uri in uris or (
        uris == {None} and any((row.item.name, row.item.artist) == (one.item.name, one.item.artist) for row in rows)
    )
    return same and abs(rows[0].end - one.end_ms // 1000) <= 5


def may_be_account(report: Group, weak: Group) -> bool:
    """Whether a play of the API's and one of account data have the same names, and minute but for two seconds."""
    one = earliest(report)
    return any(
        seen.row.context.source == "account"  # a report that was joined to it stands for nothing
        and names(seen.row) is not None
        and (seen.row.item.name, seen.row.item.artist) == (one.item.name, one.item.artist)
        and -2_000 <= one.end_ms - seen.row.end * 1000 < 62_000
        for seen in weak
    )


def most_matched(left: list[Group], right: list[Group], may: Callable[[Group, Group], bool]) -> int:
    """How many of one side can be of the other, one to one: every way is tried."""

    @cache
    def most(number: int, taken: frozenset[int]) -> int:
        if number == len(left):
            return 0
        fitting = [place for place in range(len(right)) if place not in taken and may(left[number], right[place])]
        return max([most(number + 1, taken), *(1 + most(number + 1, taken | {place}) for place in fitting)])

    return most(0, frozenset())


def in_order(seen: Seen) -> tuple[int, int, int, int]:
    """The least wins: extended > account > API, of the API's the earliest, then the newer generation, then the smaller
    content."""
    earliest = seen.row.end_ms if seen.row.context.source == "api" else 0
    return -seen.strength, earliest, -seen.generation, seen.content


def start_of(row: Row) -> int:
    """`end - ms`, unless the client clock lies 5 s to 31 days before that; then the client clock. Milliseconds."""
    start = row.end * 1000 - row.ms
    told = row.clock != 0 and 5_000 <= start - row.clock <= 31 * _DAY_MS
    return row.clock if told else start


def rows_of(group: Group) -> tuple[tuple[int, int], ...]:
    """File and content of each row."""
    return tuple(sorted((seen.file, seen.content) for seen in group))


def listened(row: Row, ends: list[int]) -> int:
    """How long was listened; as the API told: since the last end before, at least half a minute or all of it."""
    if row.context.source != "api":
        return row.ms
    before = [end for end in ends if end < row.end_ms]
    return max(min(row.ms, row.end_ms - max(before)), min(row.ms, 30_000)) if before else row.ms


def described(groups: list[Group]) -> list[Play]:
    """The plays of these rows, in the order of keys. Which of two with equal winners comes first, no rule says."""
    winners = [min(group, key=in_order) for group in groups]
    ends = [winner.row.end_ms for winner in winners]
    in_order_of_keys = []
    for group, winner in zip(groups, winners, strict=True):
        ms = listened(winner.row, ends)
        in_order_of_keys.append((winner.row.end_ms, ms, winner.content, rows_of(group), winner.row, group))
    in_order_of_keys.sort(key=lambda entry: entry[:4])
    counted: Counter[tuple[int, int]] = Counter()
    plays = []
    for end, ms, _, rows, winner_row, group in in_order_of_keys:
        others = frozenset(seen.row for seen in group) - {winner_row}
        start = end - ms if winner_row.context.source == "api" else start_of(winner_row)
        second = end // 1000
        plays.append(Play(end, ms, counted[second, ms], start, winner_row, others, rows))
        counted[second, ms] += 1
    return plays


def states(groups: list[Group], arriving: set[int]) -> dict[Seen, State]:
    """What the rows of the arriving files end as, given which rows are one play.

    Of the arriving rows of a play the one that would win brings it, of equal ones the first.
    """
    became: dict[Seen, State] = {}
    for group in groups:
        known = [seen.strength for seen in group if seen.file not in arriving]
        new = sorted((seen for seen in group if seen.file in arriving), key=lambda s: (*in_order(s), s.file, s.place))
        strongest = max(seen.strength for seen in group)
        for seen in new:
            if seen.strength < strongest:
                became[seen] = "superseded"
            elif seen is new[0] and not known:
                became[seen] = "stored" if names(seen.row) else "unidentified"
            elif seen is new[0] and seen.strength > max(known):
                became[seen] = "superseding"
            else:
                became[seen] = "duplicate"
    return became
