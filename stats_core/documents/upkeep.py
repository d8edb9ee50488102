"""What the store keeps for itself."""

from datetime import datetime

from stats_core.documents.document import Document


class Lease(Document, kw_only=True, omit_defaults=True):
    """The right to write one thing; `id` names the thing, e.g. `plays|<user>`."""

    owner: str
    host: str
    pid: int
    purpose: str
    expires_at: datetime
    revision: int


class Revision(Document, kw_only=True, omit_defaults=True):
    """How often something that every process remembers has changed. `id` is `keys`, `catalogue` or `cache`."""

    revision: int


class Layout(Document, kw_only=True, omit_defaults=True):
    """Which version of the collections' layout the store holds. One document, `layout`."""

    version: int
