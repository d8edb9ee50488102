"""Token buckets: how often something may happen, for each name apart."""

import time
from operator import itemgetter


class Buckets:
    """A bucket for each name, full at first. Used by the event loop alone; bounded in memory.

    Of a bucket only the time is kept at which it will be full again, so that a token costs one number.
    """

    def __init__(self, per_second: float, *, burst: float, most: int = 4_096) -> None:
        """`burst`: tokens that a full bucket holds, one at least; `most`: names that are remembered."""
        self._of_a_token = 1 / per_second
        self._of_all = max(burst, 1) / per_second
        self._most = most
        self._full_at: dict[str | None, float] = {}

    def take(self, name: str | None) -> float | None:
        """Take a token; where there is none, the seconds until there is one."""
        now = time.monotonic()
        full_at = self._full_at.get(name, now)
        after = (full_at if full_at > now else now) + self._of_a_token
        wait = after - now - self._of_all
        # A rounding error of the clock's seconds is no reason to refuse.
        if wait > 1e-6:
            return wait
        self._full_at[name] = after
        if len(self._full_at) > self._most:
            self._forget_fullest()
        return None

    def _forget_fullest(self) -> None:
        """Forget half: to forget a full bucket changes nothing, and to forget one nearly full little."""
        emptiest = sorted(self._full_at.items(), key=itemgetter(1))[len(self._full_at) // 2 :]
        self._full_at = dict(emptiest)
