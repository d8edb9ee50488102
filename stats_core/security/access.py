"""Access: what a key opens, and which keys it may make."""

import math
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from stats_core.clock import instant_ms
from stats_core.documents.keys import AccessKey
from stats_core.documents.words import Scope
from stats_core.errors import BeyondRights


@dataclass(frozen=True)
class Limits:
    """What a sharing link opens: plays that start in [start, end), ms since 1970; private ones never."""

    start: int | None
    end: int | None


@dataclass(frozen=True)
class Access:
    """What a key opens."""

    key: str | None
    """Its id in the store; None: the admin key of the settings, which is not there."""
    scopes: frozenset[Scope]
    listeners: frozenset[str] | None
    """Whose data it opens; None: every listener's."""
    expires_at: datetime | None = None
    statistics: frozenset[str] | None = None
    """All that a sharing link opens; None: it is none."""
    limits: Limits | None = None
    """Of a sharing link, within which its statistics answer."""

    @property
    def admin(self) -> bool:
        """Whether it opens everything."""
        return "admin" in self.scopes

    @property
    def until(self) -> float:
        """Seconds since 1970 from when on it opens nothing."""
        return math.inf if self.expires_at is None else self.expires_at.timestamp()

    def opens(self, user: str) -> bool:
        """Whether that listener, existing or not, is one of its own."""
        return self.listeners is None or user in self.listeners

    def reads(self, user: str) -> bool:
        """Whether it opens all that there is to read of that listener."""
        return self.statistics is None and (self.admin or ("read" in self.scopes and self.opens(user)))

    def check_rights(
        self, scopes: AbstractSet[Scope], listeners: AbstractSet[str] | None, expires_at: datetime | None
    ) -> None:
        """Whether it may make a key with these rights: none that it has not itself. Raises BeyondRights."""
        if self.statistics is not None:
            raise BeyondRights("A sharing link's key makes no keys.")
        if self.expires_at is not None and (expires_at is None or expires_at > self.expires_at):
            raise BeyondRights("A key makes no key that outlives it.")
        if self.admin:
            return
        if not scopes <= self.scopes:
            raise BeyondRights("A key makes no key with a scope that it has not itself.")
        if self.listeners is not None and (listeners is None or not listeners <= self.listeners):
            raise BeyondRights("A key makes no key for listeners that it does not open itself.")


ADMIN: Final = Access(None, frozenset({"admin"}), None)
"""What the admin key of the settings opens."""


def access_of_key(document: AccessKey) -> Access:
    """What a stored key opens."""
    link = document.link
    return Access(
        document.id,
        frozenset(document.scopes),
        None if document.listeners is None else frozenset(document.listeners),
        document.expires_at,
        None if link is None else frozenset(link.statistics),
        None if link is None else Limits(_ms(link.start), _ms(link.end)),
    )


def _ms(instant: datetime | None) -> int | None:
    return None if instant is None else instant_ms(instant)
