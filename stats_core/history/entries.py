"""Entries: what a top can hold, and which items belong to each; decided when columns are loaded, never stored.

A track is its URI, an artist their catalogue id, as far as known; until then exact names give each a key, and an old
key keeps leading to what it has become.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from stats_core.documents import Kind, SavedItem
from stats_core.history.catalogue import Catalogue, folded
from stats_core.history.items import VARIOUS_ARTISTS, Item, name_key, uri_id

Kinds = Literal["track", "episode", "chapter", "artist", "album", "show", "audiobook"]
Names = tuple[Kind, str | None, str | None]
"""Kind, name, and artist or show."""
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
    old_keys: Callable[[str], Iterator[int]]
    """The entries that a key of names leads to by now, each once for every item of those names."""

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
        led_to = set(self.old_keys(identity))
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


class Naming:
    """Names the items of one history. `played` are the item codes of its plays, in order of start."""

    def __init__(self, items: Sequence[Item], played: Codes, saved: Sequence[SavedItem], catalogue: Catalogue) -> None:
        self._items = items
        self._catalogue = catalogue
        self._latest = np.full(len(items), -1, np.int64)
        self._latest[played] = np.arange(len(played))
        uris = known_uris(items, played, saved)
        self._played_ids = [_played_id(item, uris) for item in items]
        """Of each item: the id of the track, episode or chapter it is."""

    def titles(self) -> Entries:
        """Tracks, episodes and chapters."""
        ids = {identity: identity for identity in self._played_ids}

        def shown(item: Item, key: str) -> Entry:
            identity = ids[key.partition(" ")[2]]
            return Entry(item.kind, identity, item.name, item.by, item.album)  # type: ignore[arg-type]

        return self._entries(
            # A track and an episode may bear the same id.
            [
                (f"{item.kind} {identity}",) if identity else ()
                for item, identity in zip(self._items, self._played_ids, strict=True)
            ],
            shown,
            old_key=lambda item: name_key(item.kind, item.by, item.name) if item.kind != "unknown" else None,
            named=lambda item: item.name is not None,
        )

    def artists(self) -> Entries:
        """The artists of tracks: those credited, once known; until then the album artist."""
        return self._artists(lambda credited: credited)

    def primary_artists(self) -> Entries:
        """The first artist of each track."""
        return self._artists(lambda credited: credited[:1])

    def albums(self) -> Entries:
        """The albums of tracks: by id once known, until then by name and album artist."""
        names = self._catalogue.albums

        def shown(item: Item, identity: str) -> Entry:
            known = names.get(identity)
            artist = ", ".join(credit.name for credit in known.artists) if known else item.artist
            return Entry("album", identity, known.name if known else item.album, artist)

        return self._entries(
            [self._album_ids(item, track) for item, track in zip(self._items, self._played_ids, strict=True)],
            shown,
            old_key=_album_key,
            named=lambda item: item.album is not None,
        )

    def shows(self) -> Entries:
        """The shows of episodes, by name."""
        return self._entries(
            [(name_key("show", item.show),) if _is_named(item, "episode", item.show) else () for item in self._items],
            lambda item, identity: Entry("show", identity, item.show),
        )

    def audiobooks(self) -> Entries:
        """The audiobooks of chapters: by URI, else by name."""
        return self._entries(
            [_audiobook_ids(item) for item in self._items],
            lambda item, identity: Entry("audiobook", identity, item.audiobook, item.author),
            old_key=lambda item: name_key("audiobook", item.audiobook) if item.audiobook else None,
            named=lambda item: item.audiobook is not None,
        )

    def _artists(self, chosen: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Entries:
        names = self._catalogue.artist_names
        provisional: set[str] = set()
        credited = []
        for item, track in zip(self._items, self._played_ids, strict=True):
            told = self._catalogue.credits(track) if item.kind == "track" else None
            if told is None:
                told = self._artist_by_name(item)
                provisional.update(told)
            credited.append(chosen(told))
        ambiguous = {
            name_key("artist", name)
            for name in {item.artist for item in self._items if item.artist is not None}
            if len(self._catalogue.artists_named.get(folded(name), ())) > 1
        }
        return self._entries(
            credited,
            lambda item, identity: Entry("artist", identity, names.get(identity, item.artist)),
            old_key=_artist_key,
            provisional=provisional,
            ambiguous=ambiguous,
        )

    def _artist_by_name(self, item: Item) -> tuple[str, ...]:
        """The one of the catalogue who bears the album artist's name, else a key of the name."""
        if item.kind != "track" or item.artist is None or item.artist == VARIOUS_ARTISTS:
            return ()
        bearers = self._catalogue.artists_named.get(folded(item.artist), ())
        return bearers if len(bearers) == 1 else (name_key("artist", item.artist),)

    def _album_ids(self, item: Item, track: str | None) -> tuple[str, ...]:
        if item.kind != "track":
            return ()
        known = self._catalogue.tracks.get(track) if track else None
        if known is not None and known.album is not None:
            return (known.album,)
        if item.album is None:
            return ()
        bearers = self._catalogue.albums_named.get((folded(item.artist or ""), folded(item.album)), ())
        return bearers if len(bearers) == 1 else (name_key("album", item.artist, item.album),)

    def _entries(
        self,
        ids: Sequence[tuple[str, ...]],
        shown: Callable[[Item, str], Entry],
        *,
        old_key: Callable[[Item], str | None] = lambda _: None,
        named: Callable[[Item], bool] = lambda _: True,
        provisional: Iterable[str] = (),
        ambiguous: Iterable[str] = (),
    ) -> Entries:
        """Entries of the ids that each item has; each is shown as the item played last that is `named` names it."""
        code_of: dict[str, int] = {}
        latest: list[tuple[tuple[bool, int], int]] = []
        of_item = np.full(len(ids), NONE, np.int32)
        items, codes = [], []
        for position, (identities, play) in enumerate(zip(ids, self._latest.tolist(), strict=True)):
            if not identities:
                continue
            rank = (named(self._items[position]), play)
            for identity in identities:
                code = code_of.setdefault(identity, len(latest))
                items.append(position)
                codes.append(code)
                if code == len(latest):
                    latest.append((rank, position))
                elif rank > latest[code][0]:
                    latest[code] = (rank, position)
            of_item[position] = code_of[identities[0]]
        entries = [shown(self._items[at], identity) for identity, (_, at) in zip(code_of, latest, strict=True)]
        pairs = np.array(items, np.int32), np.array(codes, np.int32)

        def led_to(key: str) -> Iterator[int]:
            for position, code in zip(*(pair.tolist() for pair in pairs), strict=True):
                if old_key(self._items[position]) == key and _is_heir(entries[code], self._items[position]):
                    yield code

        return Entries(
            entries,
            *pairs,
            of_item,
            np.fromiter((at for _, at in latest), np.int32, len(latest)),
            _flags_of(code_of, provisional),
            _flags_of(code_of, ambiguous),
            led_to,
        )


def known_uris(items: Sequence[Item], played: Codes, saved: Sequence[SavedItem] = ()) -> dict[Names, str]:
    """(kind, name, artist or show) -> the URI a play of these names takes: the most played, then the smallest."""
    wanted = {(item.kind, item.name, item.by) for item in items if item.uri is None and item.name is not None}
    if not wanted:
        return {}
    plays = np.bincount(played, minlength=len(items)).tolist()
    plays_of: dict[str, int] = {}
    candidates: dict[Names, set[str]] = {}
    for item, count in zip(items, plays, strict=True):
        if item.uri is not None:
            plays_of[item.uri] = plays_of.get(item.uri, 0) + count
            if (names := (item.kind, item.name, item.by)) in wanted:
                candidates.setdefault(names, set()).add(item.uri)
    for entry in saved:
        kind: Kind = "episode" if entry.uri.startswith("spotify:episode:") else "track"
        if (names := (kind, entry.name, entry.by)) in wanted:
            candidates.setdefault(names, set()).add(entry.uri)
    return {names: min(uris, key=lambda uri: (-plays_of.get(uri, 0), uri)) for names, uris in candidates.items()}


def _played_id(item: Item, uris: dict[Names, str]) -> str | None:
    if item.kind == "unknown":
        return None
    uri = item.uri or uris.get((item.kind, item.name, item.by))
    return uri_id(uri) if uri else name_key(item.kind, item.by, item.name)


def _artist_key(item: Item) -> str | None:
    return name_key("artist", item.artist) if _is_named(item, "track", item.artist) else None


def _album_key(item: Item) -> str | None:
    return name_key("album", item.artist, item.album) if _is_named(item, "track", item.album) else None


def _audiobook_ids(item: Item) -> tuple[str, ...]:
    if item.kind != "chapter":
        return ()
    if item.audiobook_uri:
        return (uri_id(item.audiobook_uri),)
    return (name_key("audiobook", item.audiobook),) if item.audiobook is not None else ()


def _is_named(item: Item, kind: Kind, name: str | None) -> bool:
    return item.kind == kind and name is not None


def _is_heir(entry: Entry, item: Item) -> bool:
    """Whether a key of the item's names leads to the entry: of several credited artists to the one of that name."""
    return entry.kind != "artist" or (
        entry.name is not None and item.artist is not None and folded(entry.name) == folded(item.artist)
    )


def _flags_of(code_of: dict[str, int], flagged: Iterable[str]) -> Flags:
    flags = np.zeros(len(code_of), np.bool_)
    for identity in flagged:
        if identity in code_of:
            flags[code_of[identity]] = True
    return flags
