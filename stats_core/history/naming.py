"""Naming: what, and whom, the items of a history are, as its own names and the catalogue tell.

A track is its URI, an artist their catalogue id, as far as known; until then exact names give each a key, and an old
key keeps leading to what it has become.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from stats_core.documents.imports import SavedItem
from stats_core.documents.words import Kind
from stats_core.history.catalogue import Catalogue, all_names, folded, is_various
from stats_core.history.entries import NONE, Codes, Entries, Entry, Flags
from stats_core.history.items import Item, name_key, uri_id
from stats_core.history.old_keys import OldKeys

Names = tuple[Kind, str | None, str | None]
"""Kind, name, and artist or show."""
OldNames = tuple[str | None, ...]
"""What the key of an entry was made of before more was known."""


class Naming:
    """Names the items of one history. `played` are the item codes of its plays, in order of start."""

    def __init__(self, items: Sequence[Item], played: Codes, saved: Sequence[SavedItem], catalogue: Catalogue) -> None:
        self._items = items
        self._saved = saved
        self._catalogue = catalogue
        self._plays = np.bincount(played, minlength=len(items)).astype(np.int32)
        self._latest = np.full(len(items), -1, np.int64)
        self._latest[played] = np.arange(len(played))
        uris = self._known_uris(_named(item for item in items if item.uri is None))
        self._played_ids = [_played_id(item, uris) for item in items]
        """Of each item: the id of the track, episode or chapter it is."""

    def titles(self) -> Entries:
        """Tracks, episodes and chapters."""
        ids = {identity: identity for identity in self._played_ids}

        def shown(item: Item, key: str) -> Entry:
            identity = ids[key.partition(" ")[2]]
            own = item.name, item.by, item.album
            if item.kind == "track" and None in own:
                # The catalogue fills in what plays leave open.
                known = self._catalogue.names(identity)
                own = (own[0] or known[0], own[1] or known[1], own[2] or known[2])
            return Entry(item.kind, identity, *own)  # type: ignore[arg-type]

        titles = self._entries(
            # A track and an episode may bear the same id.
            [
                (f"{item.kind} {identity}",) if identity else ()
                for item, identity in zip(self._items, self._played_ids, strict=True)
            ],
            shown,
            named=lambda item: item.name is not None,
        )
        return replace(titles, old_keys=OldKeys(lambda: self._title_keys(titles.entries)))

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
            if known is None:
                return Entry("album", identity, item.album, item.artist)
            return Entry("album", identity, known.name, all_names(known.artists) or item.artist)

        return self._entries(
            [self._album_ids(item, track) for item, track in zip(self._items, self._played_ids, strict=True)],
            shown,
            old_names=_album_names,
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
            old_names=lambda item: None if item.audiobook is None else (item.audiobook,),
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
            old_names=_artist_names,
            is_heir=_bears_the_name,
            provisional=provisional,
            ambiguous=ambiguous,
        )

    def _artist_by_name(self, item: Item) -> tuple[str, ...]:
        """The one of the catalogue who bears the album artist's name, else a key of the name."""
        if item.kind != "track" or item.artist is None or is_various(item.artist):
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
        old_names: Callable[[Item], OldNames | None] = lambda _: None,
        is_heir: Callable[[Entry, OldNames], bool] = lambda entry, names: True,
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

        def led() -> Iterator[tuple[str, int]]:
            named_so = {
                (names, code)
                for position, code in zip(*(pair.tolist() for pair in pairs), strict=True)
                if (names := old_names(self._items[position])) is not None
            }
            for names, code in named_so:
                if is_heir(entries[code], names):
                    yield name_key(entries[code].kind, *names), code

        return Entries(
            entries,
            *pairs,
            of_item,
            np.fromiter((at for _, at in latest), np.int32, len(latest)),
            _flags_of(code_of, provisional),
            _flags_of(code_of, ambiguous),
            OldKeys(led),
        )

    def _known_uris(self, wanted: Collection[Names]) -> dict[Names, str]:
        """The URI that a play of these names takes: the most played one, then the smallest."""
        if not wanted:
            return {}
        plays_of: dict[str, int] = {}
        for item, count in zip(self._items, self._plays.tolist(), strict=True):
            if item.uri is not None:
                plays_of[item.uri] = plays_of.get(item.uri, 0) + count
        best: dict[Names, tuple[int, str]] = {}
        for names, uri in self._uris():
            if names in wanted:
                rank = (-plays_of.get(uri, 0), uri)
                if names not in best or rank < best[names]:
                    best[names] = rank
        return {names: uri for names, (_, uri) in best.items()}

    def _uris(self) -> Iterator[tuple[Names, str]]:
        """The names that plays and the library give to URIs."""
        for item in self._items:
            if item.uri is not None:
                yield _names_of(item), item.uri
        for entry in self._saved:
            kind: Kind = "episode" if entry.uri.startswith("spotify:episode:") else "track"
            yield (kind, entry.name, entry.by), entry.uri

    def _title_keys(self, titles: Sequence[Entry]) -> Iterator[tuple[str, int]]:
        """Each key of names, and the title that a play of these names counts for."""
        code_of: dict[tuple[str, str], int] = {(title.kind, title.id): code for code, title in enumerate(titles)}
        for (kind, name, by), uri in self._known_uris(_named(self._items)).items():
            code = code_of.get((kind, uri_id(uri)))
            if code is not None:
                yield name_key(kind, by, name), code


def _named(items: Iterable[Item]) -> set[Names]:
    """The names of items; what has none may be anything."""
    return {_names_of(item) for item in items if item.name is not None}


def _names_of(item: Item) -> Names:
    return item.kind, item.name, item.by


def _played_id(item: Item, uris: dict[Names, str]) -> str | None:
    if item.kind == "unknown":
        return None
    uri = item.uri or uris.get(_names_of(item))
    return uri_id(uri) if uri else name_key(item.kind, item.by, item.name)


def _artist_names(item: Item) -> OldNames | None:
    return (item.artist,) if _is_named(item, "track", item.artist) else None


def _album_names(item: Item) -> OldNames | None:
    return (item.artist, item.album) if _is_named(item, "track", item.album) else None


def _audiobook_ids(item: Item) -> tuple[str, ...]:
    if item.kind != "chapter":
        return ()
    if item.audiobook_uri:
        return (uri_id(item.audiobook_uri),)
    return (name_key("audiobook", item.audiobook),) if item.audiobook is not None else ()


def _is_named(item: Item, kind: Kind, name: str | None) -> bool:
    return item.kind == kind and name is not None


def _bears_the_name(artist: Entry, names: OldNames) -> bool:
    """Of several credited artists a key leads to the one of its name."""
    return artist.name is not None and names[0] is not None and folded(artist.name) == folded(names[0])


def _flags_of(code_of: dict[str, int], flagged: Iterable[str]) -> Flags:
    flags = np.zeros(len(code_of), np.bool_)
    for identity in flagged:
        if identity in code_of:
            flags[code_of[identity]] = True
    return flags
