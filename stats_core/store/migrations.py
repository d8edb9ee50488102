"""Migrations: what brings the documents of an older layout to the next. Each may be killed, or run twice at once."""

from typing import Final

from stats_core.clock import utc_now
from stats_core.documents.derived import Columns, Mark
from stats_core.documents.keys import AccessKey
from stats_core.documents.listeners import Listener
from stats_core.store.port import Collection, Index, Store


class KeyOfLayout1(AccessKey, kw_only=True, omit_defaults=True):
    """A key that opened all of one listener's, and had no scopes yet."""

    user: str | None = None


_KEYS: Final = Collection("access_keys", AccessKey, (Index(("made_by",)),))
_COLUMNS: Final = Collection("columns", Columns)
_LISTENERS: Final = Collection("listeners", Listener)
_MARKS: Final = Collection("marks", Mark, (Index(("user",)),))
_KEYS_OF_LAYOUT_1: Final = Collection("access_keys", KeyOfLayout1)


def columns_are_made_anew(store: Store) -> None:
    """The columns tell more of a play, or are written otherwise: they go, and whatever counts next makes them again.

    Until then readers make what is missing from the plays. The marks come first: a stop in between loses none.
    """
    for listener in store.find(_LISTENERS):
        for month in listener.months:
            _mark(store, listener.id, month)
    store.drop(_COLUMNS)


def _mark(store: Store, user: str, month: str) -> None:
    identity = f"{user}|{month}"
    while True:
        earlier = store.get(_MARKS, identity)
        revision = earlier.revision + 1 if earlier else 1
        mark = Mark(id=identity, user=user, month=month, revision=revision, marked_at=utc_now())
        if store.replace(_MARKS, mark, earlier.revision) if earlier else not store.insert(_MARKS, [mark]):
            return


def keys_get_scopes(store: Store) -> None:
    """A key of one listener opens what it opened before. By compare-and-set: one revoked meanwhile stays revoked."""
    for key in store.find(_KEYS_OF_LAYOUT_1):
        if key.user is not None:
            changed = AccessKey(
                id=key.id,
                name=key.name,
                created_at=key.created_at,
                revision=key.revision + 1,
                scopes=["read", "write"],
                listeners=[key.user],
            )
            store.replace(_KEYS, changed, key.revision)
