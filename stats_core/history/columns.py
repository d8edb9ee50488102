"""Columns: a listener's plays as parallel arrays in memory, out of the tables of their months."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from stats_core.documents.imports import SavedItem
from stats_core.documents.listeners import Covered
from stats_core.documents.plays import Play
from stats_core.documents.words import KINDS
from stats_core.history.by_entry import ByEntry, by_entry
from stats_core.history.catalogue import Catalogue
from stats_core.history.entries import Entries
from stats_core.history.items import Item
from stats_core.history.lengths import Lengths, lengths_of
from stats_core.history.names import Names, names_of
from stats_core.history.naming import Naming
from stats_core.history.recordings import recordings_of
from stats_core.history.tables import NUMBERS, SOURCE_CODES, TEXTS, Table, table_of

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Small = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]
TextCodes = npt.NDArray[np.uint8] | npt.NDArray[np.uint16] | npt.NDArray[np.int32]

NO_CATALOGUE: Final = Catalogue()

_decode_items = msgspec.json.Decoder(list[Item])


@dataclass(frozen=True, eq=False)
class History:
    """A listener's plays as parallel arrays of one length, in the order of (start, key).

    The types are as narrow as the values allow: a service keeps many of these in memory.
    """

    item: Codes
    """Position in `items`."""
    start: Ints
    """ms since 1970 UTC."""
    span: npt.NDArray[np.uint32]
    """ms from the start to the end: 32 days at most, for a player's clock may lie 31 days before."""
    ms: Codes
    n: npt.NDArray[np.int16] | Codes
    """The last part of the play's key."""
    source: Small
    """Position in SOURCES."""
    also: Small
    """A bit for each of SOURCES that tell of the play, too: `1 << position`."""
    video: Flags
    shuffle: Small
    """0 false, 1 true, 2 (UNKNOWN) not told; as `skipped`, `offline`, `private`."""
    skipped: Small
    offline: Small
    private: Small
    platform: TextCodes
    """Position in `platforms`; as `country`, `reason_start`, `reason_end` in theirs."""
    country: TextCodes
    reason_start: TextCodes
    reason_end: TextCodes
    items: Sequence[Item]
    platforms: Sequence[str | None]
    countries: Sequence[str | None]
    reason_starts: Sequence[str | None]
    reason_ends: Sequence[str | None]
    saved: Sequence[SavedItem]
    catalogue: Catalogue
    coverage: Sequence[Covered]

    def __len__(self) -> int:
        return len(self.start)

    @property
    def end(self) -> Ints:
        """ms since 1970 UTC, made anew each time; of a few plays take `start + span`."""
        return self.start + self.span

    @cached_property
    def has_estimates(self) -> bool:
        """Whether there are plays that only the Web API told of."""
        return bool((self.source == SOURCE_CODES["api"]).any())

    @cached_property
    def kind_of_item(self) -> Small:
        """Position in KINDS of each item."""
        code = {name: number for number, name in enumerate(KINDS)}
        return np.fromiter((code[item.kind] for item in self.items), np.int8, len(self.items))

    @cached_property
    def kind(self) -> Small:
        """Position in KINDS of each play's item: to look it up in every question takes 3 ms at 1,000,000 plays."""
        return self.kind_of_item.take(self.item)

    @cached_property
    def titles(self) -> Entries:
        """What was played, as a listener would count it: tracks (a track is its URI), episodes and chapters."""
        return self._naming.titles()

    @cached_property
    def tracks(self) -> Entries:
        """The titles that are tracks; positions are those of `titles`."""
        return self.titles.only("track")

    @cached_property
    def recordings(self) -> Entries:
        """Tracks that are one recording, published more than once."""
        return recordings_of(self.tracks, self.primary_artists, self.lengths, self.item, self.catalogue)

    @cached_property
    def artists(self) -> Entries:
        """The artists of tracks; a track may credit several."""
        return self._naming.artists()

    @cached_property
    def primary_artists(self) -> Entries:
        """The first artist of each track."""
        return self._naming.primary_artists()

    @cached_property
    def albums(self) -> Entries:
        """The albums of tracks."""
        return self._naming.albums()

    @cached_property
    def shows(self) -> Entries:
        """The shows of episodes."""
        return self._naming.shows()

    @cached_property
    def audiobooks(self) -> Entries:
        """The audiobooks of chapters."""
        return self._naming.audiobooks()

    @cached_property
    def names(self) -> Names:
        """What all of these are called, for whoever looks for it: titles, artists, albums, shows, audiobooks."""
        return names_of((self.titles, self.artists, self.albums, self.shows, self.audiobooks))

    @cached_property
    def lengths(self) -> Lengths:
        """How long each title is."""
        done = self.reason_ends.index("trackdone") if "trackdone" in self.reason_ends else None
        finished = np.empty(0, np.int64) if done is None else np.flatnonzero(self.reason_end == done)
        return lengths_of(self.titles, self.item[finished], self.ms[finished], self.catalogue)

    @cached_property
    def by_title(self) -> ByEntry:
        """The plays in the order of their titles."""
        return by_entry(self.titles, self.item)

    @cached_property
    def by_artist(self) -> ByEntry:
        """The plays in the order of the artists they credit."""
        return by_entry(self.artists, self.item)

    @cached_property
    def by_album(self) -> ByEntry:
        """The plays in the order of their albums."""
        return by_entry(self.albums, self.item)

    @cached_property
    def _naming(self) -> Naming:
        return Naming(self.items, self.item, self.saved, self.catalogue)

    @cached_property
    def nbytes(self) -> int:
        """Bytes of the arrays and a fair guess at the items and their names, for a reader's budget."""
        arrays = sum(value.nbytes for value in vars(self).values() if isinstance(value, np.ndarray))
        # Besides, the plays in three orders of four bytes each.
        return arrays + 13 * len(self) + 950 * len(self.items)


def history_of(
    tables: Iterable[Table],
    saved: Sequence[SavedItem] = (),
    catalogue: Catalogue = NO_CATALOGUE,
    coverage: Sequence[Covered] = (),
) -> History:
    """One history out of its months' tables, in whatever order they come; each is looked at and let go of."""
    parts: dict[str, list[npt.NDArray[np.integer[Any]]]] = {
        **{name: [np.empty(0, width)] for name, width in NUMBERS.items()},
        **{name: [np.empty(0, np.int32)] for name in TEXTS},
    }
    texts: dict[str, dict[str | None, int]] = {name: {} for name in TEXTS}
    for table in tables:
        for name in NUMBERS:
            parts[name].append(table.columns[name])
        for name, code_of in texts.items():
            codes = np.array([code_of.setdefault(text, len(code_of)) for text in table.texts[name]], np.int32)
            parts[name].append(codes.take(table.columns[name]))
    columns: dict[str, Any] = {name: np.concatenate(parts.pop(name)) for name in list(parts)}
    order = _order(columns["start"], columns["span"], columns["ms"], columns["n"])
    if order is not None:
        columns = {name: column[order] for name, column in columns.items()}
    columns["video"] = columns["video"] == 1
    if columns["n"].max(initial=0) <= np.iinfo(np.int16).max:
        columns["n"] = columns["n"].astype(np.int16)
    stands_for: dict[str, Any] = {plural: list(texts[name]) for name, plural in TEXTS.items()}
    for name, plural in TEXTS.items():
        if name != "item":
            columns[name] = narrowed(columns[name], len(stands_for[plural]))
    del texts
    stands_for["items"] = _items_of(stands_for["items"])
    return History(**columns, **stands_for, saved=saved, catalogue=catalogue, coverage=coverage)


def renewed(history: History, catalogue: Catalogue, coverage: Sequence[Covered]) -> History:
    """The same plays, named by what the catalogue says now and covered by what is known now; itself if both are."""
    if history.catalogue is catalogue and list(history.coverage) == list(coverage):
        return history
    return replace(history, catalogue=catalogue, coverage=coverage)


def _items_of(texts: Sequence[str]) -> list[Item]:
    """The items of their canonical JSON. A name is kept once, however many bear it: 3 MB less of 18,000 items."""
    kept: dict[str | None, str | None] = {}
    once = kept.setdefault
    return [
        Item(
            item.kind, item.uri, item.name, once(item.artist, item.artist), once(item.album, item.album),
            once(item.show, item.show), once(item.audiobook, item.audiobook),
            once(item.audiobook_uri, item.audiobook_uri), once(item.author, item.author),
        )
        for item in _decode_items.decode("[" + ",".join(texts) + "]")
    ]  # fmt: skip


def narrowed(codes: Codes, texts: int) -> TextCodes:
    """The codes of so many texts, in one byte each where those are few enough."""
    if texts <= 1 << 8:
        return codes.astype(np.uint8)
    return codes.astype(np.uint16) if texts <= 1 << 16 else codes


def _order(*columns: Ints) -> npt.NDArray[np.intp] | None:
    """What puts the rows in the order of these columns; None: months read in turn are in it already."""
    undecided = np.ones(max(0, len(columns[0]) - 1), bool)
    for column in columns:
        earlier, later = column[:-1], column[1:]
        if (undecided & (earlier > later)).any():
            return np.lexsort(columns[::-1])
        undecided &= earlier == later
    return None


def history_of_plays(
    plays: Iterable[Play],
    saved: Sequence[SavedItem] = (),
    catalogue: Catalogue = NO_CATALOGUE,
    coverage: Sequence[Covered] = (),
) -> History:
    """The history of plays at hand."""
    return history_of([table_of(plays)], saved, catalogue, coverage)
