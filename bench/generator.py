"""The load generator: wrk, of Debian, asking a list of questions over and over from many connections."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from bench.jobs import JobFailed
from bench.machine import PROJECT

_SCRIPT: Final = PROJECT / "bench" / "load.lua"
_PATIENCE_SECONDS: Final = 60


class Target(NamedTuple):
    """What is asked for: a path, with a key where one is needed."""

    path: str
    key: str = ""


class Round(msgspec.Struct, frozen=True):
    """How one round of load went."""

    requests: int
    seconds: float
    failures: int
    """Answers above 399 and those that did not come."""
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def check_generator() -> None:
    """Raises JobFailed where there is no wrk, with how to get it."""
    if shutil.which("wrk") is None:
        raise JobFailed(
            "The load is made with wrk, which is not installed: `apt-get install wrk` on Debian and Ubuntu, "
            "`brew install wrk` on macOS. `--no-load` measures everything else."
        )


def load_round(address: str, targets: Iterable[Target], folder: Path, *, connections: int, seconds: int) -> Round:
    """One round: `connections` ask for so many seconds, each for the next of the targets when it has its answer.

    Only for a service on this machine. Raises JobFailed where wrk fails or nothing is answered.
    """
    if not address.startswith("http://127.0.0.1:"):
        raise ValueError(f"{address} is not on this machine")
    listed = folder / "targets.tsv"
    listed.touch(mode=0o600)
    listed.write_text("".join(f"{target.path}\t{target.key}\n" for target in targets), encoding="utf-8")
    command = [
        "wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s", "--timeout", "10s",
        "--script", str(_SCRIPT), address, str(listed),
    ]  # fmt: skip
    process = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False)
    if process.returncode != 0:
        raise JobFailed(f"wrk: {process.stderr.strip() or process.stdout.strip()}")
    told = msgspec.json.decode(process.stdout.rstrip().rpartition("\n")[2], type=Round)
    if not told.requests:
        raise JobFailed(f"{address} answered nothing for {seconds} s")
    return told
