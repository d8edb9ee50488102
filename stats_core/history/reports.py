"""Reports: which entries of the Web API's recent plays are one play, and which play of an export each of them is.

The API tells a play's end to the millisecond, and may tell it again some milliseconds apart; an export tells the same
end cut to the second. Few rows are of the API: this is plain Python, and reads like the rules.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stats_core.history.catalogue import folded

TOLD_AGAIN_MS: Final = 2_000
"""Reports of one track are one play, in time order, where neighbours are no farther apart."""
NEAR_MS: Final = 5_000
"""How far the end of an export's row may be from a report's, cut to the second: measured at most 4.01 s."""
_REALLY_HEARD_MS: Final = 30_000
_SECOND_MS: Final = 1_000
_MINUTE_MS: Final = 60_000
_SLACK_MS: Final = 2_000


@dataclass(frozen=True)
class Report:
    """One entry of a page of recent plays."""

    row: int
    """Which row of the stretch it is."""
    end: int
    """ms since 1970."""
    track: int
    """Code of its URI."""
    content: int
    """Its fingerprint, which orders equals."""
    names: frozenset[tuple[str, str]]
    """Title and artist, folded, by album artist and by primary artist."""


@dataclass(frozen=True)
class Told:
    """A play that the API told of, perhaps more than once."""

    reports: list[Report]
    """In the order of (end, content)."""

    @property
    def end(self) -> int:
        """The earliest end it was told with."""
        return self.reports[0].end

    @property
    def second(self) -> int:
        """Its end, cut to the second as an export's `ts` is."""
        return self.end // _SECOND_MS * _SECOND_MS


@dataclass(frozen=True)
class Strong:
    """A play that an export told of."""

    number: int
    end: int
    ms: int
    contents: tuple[int, ...]
    """All that it was seen as, which orders equals."""


def told_of(reports: Iterable[Report]) -> list[Told]:
    """The plays of the reports, in the order of (end, content)."""
    by_track: dict[int, list[Report]] = defaultdict(list)
    for report in reports:
        by_track[report.track].append(report)
    plays = []
    for some in by_track.values():
        some.sort(key=lambda report: (report.end, report.content, report.row))
        last: Told | None = None
        for report in some:
            if last is not None and report.end - last.reports[-1].end <= TOLD_AGAIN_MS:
                last.reports.append(report)
            else:
                last = Told([report])
                plays.append(last)
    plays.sort(key=lambda play: (play.end, play.reports[0].content))
    return plays


def extended_partners(
    told: Sequence[Told], by_track: Mapping[int, Sequence[Strong]], by_names: Mapping[tuple[str, str], Sequence[Strong]]
) -> dict[int, int]:
    """Position in `told` -> number of the extended play it is; those that no row gives a URI are found by names.

    Of those within NEAR_MS one of 30 s and more first, then the nearest, then the smallest key; one to one.
    """
    wishes = []
    for play in told:
        same = {one.number: one for one in by_track.get(play.reports[0].track, ())}
        same |= _named(play, by_names)
        near = [one for one in same.values() if abs(one.end - play.second) <= NEAR_MS]
        near.sort(
            key=lambda one: (one.ms < _REALLY_HEARD_MS, abs(one.end - play.second), one.end, one.ms, one.contents)
        )
        wishes.append([one.number for one in near])
    return _paired(wishes)


def account_partners(told: Sequence[Told], by_names: Mapping[tuple[str, str], Sequence[Strong]]) -> dict[int, int]:
    """Position in `told` -> number of the account play it is; those by folded title and artist.

    Account data cut the end to the minute; several are taken in the order of time.
    """
    wishes = []
    for play in told:
        near = [
            one for one in _named(play, by_names).values() if -_SLACK_MS <= play.end - one.end < _MINUTE_MS + _SLACK_MS
        ]
        near.sort(key=lambda one: (one.end, one.ms, one.contents))
        wishes.append([one.number for one in near])
    return _paired(wishes)


def _named(play: Told, by_names: Mapping[tuple[str, str], Sequence[Strong]]) -> dict[int, Strong]:
    return {one.number: one for names in play.reports[0].names for one in by_names.get(names, ())}


def folded_names(title: str | None, *artists: str | None) -> frozenset[tuple[str, str]]:
    """What account data's names are compared with."""
    return frozenset((folded(title), folded(artist)) for artist in artists if title is not None and artist is not None)


def _paired(wishes: Sequence[Sequence[int]]) -> dict[int, int]:
    """One to one, as many as can be: in turn, each its dearest that is free, or one that another can do without."""
    holder: dict[int, int] = {}
    for position in range(len(wishes)):
        _seat(position, wishes, holder, set())
    return {position: number for number, position in holder.items()}


def _seat(position: int, wishes: Sequence[Sequence[int]], holder: dict[int, int], asked: set[int]) -> bool:
    for number in wishes[position]:
        if number not in holder:
            holder[number] = position
            return True
    for number in wishes[position]:
        if number not in asked:
            asked.add(number)
            if _seat(holder[number], wishes, holder, asked):
                holder[number] = position
                return True
    return False
