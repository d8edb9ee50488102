"""The harvest: what plays, tops and libraries tell of tracks, albums and artists besides, at no further request."""

from collections.abc import Iterator
from typing import TypeVar

from stats_core.documents.catalogue import Album, Artist, Track
from stats_core.history.catalogue_writing import catalogue_lease, write_held
from stats_core.spotify.objects import Found, merged
from stats_core.store import collections
from stats_core.store.port import Collection, Query, Store

D = TypeVar("D", Track, Album, Artist)

_News = tuple[list[Track], list[Album], list[Artist]]


def harvest(store: Store, found: Found) -> int:
    """Bring what was found into the catalogue; how many documents that changed. Without news nothing is written."""
    if _news(store, found) == ([], [], []):
        return 0
    with catalogue_lease(store) as held:
        # Once more: another may have told some of it meanwhile, or more.
        tracks, albums, artists = _news(store, found)
        write_held(store, held, tracks, albums, artists)
    return len(tracks) + len(albums) + len(artists)


def _news(store: Store, found: Found) -> _News:
    return (
        list(_changed(store, collections.tracks, found.tracks)),
        list(_changed(store, collections.albums, found.albums)),
        list(_changed(store, collections.artists, found.artists)),
    )


def _changed(store: Store, collection: Collection[D], found: dict[str, D]) -> Iterator[D]:
    known = {document.id: document for document in store.find(collection, Query(one_of={"_id": set(found)}))}
    for identity, document in found.items():
        before = known.get(identity)
        after = document if before is None else merged(before, document)
        if after != before:
            yield after
