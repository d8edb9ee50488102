"""Writing the catalogue: what is known of tracks, albums and artists, and then the revision that tells readers so."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final, TypeVar

import msgspec

from stats_core.documents.catalogue import Album, Artist, Track
from stats_core.documents.upkeep import Lease
from stats_core.history.marks import mark_everything
from stats_core.store import collections
from stats_core.store.leases import Held, lease
from stats_core.store.port import Collection, Store
from stats_core.store.revisions import raise_revision, revisions

D = TypeVar("D", Track, Album, Artist)

_WRITTEN_AT_ONCE: Final = 5_000


def write_catalogue(
    store: Store,
    tracks: Sequence[Track] = (),
    albums: Sequence[Album] = (),
    artists: Sequence[Artist] = (),
    *,
    waiting: Callable[[Lease], None] | None = None,
) -> int:
    """Write these documents at the next revision, whatever revision they bear, and raise the catalogue's to it.

    Answers the catalogue's revision; without documents nothing is written. Whoever is stopped before the revision is
    raised has told nobody: the next to write uses the same one. Every listener's months are marked, since totals and
    tops follow names: before the first document, for a stop, and after the revision, for who counted meanwhile.
    """
    with catalogue_lease(store, waiting) as held:
        return write_held(store, held, tracks, albums, artists)


def catalogue_lease(store: Store, waiting: Callable[[Lease], None] | None = None) -> AbstractContextManager[Held]:
    """What whoever writes the catalogue holds: so revisions are written, and raised, one after the other, and nobody
    overwrites what another has just learnt."""
    return lease(store, "catalogue", purpose="writing the catalogue", waiting=waiting)


def write_held(
    store: Store, held: Held, tracks: Sequence[Track], albums: Sequence[Album], artists: Sequence[Artist]
) -> int:
    """`write_catalogue`, for who holds the lease already."""
    revision = revisions(store).get("catalogue", 0)
    if not (tracks or albums or artists):
        return revision
    _mark_everybody(store)
    _write(store, held, collections.artists, artists, revision + 1)
    _write(store, held, collections.albums, albums, revision + 1)
    _write(store, held, collections.tracks, tracks, revision + 1)
    held.renew()
    revision = raise_revision(store, "catalogue")
    _mark_everybody(store)
    return revision


def _write(store: Store, held: Held, collection: Collection[D], documents: Sequence[D], revision: int) -> None:
    for at in range(0, len(documents), _WRITTEN_AT_ONCE):
        held.renew()
        batch = documents[at : at + _WRITTEN_AT_ONCE]
        store.put(collection, [msgspec.structs.replace(document, revision=revision) for document in batch])


def _mark_everybody(store: Store) -> None:
    for listener in list(store.find(collections.listeners)):
        mark_everything(store, listener.id)
