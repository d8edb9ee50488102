"""Migrations: what brings the documents of an older layout to the next. Each may be killed, or run twice at once."""

from typing import Final

from stats_core.documents.derived import Columns
from stats_core.documents.keys import AccessKey
from stats_core.store.port import Collection, Index, Store


class KeyOfLayout1(AccessKey, kw_only=True, omit_defaults=True):
    """A key that opened all of one listener's, and had no scopes yet."""

    user: str | None = None


_KEYS: Final = Collection("access_keys", AccessKey, (Index(("made_by",)),))
_COLUMNS: Final = Collection("columns", Columns)
_KEYS_OF_LAYOUT_1: Final = Collection("access_keys", KeyOfLayout1)


def columns_are_made_anew(store: Store) -> None:
    """The columns tell which other sources a play has: readers make those that are missing from the plays."""
    store.drop(_COLUMNS)


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
