"""Codes and tokens: what they stand for, and how long."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from tests.fakes.spotify.faults import DAY, HOUR
from tests.fakes.spotify.objects import Json

SIX_MONTHS: Final = 180 * DAY


@dataclass
class Grant:
    """What a person allowed the app."""

    person: str
    scopes: list[str]
    at: float
    alive: bool = True
    public: bool = False
    """Whether it was given to an app without a secret (PKCE)."""


class Code(NamedTuple):
    """What a code stands for."""

    person: str
    scopes: list[str]
    redirect_uri: str
    challenge: str | None


class Tokens:
    """All that were given."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._codes: dict[str, Code] = {}
        self._refresh: dict[str, Grant] = {}
        self._access: dict[str, tuple[Grant, float]] = {}

    def code(self, code: Code) -> str:
        """A code that stands for that."""
        text = secrets.token_urlsafe(24)
        self._codes[text] = code
        return text

    def known_code(self, code: str) -> Code | None:
        """What a code stands for, once."""
        return self._codes.pop(code, None)

    def granted(self, person: str, scopes: Iterable[str], *, public: bool = False) -> Json:
        """New tokens for what a person allows now."""
        grant = Grant(person, list(scopes), self._now(), public=public)
        return {**self._opened(grant), "refresh_token": self._lasting(grant)}

    def of_refresh(self, refresh: str) -> Grant | None:
        """What a refresh token stands for; None: it is dead."""
        grant = self._refresh.get(refresh)
        return grant if grant is not None and grant.alive and self._now() < grant.at + SIX_MONTHS else None

    def refreshed(self, refresh: str, *, rotates: bool) -> Json | None:
        """New tokens for an old one; None: it is dead."""
        grant = self.of_refresh(refresh)
        if grant is None:
            return None
        if not rotates:
            return self._opened(grant)
        del self._refresh[refresh]
        return {**self._opened(grant), "refresh_token": self._lasting(grant)}

    def of_access(self, access: str) -> Grant | None:
        """What an access token opens; None: nothing any more."""
        grant, ends = self._access.get(access, (None, 0.0))
        return grant if grant is not None and self._now() < ends else None

    def of_person(self, person: str) -> list[Grant]:
        """All that a person allowed."""
        return [grant for grant in self._refresh.values() if grant.person == person]

    def expire_access(self) -> None:
        """No access token opens anything any more."""
        self._access.clear()

    def _opened(self, grant: Grant) -> Json:
        access = secrets.token_urlsafe(40)
        self._access[access] = (grant, self._now() + HOUR)
        return {
            "access_token": access, "token_type": "Bearer", "expires_in": HOUR, "scope": " ".join(grant.scopes),
        }  # fmt: skip

    def _lasting(self, grant: Grant) -> str:
        refresh = secrets.token_urlsafe(40)
        self._refresh[refresh] = grant
        return refresh
