"""Imports: what was given, what became of each of its rows, and what else was found."""

from datetime import datetime

from stats_core.documents.document import Document, Part
from stats_core.documents.words import FileStatus, Generation, ImportStatus, State


class InvalidRow(Part, kw_only=True, omit_defaults=True):
    """A row that could not be kept. Never quotes a dropped field."""

    row: int
    """Counted from 1 within its JSON file."""
    field: str
    reason: str


class ImportFile(Part, kw_only=True, omit_defaults=True):
    """One JSON file of an import and what became of its rows: `rows` = sum of `states`."""

    path: str
    """Inside the ZIP; a loose file's own name."""
    status: FileStatus
    generation: Generation | None = None
    """None: an empty list, which tells nothing."""
    rows: int = 0
    states: dict[State, int] = {}
    invalid: list[InvalidRow] = []
    """The first 1,000 invalid rows."""
    reason: str | None = None
    """Why it was refused and what to do."""
    first_play: datetime | None = None
    last_play: datetime | None = None
    last_end: datetime | None = None
    """The end of the play that ended last; none: imported before this was kept."""


class IgnoredMember(Part, kw_only=True, omit_defaults=True):
    """A member of a ZIP that holds no listening history."""

    path: str
    reason: str


class Import(Document, kw_only=True, omit_defaults=True):
    """A dropped file and its ledger. `id` is `<user>|<SHA-256 of its bytes>`."""

    user: str
    digest: str
    name: str
    status: ImportStatus
    received_at: datetime
    """When it was first taken in; rows later than this lie in the future and are invalid."""
    finished_at: datetime | None = None
    size: int = 0
    generations: list[Generation] = []
    rows: int = 0
    states: dict[State, int] = {}
    files: list[ImportFile] = []
    ignored: list[IgnoredMember] = []
    reason: str | None = None
    first_play: datetime | None = None
    last_play: datetime | None = None
    run_id: str | None = None
    """The Dagster run that imported it, if one did."""


class Carried(Document, kw_only=True, omit_defaults=True):
    """Which observations an import brought or confirmed in a UTC month of end: parallel lists, one entry per row.

    `id` is `<user>|<digest>|<month>|<part>`.
    """

    user: str
    import_id: str
    month: str
    part: int
    fingerprints: list[int]
    """Signed 64-bit fingerprints of the observations: the contents lie in the plays."""
    files: list[int]
    """Position in the import's `files`."""
    rows: list[int]
    """Row number in that file, counted from 1."""
    states: list[int]
    """Position in STATES of what the row ended as."""
    generations: dict[str, Generation]
    """Position in the import's `files` -> generation, for the files named here."""


class SavedItem(Part, kw_only=True, omit_defaults=True):
    """A track or episode of a library or playlist: gives plays with names only their URI."""

    uri: str
    name: str
    by: str
    """Artist of a track, show of an episode."""


class SavedItems(Document, kw_only=True, omit_defaults=True):
    """Items of one library or playlist file, at most 5,000 a document. `id` is `<user>|<digest>|<file>|<part>`."""

    user: str
    import_id: str
    items: list[SavedItem]
