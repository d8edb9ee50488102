"""The harvest: what plays, tops and libraries tell of tracks, albums and artists besides, at no further request."""

from collections.abc import Iterable
from typing import TypeVar

from stats_core.documents.catalogue import Album, Artist, Track
from stats_core.history.catalogue_writing import write_catalogue
from stats_core.spotify.objects import Found, merged
from stats_core.store import collections
from stats_core.store.port import Collection, Query, Store

D = TypeVar("D", Track, Album, Artist)


def harvest(store: Store, found: Found) -> int:
    """Bring what was found into the catalogue; how many documents that changed. Without news nothing is written."""
    tracks = list(_news(store, collections.tracks, found.tracks))
    albums = list(_news(store, collections.albums, found.albums))
    artists = list(_news(store, collections.artists, found.artists))
    if tracks or albums or artists:
        write_catalogue(store, tracks, albums, artists)
    return len(tracks) + len(albums) + len(artists)


def _news(store: Store, collection: Collection[D], found: dict[str, D]) -> Iterable[D]:
    known = {document.id: document for document in store.find(collection, Query(one_of={"_id": set(found)}))}
    for identity, document in found.items():
        before = known.get(identity)
        after = document if before is None else merged(before, document)
        if after != before:
            yield after
