"""The documents as structs: what lies in the store, field by field.

Every instant is an aware UTC datetime, cut to milliseconds. `id` is `_id` in the store. Optional fields that hold their
default are left out of the stored document. `docs/data-model.md` is generated from this module.
"""

from datetime import datetime
from typing import Literal, get_args

import msgspec

Source = Literal["extended", "account", "api"]
Kind = Literal["track", "episode", "chapter", "unknown"]
State = Literal["stored", "unidentified", "duplicate", "superseding", "superseded", "invalid"]
Privacy = Literal["exclude", "include", "only"]
Coverage = Literal["complete", "account", "preview", "gap"]
"""How well a stretch of time is known, the stronger first: by the extended history, by account data, by the Web API
(no plays under half a minute, no private sessions), or as one in which plays may have been lost."""
FileStatus = Literal["imported", "refused"]
Scope = Literal["read", "write", "admin", "metrics"]
"""What a key may do: read or change what is its listeners', everything, or read the service's own figures."""
ImportStatus = Literal["waiting", "importing", "imported", "partial", "refused", "failed"]

USER_NAME = "[a-z0-9][a-z0-9._-]{0,63}"
"""What a listener may be called."""

Generation = Literal[
    "library", "playlists", "recently-played",
    "account-music", "account-podcast", "account-audiobook",
    "extended-1", "extended-2", "extended-3", "extended-4", "extended-5",
]  # fmt: skip
"""What a JSON file is: the later one here is the newer, and of two that say the same play the one to believe."""

KINDS: tuple[Kind, ...] = ("track", "episode", "chapter", "unknown")
GENERATIONS: tuple[Generation, ...] = get_args(Generation)
COVERAGES: tuple[Coverage, ...] = get_args(Coverage)
SOURCES: tuple[Source, ...] = ("extended", "account", "api")
PLATFORMS = (
    "android", "ios", "windows", "osx", "linux", "web_player", "cast", "console", "tv", "speaker", "unknown",
)  # fmt: skip
"""The families that platforms of both eras' strings are kept as."""
SCOPES: tuple[Scope, ...] = get_args(Scope)
STATES: tuple[State, ...] = ("stored", "unidentified", "duplicate", "superseding", "superseded", "invalid")


class Part(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A piece of a document."""


class Document(Part, kw_only=True, omit_defaults=True, rename={"id": "_id"}):
    """A document of a collection; `id` is its key."""

    id: str


class Observation(Part, kw_only=True, omit_defaults=True):
    """One row of an export as it is kept: what was played, when, how. Personal fields were dropped at parsing."""

    end: datetime
    """When the stream ended (Spotify's `ts`, whole seconds; account data: cut to the minute)."""
    ms: int
    """Milliseconds really listened; as the Web API does not tell that, in what it told the track's whole length."""
    source: Source
    kind: Kind
    uri: str | None = None
    name: str | None = None
    """Title of the track, episode or chapter."""
    artist: str | None = None
    """Album artist, as exports give it."""
    album: str | None = None
    show: str | None = None
    audiobook: str | None = None
    audiobook_uri: str | None = None
    author: str | None = None
    video: bool = False
    platform: str | None = None
    """Family: android, ios, windows, osx, linux, web_player, cast, console, tv, speaker or unknown."""
    model: str | None = None
    country: str | None = None
    reason_start: str | None = None
    reason_end: str | None = None
    shuffle: bool | None = None
    skipped: bool | None = None
    offline: bool | None = None
    private: bool | None = None
    client_clock: datetime | None = None
    """The player's own clock at the start of the stream (Spotify's `offline_timestamp`), whole seconds."""
    primary_artist: str | None = None
    """The track's first artist, where the Web API told it and it is not the album's."""
    context: str | None = None
    """Spotify's address of what it was played from (a playlist, an album), where the Web API told."""


class Play(Observation, kw_only=True, omit_defaults=True, rename={"id": "_id"}):
    """A play: its winner's fields, and whole every other observation of it that says something else.

    `id` is `<user>|<end as 2024-01-31T23:59:59Z>|<ms, 8 digits>|<n, 4 digits>`.
    """

    id: str
    user: str
    start: datetime
    """Where the play belongs in time, with all its milliseconds."""
    length: int | None = None
    """Of a play that only the Web API told: the whole length of its track, of which `ms` is an estimate."""
    others: list[Observation] = []


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


class Credit(Part, kw_only=True, omit_defaults=True):
    """An artist as a track or album of the catalogue credits them."""

    id: str
    """Their Spotify id."""
    name: str
    """As Spotify writes it."""


class Track(Document, kw_only=True, omit_defaults=True):
    """What the Web API says of a track. `id` is its Spotify id."""

    revision: int
    name: str
    artists: list[Credit] = []
    """All credited artists, the first is the primary one; empty: not known yet."""
    album: str | None = None
    """Spotify id of its album."""
    length: int | None = None
    """Milliseconds of the whole track."""
    isrc: str | None = None
    """Names the recording, whatever it was published on."""


class Album(Document, kw_only=True, omit_defaults=True):
    """What the Web API says of an album. `id` is its Spotify id."""

    revision: int
    name: str
    artists: list[Credit] = []
    image: str | None = None
    """Address of its cover."""


class Artist(Document, kw_only=True, omit_defaults=True):
    """What the Web API says of an artist. `id` is their Spotify id."""

    revision: int
    name: str
    image: str | None = None
    """Address of a picture of them."""


class Gap(msgspec.Struct, kw_only=True, frozen=True):
    """A stretch of time `[start, end)` of which plays may have been lost."""

    start: datetime
    end: datetime
    cause: str
    """In words for a person."""


class Stretch(msgspec.Struct, kw_only=True, frozen=True):
    """A stretch of time `[start, end)`."""

    start: datetime
    end: datetime


class Sync(Document, kw_only=True, omit_defaults=True):
    """How the sync of a listener's recent plays goes. `id` is the user name."""

    polled_at: datetime | None = None
    """When a page was last taken in."""
    next_poll_at: datetime | None = None
    """When the next one is due."""
    empty_polls: int = 0
    """How many in a row brought nothing new."""
    page: int = 0
    """Entries of the last page: 50 are all that Spotify remembers."""
    unknown: int = 0
    """How many of them were not known before: near 50, plays are about to be lost."""
    preview: list[Stretch] = []
    """The time that the polls have seen without a gap, apart from each other, in order."""
    gaps: list[Gap] = []
    problem: str | None = None
    """Why the last poll failed, in words for a person."""


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


class Columns(Document, kw_only=True, omit_defaults=True):
    """A part of a listener's UTC month as an Arrow IPC stream (derived). `id` is `<user>|<month>|<revision>|<part>`."""

    user: str
    month: str
    revision: int
    part: int
    parts: int
    plays: int
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


class Lease(Document, kw_only=True, omit_defaults=True):
    """The right to write one thing; `id` names the thing, e.g. `plays|<user>`."""

    owner: str
    host: str
    pid: int
    purpose: str
    expires_at: datetime
    revision: int


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


class Revision(Document, kw_only=True, omit_defaults=True):
    """How often something that every process remembers has changed. `id` is `keys`, `catalogue` or `cache`."""

    revision: int


class Layout(Document, kw_only=True, omit_defaults=True):
    """Which version of the collections' layout the store holds. One document, `layout`."""

    version: int


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
