"""Every collection: its documents and its indexes. `docs/data-model.md` is generated from this list."""

from collections.abc import Callable

from stats_core.documents.accounts import Account, Enrichment, Inquiry, Login, Quota
from stats_core.documents.alerts import Alert
from stats_core.documents.catalogue import Album, Artist, Track
from stats_core.documents.derived import Columns, DailyTotal, ListenerTotals, Mark, MonthlyTop
from stats_core.documents.imports import Carried, Import, SavedItems
from stats_core.documents.keys import AccessKey, Consent
from stats_core.documents.listeners import Listener
from stats_core.documents.plays import Play
from stats_core.documents.sync import Library, SavedTrack, SpotifyTop, Sync, SyncRequest
from stats_core.documents.upkeep import Layout, Lease, Revision
from stats_core.store import migrations
from stats_core.store.port import Collection, Index, Store, Stored

plays = Collection("plays", Play, (Index(("user", "start")),))
imports = Collection("imports", Import, (Index(("user", "received_at")), Index(("status",))))
carried = Collection("carried", Carried, (Index(("user", "month")), Index(("import_id",))))
saved_items = Collection("saved_items", SavedItems, (Index(("user",)), Index(("import_id",))))
tracks = Collection("tracks", Track, (Index(("revision",)),))
albums = Collection("albums", Album, (Index(("revision",)),))
artists = Collection("artists", Artist, (Index(("revision",)),))
listeners = Collection("listeners", Listener)
columns = Collection("columns", Columns, (Index(("user", "month", "revision", "part")),))
marks = Collection("marks", Mark, (Index(("user",)),))
leases = Collection("leases", Lease)
access_keys = Collection("access_keys", AccessKey, (Index(("made_by",)),))
comparisons = Collection("comparisons", Consent, (Index(("user",)), Index(("other",))))
syncs = Collection("syncs", Sync)
sync_requests = Collection("sync_requests", SyncRequest)
spotify_tops = Collection("spotify_tops", SpotifyTop, (Index(("user", "date")),))
saved_tracks = Collection("saved_tracks", SavedTrack, (Index(("user", "added_at")), Index(("user", "seen_at"))))
libraries = Collection("libraries", Library)
accounts = Collection("accounts", Account, (Index(("account_id",)),))
logins = Collection("logins", Login, (Index(("user",)), Index(("expires_at",))))
quotas = Collection("quotas", Quota)
inquiries = Collection("inquiries", Inquiry)
enrichment = Collection("enrichment", Enrichment)
alerts = Collection("alerts", Alert, (Index(("subject", "number")), Index(("closed_at",))))
revisions = Collection("revisions", Revision)
layout = Collection("layout", Layout)
daily_totals = Collection("daily_totals", DailyTotal, (Index(("user", "month")), Index(("user", "date"))))
monthly_tops = Collection("monthly_tops", MonthlyTop, (Index(("user", "month")),))
listener_totals = Collection("listener_totals", ListenerTotals)

ALL: tuple[Collection[Stored], ...] = (
    plays, imports, carried, saved_items, tracks, albums, artists, listeners, columns, marks, leases, access_keys,
    comparisons, syncs, sync_requests, spotify_tops, saved_tracks, libraries, accounts, logins, quotas, inquiries,
    enrichment, alerts,
    revisions, layout, daily_totals, monthly_tops, listener_totals,
)  # fmt: skip

DERIVED = (columns, daily_totals, monthly_tops, listener_totals)
"""Can be dropped and rebuilt from the others at any time, with the same result."""

OF_A_LISTENER = (
    plays, imports, carried, saved_items, columns, marks, comparisons, logins, spotify_tops, saved_tracks,
    daily_totals, monthly_tops,
)  # fmt: skip
"""Hold documents with a `user` field: what erasing a listener empties."""

BY_LISTENER = (accounts, syncs, sync_requests, libraries, listener_totals)
"""Hold one document of each listener at most, whose `id` is the user name: what erasing a listener empties, too."""

LAYOUT_VERSION = 4
"""Raised when stored documents change their meaning. A new collection, index or field with a default needs none."""

MIGRATIONS: dict[int, Callable[[Store], None]] = {
    1: migrations.keys_get_scopes,
    2: migrations.columns_are_made_anew,
    3: migrations.columns_are_made_anew,
}
"""Layout version -> what brings a store from it to the next: idempotent, for it may be killed, or run twice at once."""
