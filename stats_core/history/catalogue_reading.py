"""Reading the catalogue: one copy a process, of which only what changed is read again."""

import threading
from typing import TypeVar

from stats_core.documents.catalogue import Album, Artist, Track
from stats_core.history.catalogue import Catalogue
from stats_core.history.present import Lookout
from stats_core.store import collections
from stats_core.store.port import Collection, Query, Range, Store

D = TypeVar("D", Track, Album, Artist)


class CatalogueReader:
    """The catalogue as last written. Safe between threads; an answered catalogue never changes."""

    def __init__(self, store: Store, lookout: Lookout) -> None:
        self._store = store
        self._lookout = lookout
        self._lock = threading.Lock()
        self._known = Catalogue()

    def read(self) -> Catalogue:
        """The catalogue at its present revision: what was written at later ones than known is read."""
        with self._lock:
            revision = self._lookout.look().revision("catalogue")
            if revision != self._known.revision:
                known, since = self._known, self._known.revision
                if revision < since:  # the store was put back to an earlier state
                    known, since = Catalogue(), 0
                # Those being written at the next one too: what was known of them before is gone by now.
                span = Range("revision", since + 1)
                self._known = Catalogue(
                    revision,
                    known.tracks | self._changed(collections.tracks, span),
                    known.albums | self._changed(collections.albums, span),
                    known.artists | self._changed(collections.artists, span),
                )
            return self._known

    def _changed(self, collection: Collection[D], span: Range) -> dict[str, D]:
        return {document.id: document for document in self._store.find(collection, Query(range=span))}
