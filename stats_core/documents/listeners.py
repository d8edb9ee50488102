"""Listeners, and what is kept with them."""

from datetime import datetime

import msgspec

from stats_core.documents.document import Document
from stats_core.documents.words import Coverage, Kind, Privacy


class Covered(msgspec.Struct, kw_only=True, frozen=True):
    """A stretch of time `[start, end)` of which a source knows."""

    start: datetime
    end: datetime
    by: Coverage


class StreamRule(msgspec.Struct, kw_only=True, frozen=True):
    """What counts as a play, chosen when asked; a listener's own where a question names none."""

    min_ms: int = 30_000
    private: Privacy = "exclude"
    kinds: tuple[Kind, ...] | None = None
    """None: what the statistic itself defaults to (tracks; for shows, episodes)."""


class Listener(Document, kw_only=True, omit_defaults=True):
    """A person whose history is kept. `id` is the user name."""

    created_at: datetime
    timezone: str = "UTC"
    rule: StreamRule = StreamRule()
    revision: int = 0
    """Raised by every change of plays or settings, by compare-and-set."""
    months: dict[str, int] = {}
    """UTC month of start -> revision of its columns: exactly what a reader loads."""
    saved: list[str] = []
    """The documents of `saved_items` that name the items of libraries and playlists: exactly what a reader loads."""
    coverage: list[Covered] = []
    """What of the listener's time is known how well, from the imports: apart from each other, in order."""
