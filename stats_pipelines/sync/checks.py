"""What an operator should know of the sync before plays are lost; looks at the store, never asks Spotify."""

from collections.abc import Iterator

import dagster as dg

from stats_core.clock import utc_now
from stats_core.store import collections
from stats_core.sync.status import OVERFLOWING, SyncStatus, sync_status
from stats_pipelines.resources import StoreResource

_SPECS = [
    dg.AssetCheckSpec(
        "login_age",
        asset="synced_plays",
        description="Every login opens Spotify, and none ends within a month: each ends after six.",
    ),
    dg.AssetCheckSpec(
        "poll_freshness",
        asset="synced_plays",
        description="Of everybody a page was taken in within 2.5 hours.",
    ),
    dg.AssetCheckSpec(
        "overflow_risk",
        asset="synced_plays",
        description=f"No last poll brought {OVERFLOWING} new plays or more of the 50 that Spotify remembers.",
    ),
]


@dg.multi_asset_check(specs=_SPECS)
def sync_checks(stats: StoreResource) -> Iterator[dg.AssetCheckResult]:
    """One result of each, of all who are linked."""
    now = utc_now()
    linked = sorted(account.id for account in stats.store.find(collections.accounts))
    states = [sync_status(stats.store, stats.settings, user, now) for user in linked]
    late = {each.user: each.problem or "nobody polls" for each in states if each.late}
    yield _result("login_age", {each.user: told for each in states if (told := _login(each)) is not None})
    yield _result("poll_freshness", late)
    yield _result("overflow_risk", {each.user: f"{each.new} new" for each in states if each.new >= OVERFLOWING})


def _login(status: SyncStatus) -> str | None:
    if status.state != "connected":
        return status.problem or status.state
    return None if status.login is None else status.login.warning


def _result(name: str, wrong: dict[str, str]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        asset_key="synced_plays",
        passed=not wrong,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{user}: {told}" for user, told in wrong.items()) or None,
    )
