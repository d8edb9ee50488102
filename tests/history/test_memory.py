"""What was freed is the system's again."""

import sys

import numpy as np
import psutil
import pytest

from stats_core.memory import give_back


@pytest.mark.skipif(sys.platform != "linux", reason="other C libraries give it back by themselves")
def test_what_was_freed_below_something_that_stays_goes_back_to_the_system() -> None:
    process = psutil.Process()
    # Small enough to lie in the heap, not in pages of its own.
    blocks = [np.ones(30_000, np.uint8) for _ in range(3_000)]
    held = process.memory_info().rss
    kept = blocks[-1]
    del blocks
    give_back()
    assert process.memory_info().rss < held - 60_000_000
    assert kept.all()
