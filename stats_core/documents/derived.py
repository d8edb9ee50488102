"""What is made of plays and can be made again, and the marks that say of which month it must be."""

from datetime import datetime
from typing import Literal

from stats_core.documents.document import Document, Part


class Columns(Document, kw_only=True, omit_defaults=True):
    """A part of a listener's UTC month as columns (derived). `id` is `<user>|<month>|<revision>|<part>`."""

    user: str
    month: str
    revision: int
    part: int
    parts: int
    plays: int
    format: int = 1
    """How `table` is written; of another one than they know readers take the month from the plays."""
    table: bytes


class Mark(Document, kw_only=True, omit_defaults=True):
    """This listener's month changed: what drives everything derived. `id` is `<user>|<month>`."""

    user: str
    month: str
    revision: int
    """Raised by every marking, so that a reader can compare and delete."""
    marked_at: datetime
    import_id: str | None = None
    published: bool = False
    """The month's columns say what its plays say: whoever changed them came to the end."""


class DailyTotal(Document, kw_only=True, omit_defaults=True):
    """A listener's day in their time zone and rule (derived). `id` is `<user>|<date>`."""

    user: str
    month: str
    date: str
    plays: int
    ms: int
    tracks: int
    artists: int


class TopEntry(Part, kw_only=True, omit_defaults=True):
    """A line of a monthly top."""

    rank: int
    id: str
    name: str | None
    artist: str | None = None
    plays: int
    ms: int


class MonthlyTop(Document, kw_only=True, omit_defaults=True):
    """A listener's 100 most played of a month in their time zone and rule (derived). `id` is `<user>|<month>|<of>`."""

    user: str
    month: str
    of: Literal["tracks", "artists", "albums"]
    total: int
    entries: list[TopEntry]


class ListenerTotals(Document, kw_only=True, omit_defaults=True):
    """A listener's whole history in their rule (derived). `id` is the user name."""

    user: str
    revision: int
    """The listener's revision these totals were counted at."""
    plays: int
    ms: int
    tracks: int
    artists: int
    albums: int
    active_days: int
    first_play: datetime | None = None
    last_play: datetime | None = None
