"""What goes wrong: faults that tests order, and quotas and rate limits that requests run into."""

import math
from dataclasses import dataclass, replace
from typing import Final

HOUR: Final = 3_600
DAY: Final = 24 * HOUR
_WINDOW: Final = 30
"""Seconds that the rate limit looks back."""
_NEVER_LIMITED: Final = frozenset({"token", "authorize"})


@dataclass
class Fault:
    """What goes wrong with the next requests of a bucket (`token` is one, too)."""

    status: int = 500
    message: str = ""
    reason: str | None = None
    retry_after: str | None = None
    times: int = 1
    body: bytes | None = None
    """Instead of what would say so."""
    cut: bool = False
    """The connection ends in the middle of the answer."""
    seconds: float = 0
    """So long nothing comes; then all is well."""
    until: float | None = None
    """With all requests before this instant, seconds since 1970, and not `times`."""


READY: Final = {
    "rate": Fault(429, "API rate limit exceeded", retry_after="20"),
    "rate-without-wait": Fault(429, "API rate limit exceeded"),
    "quota": Fault(429, "Too many requests", "QUOTA_EXCEEDED", "86207"),
    "broken": Fault(500, "Server error."),
    "gateway": Fault(502, body=b"<html>Bad gateway"),
    "unavailable": Fault(503, "Service unavailable"),
    "slow": Fault(seconds=3),
    "cut": Fault(cut=True),
    "malformed": Fault(200, body=b'{"items": ['),
    "text": Fault(400, body=b'{"error":"text"}'),
    "nothing": Fault(204),
    "removed": Fault(403, "Forbidden"),
    "premium": Fault(403, "Active premium subscription required for the owner of the app."),
    "unlisted": Fault(403, "User not registered in the Developer Dashboard"),
    "unlisted-otherwise": Fault(
        403, "Check settings on developer.spotify.com/dashboard, the user may not be registered."
    ),
    "scope": Fault(403, "Insufficient client scope"),
    "token": Fault(401, "The access token expired"),
}
"""By name, what can be ordered as it is."""


class Traffic:
    """What was asked lately, and what is wrong with the next request."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Fault]] = {}
        self._spent: dict[str, list[float]] = {}
        self._closed: dict[str, float] = {}
        self._lately: list[float] = []

    def order(self, bucket: str, fault: Fault) -> None:
        """Let something go wrong, once all that was ordered before has."""
        self._waiting.setdefault(bucket, []).append(replace(fault))

    def clear(self) -> None:
        """Nothing goes wrong any more of what was ordered."""
        self._waiting.clear()

    def fault(self, bucket: str, now: float, size: int | None, rate: int | None) -> Fault | None:
        """What is wrong with this request: `size` may be made a day in its bucket, `rate` in 30 s in all."""
        return self._ordered(bucket, now) or self._too_fast(bucket, now, rate) or self._used_up(bucket, now, size)

    def _ordered(self, bucket: str, now: float) -> Fault | None:
        waiting = self._waiting.get(bucket, [])
        waiting[:] = [each for each in waiting if each.until is None or now < each.until]
        if not waiting:
            return None
        first = waiting[0]
        if first.until is None:
            first.times -= 1
            if first.times <= 0:
                waiting.pop(0)
        return first

    def _too_fast(self, bucket: str, now: float, rate: int | None) -> Fault | None:
        if bucket in _NEVER_LIMITED:
            return None
        self._lately = [at for at in self._lately if at > now - _WINDOW]
        if rate is not None and len(self._lately) >= rate:
            free = self._lately[0] + _WINDOW if self._lately else now + _WINDOW
            return replace(READY["rate"], retry_after=_wait(free - now))
        self._lately.append(now)
        return None

    def _used_up(self, bucket: str, now: float, size: int | None) -> Fault | None:
        spent = self._spent[bucket] = [at for at in self._spent.get(bucket, []) if at > now - DAY]
        if size is None or len(spent) < size:
            spent.append(now)
            return None
        if now < self._closed.get(bucket, 0):  # was told so: asking all the same makes it longer
            spent.append(now)
        until = self._closed[bucket] = (spent[-size] if size else now) + DAY
        return replace(READY["quota"], retry_after=_wait(until - now))


def _wait(seconds: float) -> str:
    return str(max(1, math.ceil(seconds)))
