"""How long the demo takes from a dropped file to the first answer.

The file is dropped as soon as the REST service answers: all but the first seconds of Dagster's start are in it.
"""

import re
import subprocess
import sys
from typing import Final

from bench.figures import Figure, figure_of
from bench.jobs import JobFailed
from bench.machine import PROJECT

_TOLD: Final = re.compile(r"From dropped file to first answer: ([0-9.]+) s")
_PATIENCE_SECONDS: Final = 600


def demo_figure() -> Figure:
    """Runs `spotify-stats demo --exit`, which tells how long it took. Raises JobFailed where it does not."""
    process = subprocess.run(
        [sys.executable, "-m", "stats_core.cli", "demo", "--exit"],
        capture_output=True, text=True, cwd=PROJECT, timeout=_PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    return figure_of(
        "`make demo`, from dropped file (25,000 rows) to first answer", "s", [seconds_told(process.stderr)]
    )


def seconds_told(said: str) -> float:
    """The seconds that the demo tells among other messages. Raises JobFailed where it tells none."""
    told = _TOLD.search(said)
    if told is None:
        raise JobFailed(f"the demo told no time:\n{said.strip()}")
    return float(told[1])
