"""What a benchmark answers: named figures with their units, and the machine and versions they are true of."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

import msgspec
import numpy as np

_DIGITS: Final = 4
"""Of a figure that is kept: more say nothing."""


class Figure(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One measured figure."""

    name: str
    unit: str
    value: float
    """Of several measurements, their median; where the best counts, that one's."""
    measured: str
    """How often, and what `value` is of it."""
    store: str | None = None
    """What kept the plays; None where no store has a part in it."""
    plays: int | None = None
    """How many plays the listener has; None where the figure is of one size alone."""
    p95: float | None = None
    """What 95 of 100 measurements stay below; only where there were enough."""
    values: list[float] = []
    """Every measurement; left out where `p95` is there."""


class Machine(msgspec.Struct, frozen=True):
    """Where the figures were measured."""

    cpu: str
    cores: int
    """Those this process may use."""
    memory_mb: int
    system: str
    python: str
    libraries: dict[str, str]
    """Name -> version."""


class Results(msgspec.Struct, frozen=True):
    """One run of the benchmark."""

    command: str
    measured_at: str
    """The date, UTC."""
    commit: str
    """Git's name of what was measured; ends in `+` where files had changed since."""
    machine: Machine
    figures: list[Figure]


def figure_of(
    name: str, unit: str, values: Sequence[float], store: str | None = None, plays: int | None = None
) -> Figure:
    """The median of one measurement or of several, all of them kept."""
    kept = [rounded(value) for value in values]
    measured = "once" if len(kept) == 1 else f"median of {len(kept)}"
    return Figure(
        name=name, unit=unit, value=rounded(median(values)), measured=measured, store=store, plays=plays, values=kept
    )


def best_figure(name: str, unit: str, values: Sequence[float], best: int, plays: int) -> Figure:
    """What came out in the round that went best, at that place among all rounds."""
    kept = [rounded(value) for value in values]
    measured = "once" if len(kept) == 1 else f"best of {len(kept)}"
    return Figure(name=name, unit=unit, value=kept[best], measured=measured, plays=plays, values=kept)


def distribution_of(name: str, unit: str, values: Sequence[float], plays: int) -> Figure:
    """The median and the 95th percentile of many measurements."""
    middle, high = np.percentile(values, [50, 95]).tolist()
    return Figure(
        name=name, unit=unit, value=rounded(middle), p95=rounded(high), measured=f"{len(values)} times", plays=plays
    )


def rounded(value: float) -> float:
    """The value to as many digits as are kept; whole numbers stay whole."""
    return float(round(value)) if abs(value) >= 10**_DIGITS else float(f"{value:.{_DIGITS}g}")


def results_from(path: Path) -> Results:
    """The results that lie in a file. Raises FileNotFoundError and msgspec.DecodeError."""
    return msgspec.json.decode(path.read_bytes(), type=Results)


def write_results(path: Path, results: Results) -> None:
    """Keep the results, for people to read too."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")
