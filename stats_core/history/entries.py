"""Entries: what a top can hold, and which items belong to each; decided when columns are loaded, never stored."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt

Kinds = Literal["track", "episode", "chapter", "artist", "album", "show", "audiobook"]
Codes = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

NONE: Final = -1
"""The code of an item that is in no entry."""
_SIDES: Final = (bisect_left, bisect_right)
_SPOTIFY: Final = "https://open.spotify.com"


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What was played, or whom or what it is by or from; named as in the latest play, or as the catalogue does."""

    kind: Kinds
    id: str
    name: str | None
    artist: str | None = None
    album: str | None = None

    @property
    def url(self) -> str | None:
        """Where Spotify shows it; None where it has no id of Spotify's."""
        return None if self.id.startswith("~") else f"{_SPOTIFY}/{self.kind}/{self.id}"


@dataclass(frozen=True, eq=False)
class Entries:
    """The entries of a history and the items of each: `item` and `entry` are parallel, in the order of the items."""

    entries: Sequence[Entry]
    item: Codes
    """Positions in the history's items; one that credits several artists is there several times."""
    entry: Codes
    """Positions in `entries`."""
    of_item: Codes
    """Position in `entries` of each item of the history, of the first where it has several; NONE where it has none."""
    shown: Codes
    """The item that each entry is named after: the one played last, if it has a name."""
    provisional: Flags
    """Of each entry: some plays belong to it by the export's word alone."""
    ambiguous: Flags
    """Of each entry: several of the catalogue bear its name, so it stays apart from them."""
    old_keys: Callable[[str], Collection[int]]
    """The entries that an id of before leads to by now."""

    def __len__(self) -> int:
        return len(self.entries)

    @cached_property
    def by_id(self) -> Codes:
        """The entries that have items, in the order of their ids."""
        of_items = np.flatnonzero(np.bincount(self.entry, minlength=len(self.entries))).tolist()
        return np.array(sorted(of_items, key=lambda code: self.entries[code].id), np.int32)

    @cached_property
    def place_by_id(self) -> Codes:
        """Each entry's place in the order of ids: what decides between equals."""
        places = np.zeros(len(self.entries), np.int32)
        places[self.by_id] = np.arange(len(self.by_id), dtype=np.int32)
        return places

    def positions(self, identity: str) -> list[int]:
        """The entries that an id names (a track and an episode may bear the same), or the one it led to since."""
        low, high = (side(self.by_id, identity, key=lambda code: self.entries[code].id) for side in _SIDES)
        if low < high:
            found: list[int] = self.by_id[low:high].tolist()
            return found
        led_to = self.old_keys(identity)
        return list(led_to) if len(led_to) == 1 else []

    def position(self, identity: str) -> int | None:
        """The one entry with items that an id names or leads to; None: there is none, or no longer one alone."""
        found = [code for code in self.positions(identity) if len(self.items_of(code))]
        return found[0] if len(found) == 1 else None

    @cached_property
    def is_single(self) -> bool:
        """Every item belongs to one entry at most."""
        return len(self.item) == int((self.of_item != NONE).sum())

    def of_plays(self, item: Codes) -> tuple[npt.NDArray[np.intp], Codes]:
        """Numbers of plays, given by their items, and the entry each belongs to: once for every entry, in order."""
        if self.is_single:
            entry = self.of_item[item]
            plays = np.flatnonzero(entry != NONE)
            return plays, entry[plays]
        begin = np.searchsorted(self.item, np.arange(len(self.of_item)))
        counts = np.bincount(self.item, minlength=len(self.of_item))
        times, ends = counts[item], np.cumsum(counts[item])
        plays = np.repeat(np.arange(len(item)), times)
        within = np.arange(len(plays)) - np.repeat(ends - times, times)
        return plays, self.entry[begin[item][plays] + within]

    def further_of_plays(self, item: Codes) -> tuple[npt.NDArray[np.intp], Codes]:
        """Numbers of plays, given by their items, and each further entry of theirs: all but the first, `of_item`."""
        counts = np.bincount(self.item, minlength=len(self.of_item))
        begin = np.searchsorted(self.item, np.arange(len(self.of_item)))
        found, entries = [np.empty(0, np.intp)], [np.empty(0, np.int32)]
        numbers = None
        for further in range(1, int(counts.max(initial=0))):
            more = np.flatnonzero((counts > further).take(item if numbers is None else item[numbers]))
            numbers = more if numbers is None else numbers[more]
            found.append(numbers)
            entries.append(self.entry[begin.take(item[numbers]) + further])
        return np.concatenate(found), np.concatenate(entries)

    def items_of(self, position: int) -> Codes:
        """The items of one entry."""
        items: Codes = self.item[self.entry == position]
        return items

    def only(self, kind: Kinds) -> "Entries":
        """Those of one kind: the others have no items any more."""
        # One more, at which NONE points: it is of no kind.
        of_kind = np.array([*(entry.kind == kind for entry in self.entries), False])
        kept = of_kind[self.entry]
        of_item = np.where(of_kind[self.of_item], self.of_item, np.int32(NONE))
        return replace(self, item=self.item[kept], entry=self.entry[kept], of_item=of_item)
