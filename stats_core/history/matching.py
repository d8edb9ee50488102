"""Which row is which play where several of one kind meet: one to one, in canonical order, whatever the order of files.

The rare part of reconciling, in plain Python; groups of one play never come here.
"""

from collections import defaultdict
from typing import Final, NamedTuple

NONE: Final = -1
"""The code of no URI."""


class CrowdedRow(NamedTuple):
    """A row of a component that holds several plays."""

    fingerprint: int
    uri: int
    names: int
    file: int
    generation: int


def slots(rows: list[CrowdedRow]) -> list[int]:
    """Which of the component's plays each row is, counted from 0.

    The file with most rows (then the newest, then the one of smaller contents) gives the plays, in the order of their
    contents. Each other file's rows go one to one to plays of equal content, else URI, else names, else what is left.
    """
    of_file: dict[int, list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        of_file[row.file].append(position)
    alike: dict[tuple[int, int, tuple[int, ...]], list[list[int]]] = defaultdict(list)
    for positions in of_file.values():
        positions.sort(key=lambda position: rows[position][:3])
        contents = tuple(rows[position].fingerprint for position in positions)
        alike[-len(positions), -rows[positions[0]].generation, contents].append(positions)
    slot_of = [0] * len(rows)
    plays = _Plays()
    for _, files in sorted(alike.items()):
        chosen = plays.matched([rows[position] for position in files[0]])
        for positions in files:
            for position, slot in zip(positions, chosen, strict=True):
                slot_of[position] = slot
    return slot_of


class _Plays:
    """The plays of a component so far: what each was seen with, as content, URI and names."""

    def __init__(self) -> None:
        self._seen: list[tuple[set[int], set[int], set[int]]] = []

    def matched(self, rows: list[CrowdedRow]) -> list[int]:
        """One play for each row of a file, all different; new plays where they run out."""
        free = set(range(len(self._seen)))
        chosen: dict[int, int] = {}
        for what in range(3):
            self._match(what, rows, free, chosen)
        rest = sorted(free, reverse=True)
        for position, row in enumerate(rows):
            if position not in chosen:
                chosen[position] = rest.pop() if rest else self._new_play()
            for values, value in zip(self._seen[chosen[position]], row[:3], strict=True):
                values.add(value)
        return [chosen[position] for position in range(len(rows))]

    def _match(self, what: int, rows: list[CrowdedRow], free: set[int], chosen: dict[int, int]) -> None:
        places: dict[int, list[int]] = defaultdict(list)
        for slot in sorted(free, reverse=True):
            for value in self._seen[slot][what]:
                places[value].append(slot)
        for position, row in enumerate(rows):
            if position in chosen or row[what] == NONE:
                continue
            candidates = places.get(row[what], [])
            while candidates and candidates[-1] not in free:
                candidates.pop()
            if candidates:
                chosen[position] = candidates.pop()
                free.discard(chosen[position])

    def _new_play(self) -> int:
        self._seen.append((set(), set(), set()))
        return len(self._seen) - 1


def partners(ordered: list[int], weak: set[int], pairs_of: dict[int, set[int]]) -> dict[int, int]:
    """Weak play -> strong play, sharing names, one to one: a largest such pairing, filled in the given order."""
    strong_with: dict[int, list[int]] = defaultdict(list)
    for number in ordered:
        if number not in weak:
            for pair in pairs_of[number]:
                strong_with[pair].append(number)
    free_with = {pair: strong[::-1] for pair, strong in strong_with.items()}
    strong_plays = len(ordered) - len(weak)
    strong_of: dict[int, int] = {}
    weak_of: dict[int, int] = {}
    for start in (number for number in ordered if number in weak):
        if len(weak_of) == strong_plays:
            break
        strong = _first_free(sorted(pairs_of[start]), free_with, weak_of)
        if strong is not None:
            weak_of[strong], strong_of[start] = start, strong
        else:
            _make_room(start, pairs_of, strong_with, strong_of, weak_of)
    return strong_of


def _first_free(pairs: list[int], free_with: dict[int, list[int]], weak_of: dict[int, int]) -> int | None:
    """The first strong play with one of these names that has no partner; what is taken stays so, and is passed once."""
    for pair in pairs:
        free = free_with.get(pair, [])
        while free and free[-1] in weak_of:
            free.pop()
        if free:
            return free[-1]
    return None


def _make_room(
    start: int,
    pairs_of: dict[int, set[int]],
    strong_with: dict[int, list[int]],
    strong_of: dict[int, int],
    weak_of: dict[int, int],
) -> None:
    """Find a weak play its partner by moving others to theirs, breadth first; nothing changes where none can move."""
    came_from: dict[int, int] = {}
    queue = [start]
    for number in queue:
        for strong in (s for pair in sorted(pairs_of[number]) for s in strong_with[pair] if s not in came_from):
            came_from[strong] = number
            if strong not in weak_of:
                _shift(strong, came_from, strong_of, weak_of)
                return
            queue.append(weak_of[strong])


def _shift(free: int, came_from: dict[int, int], strong_of: dict[int, int], weak_of: dict[int, int]) -> None:
    """Give the free strong play to the weak one that found it, that one's earlier partner to whoever found that, ..."""
    given: int | None = free
    while given is not None:
        number = came_from[given]
        weak_of[given] = number
        earlier = strong_of.get(number)
        strong_of[number] = given
        given = earlier
