"""Keys of the REST service, and who may look at whom."""

from datetime import datetime

from stats_core.documents.document import Document, Part
from stats_core.documents.words import Scope


class Link(Part, kw_only=True, omit_defaults=True):
    """All that a sharing link opens of its listener's; private plays never."""

    statistics: list[str]
    """Their names, as they stand in the address."""
    start: datetime | None = None
    """What was played before is not there for it."""
    end: datetime | None = None
    """What was played from then on is not there for it."""


class AccessKey(Document, kw_only=True, omit_defaults=True):
    """A key of the REST service. `id` is the SHA-256 of the key, which is shown once and never kept.

    The first 16 digits of it are what the key is called where keys are listed.
    """

    name: str
    created_at: datetime
    revision: int = 0
    """Raised by every change of what it opens."""
    scopes: list[Scope] = []
    """What it may do: nothing where none is named, everything with `admin`."""
    listeners: list[str] | None = None
    """Whose data it opens; none: every listener's."""
    expires_at: datetime | None = None
    """From then on it opens nothing; none: until it is revoked."""
    last_used_at: datetime | None = None
    """Written at most once a minute."""
    made_by: str | None = None
    """The key that made it; none: the settings' admin key or the command line."""
    link: Link | None = None
    """Of a sharing link: what it opens, and nothing else."""


class Consent(Document, kw_only=True, omit_defaults=True):
    """A listener named another as somebody to compare with. `id` is `<user>|<other>`."""

    user: str
    other: str
    """Who was named, there or not: it holds once they have named the listener, too."""
    created_at: datetime
    """When they were named."""
