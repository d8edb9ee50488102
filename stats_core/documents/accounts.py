"""Accounts of Spotify's that listeners linked, and what the app may still ask there."""

from datetime import datetime
from typing import Literal

from stats_core.documents.document import Document, Part

AccountState = Literal["connected", "needs login", "not allowed"]


class Refreshing(Part, kw_only=True, omit_defaults=True):
    """A process refreshes an access token: a lease, held in the account's own document."""

    owner: str
    """Who holds it; random."""
    until: datetime
    """From then on another may take it over."""


class Account(Document, kw_only=True, omit_defaults=True):
    """A listener's account at Spotify. `id` is the user name."""

    revision: int = 0
    """Raised by every write, by compare-and-set."""
    account_id: str
    """What Spotify calls the account for good."""
    token: bytes | None = None
    """The tokens, encrypted; none: the person must log in again."""
    scopes: list[str] = []
    """What the person allowed."""
    refused: list[str] = []
    """Scopes that Spotify says are missing, whatever was allowed: what needs them rests until the next login."""
    authorized_at: datetime
    """When the person logged in. Six months later the tokens are dead, whatever was refreshed meanwhile."""
    state: AccountState = "connected"
    """Whether polls may be made."""
    problem: str | None = None
    """What is wrong, in words for a person."""
    refreshing: Refreshing | None = None
    """Who refreshes the access token just now; still there where they were stopped before they wrote it."""


class Login(Document, kw_only=True, omit_defaults=True):
    """A login that was begun. `id` is the SHA-256 of its `state`, which is good once."""

    user: str
    """Whose account is to be linked."""
    expires_at: datetime
    """Ten minutes after it was begun."""
    replace: bool = False
    """Whether another account may take the place of the one that is linked."""
    verifier: bytes | None = None
    """Of a login without a client secret (PKCE): what proves that it was begun here, encrypted."""


class Inquiry(Document, kw_only=True, omit_defaults=True):
    """Something that Spotify was asked for and did not give. `id` is `track|<id>`, `album|<id>` or `artist|<id>`."""

    missing: bool = False
    """There is no such thing: never asked for again."""
    tries: int = 0
    """How often in a row it failed otherwise."""
    again_at: datetime | None = None
    """When it may be asked for again."""


class Enrichment(Document, kw_only=True, omit_defaults=True):
    """How far the catalogue is. One document; its `id` is `catalogue`."""

    at: datetime
    """When it was looked at last."""
    tracks: int = 0
    """Tracks with an id of Spotify's that listeners played."""
    known: int = 0
    """Those of them whose artists and length are known."""
    whole: int = 0
    """Those of them that were asked for by themselves, or seen whole."""
    missing: int = 0
    """Those of them that Spotify does not know."""
    days_left: int | None = None
    """How many more days it takes until all are known, at what may be asked a day; none: nobody is linked."""


class Quota(Document, kw_only=True, omit_defaults=True):
    """What the app may still ask Spotify. `id`: a bucket of endpoints, an endpoint (`/me/top/tracks`), or `app`."""

    revision: int = 0
    """Raised by every write, by compare-and-set."""
    attempts: dict[str, int] = {}
    """Attempts by the ten minutes they began in (`2026-11-28T10:20`, UTC), of the last 24 hours."""
    closed_until: datetime | None = None
    """Before that it is not asked."""
    cause: str | None = None
    """Why it is closed, in words for a person."""
    strikes: int = 0
    """How often in a row it was closed without being told for how long."""
