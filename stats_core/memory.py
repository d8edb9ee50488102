"""Memory: what was freed goes back to the system."""

import ctypes
from collections.abc import Callable
from functools import lru_cache


def give_back() -> None:
    """Give back what a large piece of work needed and left: the C library keeps it, 35 MB of one listener's reading."""
    _trim()(0)


@lru_cache(maxsize=1)
def _trim() -> Callable[[int], object]:
    trim: Callable[[int], object] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim or (lambda _: None)  # glibc alone has it
