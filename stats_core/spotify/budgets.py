"""Budgets: what the app may still ask in a rolling day, by bucket of endpoints, and what is closed until when.

They belong to the app, so all processes share them in the store; every attempt counts, whatever it brings.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

from stats_core.clock import utc_now
from stats_core.documents.accounts import Quota
from stats_core.spotify.errors import AppPaused, BucketClosed, EndpointGone
from stats_core.store import collections
from stats_core.store.port import Store

Bucket = Literal["me", "player", "top", "library", "tracks", "albums", "artists", "playlists"]

APP: Final = "app"
NO_PREMIUM: Final = "the owner of the app at Spotify has no Premium. It is tried again every hour."
"""Why the app is paused, until Spotify answers again."""
BUCKETS: Final[tuple[Bucket, ...]] = ("me", "player", "top", "library", "tracks", "albums", "artists", "playlists")
_DAY: Final = timedelta(days=1)
_SLOT_MINUTES: Final = 10
_SLOT: Final = "%Y-%m-%dT%H:%M"
_FIRST_WAIT: Final = timedelta(seconds=30)
_MOST_STRIKES: Final = 13


class Budgets:
    """What may be asked. Safe between threads and processes."""

    def __init__(self, store: Store, sizes: Mapping[str, int]) -> None:
        """`sizes`: attempts a day of each bucket."""
        self._store = store
        self._sizes = sizes

    def spend(self, bucket: Bucket, endpoint: str) -> None:
        """Count an attempt that is about to be made; raises AppPaused, EndpointGone and BucketClosed: don't ask."""
        now = utc_now()
        if (app := self.quota(APP)).closed_until is not None and app.closed_until > now:
            raise AppPaused(_closed(app, "The app"), app.closed_until)
        if (gone := self.quota(endpoint)).closed_until is not None and gone.closed_until > now:
            raise EndpointGone(_closed(gone, endpoint), gone.closed_until)

        def counted(quota: Quota) -> Quota:
            if quota.closed_until is not None and quota.closed_until > now:
                raise BucketClosed(_closed(quota, f"The bucket {bucket!r}"), quota.closed_until)
            attempts = _of_last_day(quota, now)
            if sum(attempts.values()) >= self._sizes[bucket]:
                until = _begun(min(attempts)) + _DAY + timedelta(minutes=_SLOT_MINUTES)
                raise BucketClosed(
                    f"The {self._sizes[bucket]} requests a day of the bucket {bucket!r} are used up; the next one is "
                    f"free at {until:%Y-%m-%d %H:%M} UTC.", until,
                )  # fmt: skip
            slot = _slot(now)
            return msgspec.structs.replace(quota, attempts={**attempts, slot: attempts.get(slot, 0) + 1})

        self._change(bucket, counted)

    def size(self, bucket: str) -> int:
        """Attempts a day."""
        return self._sizes[bucket]

    def quota(self, name: str) -> Quota:
        """What is known of a bucket, an endpoint or the app."""
        return self._store.get(collections.quotas, name) or Quota(id=name)

    def quotas(self) -> Mapping[str, Quota]:
        """All that is known, by bucket, endpoint and app."""
        return {quota.id: quota for quota in self._store.find(collections.quotas)}

    def close(self, name: str, wait: timedelta | None, cause: str) -> datetime:
        """Close a bucket, an endpoint or the app; None: Spotify did not say for how long, so 30 s, and twice as long
        each time in a row, a day at most. Never opens earlier than it would have."""
        now = utc_now()
        until = now

        def closed(quota: Quota) -> Quota:
            nonlocal until
            strikes = 0 if wait is not None else min(quota.strikes + 1, _MOST_STRIKES)
            until = now + (wait if wait is not None else min(_FIRST_WAIT * 2 ** (strikes - 1), _DAY))
            if quota.closed_until is not None and quota.closed_until > until:
                until = quota.closed_until
            return msgspec.structs.replace(quota, closed_until=until, cause=cause, strikes=strikes)

        self._change(name, closed)
        return until

    def try_again(self) -> None:
        """Somebody asks who may have mended it: where the owner's Premium was missing, the next request is made."""
        now = utc_now()

        def opened(quota: Quota) -> Quota:
            is_waiting = quota.cause == NO_PREMIUM and quota.closed_until is not None and quota.closed_until > now
            return msgspec.structs.replace(quota, closed_until=now) if is_waiting else quota

        if self.quota(APP).cause == NO_PREMIUM:
            self._change(APP, opened)

    def answered(self, endpoint: str) -> None:
        """Spotify answered: where something had been closed until a time that is over, all begins anew."""
        now = utc_now()

        def opened(quota: Quota) -> Quota:
            if quota.closed_until is not None and quota.closed_until > now:  # closed meanwhile, by another
                return quota
            return msgspec.structs.replace(quota, strikes=0, closed_until=None, cause=None)

        for name in (APP, endpoint):
            quota = self.quota(name)
            if quota.closed_until is not None and quota.closed_until <= now:
                self._change(name, opened)

    def _change(self, name: str, changed: Callable[[Quota], Quota]) -> None:
        while True:
            before = self._store.get(collections.quotas, name)
            if before is None:
                if not self._store.insert(collections.quotas, [changed(Quota(id=name))]):
                    return
                continue
            after = msgspec.structs.replace(changed(before), revision=before.revision + 1)
            if self._store.replace(collections.quotas, after, before.revision):
                return


def used(quota: Quota, now: datetime) -> int:
    """Attempts of the last 24 hours."""
    return sum(_of_last_day(quota, now).values())


def _closed(quota: Quota, what: str) -> str:
    return f"{what} is not asked before {quota.closed_until:%Y-%m-%d %H:%M:%S} UTC: {quota.cause}"


def _of_last_day(quota: Quota, now: datetime) -> dict[str, int]:
    # A slot counts until its last attempt is a day old.
    first = _slot(now - _DAY)
    return {slot: count for slot, count in quota.attempts.items() if slot >= first}


def _slot(instant: datetime) -> str:
    return instant.replace(minute=instant.minute // _SLOT_MINUTES * _SLOT_MINUTES).strftime(_SLOT)


def _begun(slot: str) -> datetime:
    return datetime.strptime(slot, _SLOT).replace(tzinfo=UTC)
