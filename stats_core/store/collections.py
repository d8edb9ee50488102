"""Every collection: its documents and its indexes. `docs/data-model.md` is generated from this list."""

from collections.abc import Callable

from stats_core import documents as d
from stats_core.store import migrations
from stats_core.store.port import Collection, Index, Store, Stored

plays = Collection("plays", d.Play, (Index(("user", "start")),))
imports = Collection("imports", d.Import, (Index(("user", "received_at")), Index(("status",))))
carried = Collection("carried", d.Carried, (Index(("user", "month")), Index(("import_id",))))
saved_items = Collection("saved_items", d.SavedItems, (Index(("user",)), Index(("import_id",))))
tracks = Collection("tracks", d.Track, (Index(("revision",)),))
albums = Collection("albums", d.Album, (Index(("revision",)),))
artists = Collection("artists", d.Artist, (Index(("revision",)),))
listeners = Collection("listeners", d.Listener)
columns = Collection("columns", d.Columns, (Index(("user", "month", "revision", "part")),))
marks = Collection("marks", d.Mark, (Index(("user",)),))
leases = Collection("leases", d.Lease)
access_keys = Collection("access_keys", d.AccessKey, (Index(("made_by",)),))
comparisons = Collection("comparisons", d.Consent, (Index(("user",)), Index(("other",))))
syncs = Collection("syncs", d.Sync)
revisions = Collection("revisions", d.Revision)
layout = Collection("layout", d.Layout)
daily_totals = Collection("daily_totals", d.DailyTotal, (Index(("user", "month")), Index(("user", "date"))))
monthly_tops = Collection("monthly_tops", d.MonthlyTop, (Index(("user", "month")),))
listener_totals = Collection("listener_totals", d.ListenerTotals)

ALL: tuple[Collection[Stored], ...] = (
    plays, imports, carried, saved_items, tracks, albums, artists, listeners, columns, marks, leases, access_keys,
    comparisons, syncs, revisions, layout, daily_totals, monthly_tops, listener_totals,
)  # fmt: skip

DERIVED = (columns, daily_totals, monthly_tops, listener_totals)
"""Can be dropped and rebuilt from the others at any time, with the same result."""

OF_A_LISTENER = (plays, imports, carried, saved_items, columns, marks, comparisons, daily_totals, monthly_tops)
"""Hold documents with a `user` field: what erasing a listener empties."""

LAYOUT_VERSION = 3
"""Raised when stored documents change their meaning. A new collection, index or field with a default needs none."""

MIGRATIONS: dict[int, Callable[[Store], None]] = {1: migrations.keys_get_scopes, 2: migrations.columns_are_made_anew}
"""Layout version -> what brings a store from it to the next: idempotent, for it may be killed, or run twice at once."""
