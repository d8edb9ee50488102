"""Undoing an import: the plays are then what they would be, had it never been."""

from collections.abc import Callable

from stats_core.documents.imports import Import
from stats_core.documents.upkeep import Lease
from stats_core.history.marks import mark_everything, mark_months
from stats_core.history.publishing import publish, saved_ids
from stats_core.history.repairing import repair_marked
from stats_core.history.rewriting import Rewriter
from stats_core.imports.archive import archive_path
from stats_core.imports.coverage import known_coverage
from stats_core.listeners import known_listener, plays_lease_name
from stats_core.settings import Settings
from stats_core.store import collections
from stats_core.store.leases import Held, lease
from stats_core.store.port import Query, Store


def undo_import(
    store: Store, settings: Settings, document: Import, waiting: Callable[[Lease], None] = lambda _: None
) -> None:
    """Take back all that an import brought and confirmed, its ledger and its archive too. Safe to run again."""
    user = document.user
    purpose = f"undoing the import of {document.name}"
    with lease(store, plays_lease_name(user), purpose=purpose, waiting=waiting) as held:
        listener = known_listener(store, user)
        months = take_back(store, held, user, document.id)
        of_import = Query(equal={"import_id": document.id})
        saved = store.count(collections.saved_items, of_import) > 0
        coverage = known_coverage(store, user, without=document.id)
        if months or saved or coverage != listener.coverage:
            publish(store, held, user, months, saved=saved_ids(store, user, without=document.id), coverage=coverage)
        store.delete(collections.saved_items, of_import)
        mark_months(store, user, months, published=True)
        if saved:
            mark_everything(store, user)
        archive_path(settings.archive_dir, user, document.digest).unlink(missing_ok=True)
        store.delete(collections.imports, Query(equal={"_id": document.id}))


def take_back(store: Store, held: Held, user: str, import_id: str) -> set[str]:
    """Bring the plays in line without what one import, or the sync, carries; the UTC months of start that changed."""
    repair_marked(store, held, user)
    rewriter = Rewriter(store, user, held)
    months: set[str] = set()
    carried = store.find(collections.carried, Query(equal={"import_id": import_id}))
    for month in sorted({part.month for part in carried}):
        months |= rewriter.rewrite([month], without=import_id).months
    return months
