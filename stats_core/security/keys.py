"""Keys: how they are made, found, used and revoked. The store keeps only their SHA-256.

Whatever changes what a key opens raises the revision `keys` afterwards, so that every process hears of it.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from stats_core.clock import utc_now
from stats_core.documents.keys import AccessKey, Link
from stats_core.documents.words import USER_NAME, Scope
from stats_core.errors import InvalidParameter, UnknownKey, UnknownListener
from stats_core.security.access import ADMIN, Access
from stats_core.store import collections
from stats_core.store.port import Query, Range, Store
from stats_core.store.revisions import raise_revision

LINK_PREFIX: Final = "link_"
"""How a sharing link's key begins: no other may stand in an address."""
NAME_LENGTH: Final = 100
NOTED_AFTER: Final = timedelta(minutes=1)
"""How long a key's last use stands before a later one is written."""
_MADE_KEY: Final = re.compile(rf"({LINK_PREFIX})?[A-Za-z0-9_-]{{43}}".encode())
_SHORT: Final = 16
"""Hexadecimal digits of a key's id that are shown: enough to name it, no use for finding the key."""
_OF_LISTENERS: Final[frozenset[Scope]] = frozenset({"read", "write"})


def made_key(
    store: Store,
    *,
    name: str,
    scopes: Iterable[Scope],
    listeners: Iterable[str] | None,
    expires_at: datetime | None = None,
    link: Link | None = None,
    by: Access = ADMIN,
) -> tuple[str, AccessKey]:
    """A new key, shown only here, and its document; `name` says what it is for.

    `listeners` None: every one's. `expires_at` None: never, or when the key does that makes it. Raises BeyondRights,
    InvalidParameter for what no key can be, and UnknownListener.
    """
    opened = frozenset(scopes)
    named = None if listeners is None else frozenset(listeners)
    expires_at = by.expires_at if expires_at is None else checked_instant("expires_at", expires_at)
    by.check_rights(opened, named, expires_at)
    _check(name, opened, named, expires_at)
    for user in sorted(named or ()):
        _check_listener(store, user)
    key = (LINK_PREFIX if link else "") + secrets.token_urlsafe(32)
    document = AccessKey(
        id=key_digest(key.encode()),
        name=name,
        created_at=utc_now(),
        scopes=sorted(opened),
        listeners=None if named is None else sorted(named),
        expires_at=expires_at,
        made_by=by.key,
        link=link,
    )
    store.insert(collections.access_keys, [document])
    try:
        for user in sorted(named or ()):
            _check_listener(store, user)
    except UnknownListener:  # erased meanwhile: their next namesake must not be open to it
        store.delete(collections.access_keys, Query(equal={"_id": document.id}))
        raise
    raise_revision(store, "keys")
    return key, document


def checked_instant(parameter: str, value: datetime) -> datetime:
    """An aware instant as stored ones are; raises InvalidParameter where UTC has no such year."""
    try:
        utc = value.astimezone(UTC)
    except OverflowError:
        raise InvalidParameter(parameter, value.isoformat(), "an instant of the years 1 to 9999") from None
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def key_digest(key: bytes) -> str:
    """What the store keeps of a key: SHA-256 in hexadecimal. A key holds 256 random bits, so no salt or stretching."""
    return hashlib.sha256(key).hexdigest()


def short_id(digest: str) -> str:
    """What a key is called where it is listed."""
    return digest[:_SHORT]


def may_be_key(key: bytes) -> bool:
    """Whether it looks like a key that was made here."""
    return _MADE_KEY.fullmatch(key) is not None


def own_keys(store: Store, access: Access) -> Iterator[AccessKey]:
    """The keys that one may see and revoke: an admin's all of them, another's itself and those it made."""
    if access.admin:
        yield from store.find(collections.access_keys)
    elif access.key is not None and access.statistics is None:
        yield from store.find(collections.access_keys, Query(equal={"_id": access.key}))
        yield from store.find(collections.access_keys, Query(equal={"made_by": access.key}))


def own_key(store: Store, access: Access, short: str) -> AccessKey:
    """One of the keys that one may see and revoke, by its short id; raises UnknownKey."""
    if re.fullmatch(rf"[0-9a-f]{{{_SHORT}}}", short):
        span = Range("_id", short, short + "~")
        for document in store.find(collections.access_keys, Query(range=span)):
            own = access.admin or access.key in {document.id, document.made_by}
            if own and access.statistics is None:
                return document
    raise UnknownKey(short)


def revoke(store: Store, document: AccessKey) -> None:
    """Close a key for good. Those it made stay."""
    store.delete(collections.access_keys, Query(equal={"_id": document.id}))
    raise_revision(store, "keys")


def take_out(store: Store, user: str) -> None:
    """Let no key open that listener any more: those that open nobody else go."""
    for document in store.find(collections.access_keys):
        _take_out_of(store, document, user)
    raise_revision(store, "keys")


def note_uses(store: Store, digests: Iterable[str]) -> None:
    """Write that these keys were used now, unless that was written less than a minute ago."""
    now = utc_now()
    for document in list(store.find(collections.access_keys, Query(one_of={"_id": set(digests)}))):
        if is_use_due(document, now):
            store.update(collections.access_keys, document.id, {"last_used_at": now})


def is_use_due(document: AccessKey, now: datetime) -> bool:
    """Whether a use of the key is to be written."""
    return document.last_used_at is None or document.last_used_at <= now - NOTED_AFTER


def _check(name: str, scopes: frozenset[Scope], listeners: frozenset[str] | None, expires_at: datetime | None) -> None:
    if not (0 < len(name) <= NAME_LENGTH and name.isprintable()):
        raise InvalidParameter("name", name, f"printable text of 1 to {NAME_LENGTH} characters")
    if not scopes:
        raise InvalidParameter("scopes", "", "at least one")
    wrong = None
    if "admin" in scopes:
        wrong = None if listeners is None else "every one with the scope admin"
    elif scopes & _OF_LISTENERS:
        wrong = None if listeners is None or listeners else "at least one, or every one"
    elif listeners is None or listeners:
        wrong = "none without the scopes read and write"
    if wrong:
        raise InvalidParameter("listeners", "every one" if listeners is None else ", ".join(sorted(listeners)), wrong)
    if expires_at is not None and expires_at <= utc_now():
        raise InvalidParameter("expires_at", expires_at.isoformat(), "an instant that lies ahead")


def _check_listener(store: Store, user: str) -> None:
    # No store is asked for a name that none can hold. A look here, for `stats_core.listeners` erases with this module.
    if re.fullmatch(USER_NAME, user) is None or store.get(collections.listeners, user) is None:
        raise UnknownListener(user)


def _take_out_of(store: Store, document: AccessKey | None, user: str) -> None:
    while document is not None and document.listeners is not None and user in document.listeners:
        left = [each for each in document.listeners if each != user]
        if not left:
            store.delete(collections.access_keys, Query(equal={"_id": document.id}))
            return
        changed = msgspec.structs.replace(document, listeners=left, revision=document.revision + 1)
        if store.replace(collections.access_keys, changed, document.revision):
            return
        document = store.get(collections.access_keys, document.id)
