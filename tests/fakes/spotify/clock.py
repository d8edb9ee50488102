"""The fake's time: the machine's, moved or stopped by whoever tests."""

import time
from collections.abc import Callable
from datetime import datetime


class Clock:
    """Seconds since 1970, when called."""

    def __init__(self, base: Callable[[], float] = time.time) -> None:
        """`base`: what it follows."""
        self._base = base
        self._ahead = 0.0
        self._stopped: float | None = None

    def __call__(self) -> float:
        return self._base() + self._ahead if self._stopped is None else self._stopped

    def set(self, at: datetime) -> None:
        """It is that instant from now on, and goes on from there if it goes."""
        if self._stopped is None:
            self._ahead = at.timestamp() - self._base()
        else:
            self._stopped = at.timestamp()

    def stop(self, at: datetime | None = None) -> None:
        """It stands still, at that instant or at this one."""
        self._stopped = self() if at is None else at.timestamp()

    def go(self) -> None:
        """It goes on from where it stands."""
        self._ahead, self._stopped = self() - self._base(), None

    def follow(self) -> None:
        """It is what the machine says."""
        self._ahead, self._stopped = 0.0, None

    def forward(self, seconds: float) -> None:
        """So much later."""
        if self._stopped is None:
            self._ahead += seconds
        else:
            self._stopped += seconds
