"""Access keys: how they are made, what they open. The store keeps only their SHA-256."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

from stats_core.clock import utc_now
from stats_core.documents import AccessKey
from stats_core.insights.question import Limits
from stats_core.listeners import known_listener
from stats_core.store import collections
from stats_core.store.port import Store

_MADE_KEY: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True)
class Access:
    """What a key opens."""

    user: str | None
    """The one listener; None: every one, as admin."""

    @property
    def admin(self) -> bool:
        """Whether it opens everything."""
        return self.user is None

    @property
    def limits(self) -> Limits | None:
        """What of a listener's plays it opens; None: all."""
        return None

    def opens(self, user: str) -> bool:
        """Whether that listener, existing or not, may be asked about."""
        return self.user is None or self.user == user


ADMIN: Final = Access(None)


def made_key(store: Store, user: str, name: str) -> str:
    """A new key for a listener's own data, shown only here; `name` says what it is for. Raises UnknownListener."""
    known_listener(store, user)
    key = secrets.token_urlsafe(32)
    store.insert(collections.access_keys, [AccessKey(id=key_digest(key), name=name, user=user, created_at=utc_now())])
    return key


def key_digest(key: str) -> str:
    """What the store keeps of a key: SHA-256 in hexadecimal. A key holds 256 random bits, so no salt or stretching."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def is_admin_key(key: str, admin_key: str) -> bool:
    """Whether it is that admin key; takes as long for a wrong one. An empty admin key is nobody's."""
    return hmac.compare_digest(key_digest(key), key_digest(admin_key)) and bool(admin_key)


def identify(store: Store, key: str, admin_key: str) -> Access | None:
    """What a key opens; None: it is no key of this store, or no longer."""
    if is_admin_key(key, admin_key):
        return ADMIN
    if _MADE_KEY.fullmatch(key) is None:
        return None
    found = store.get(collections.access_keys, key_digest(key))
    return Access(found.user) if found else None
