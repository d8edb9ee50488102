"""A made-up export as a ZIP, written at once or not at all.

The same arguments give the same members, byte for byte, on any machine and Python. The ZIP around them is deflated, as
Spotify's is (stored it would be eight times as large, and reading it no test of unpacking): its own bytes are the same
wherever zlib is, since another zlib may pack the same members tighter.
"""

import os
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from stats_core.errors import InvalidParameter
from stats_core.sample.account import account_members
from stats_core.sample.extended import BROKEN_ROWS, Member, extended_members
from stats_core.sample.generations import GENERATIONS
from stats_core.sample.listening import made_up_history

UNTIL = date(2025, 10, 31)
"""The last day of a made-up history, unless told otherwise: no clock is asked."""
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_DEFLATE_LEVEL = 6


@dataclass(frozen=True)
class SampleReport:
    """What was written."""

    output: Path
    rows: dict[str, int]
    """Rows of each member that holds listening history, in the order of the ZIP, broken rows included."""
    broken: int
    """How many of them no importer can keep."""


def sample_export(
    plays: int,
    years: int,
    seed: int,
    generation: int = 5,
    account: bool = False,
    *,
    output: Path,
    until: date = UNTIL,
) -> SampleReport:
    """Write the made-up history of `plays` streams over the `years` that end with the day `until`.

    Generation and `account` change the clothes only: the same plays, years and seed are the same listening, of which
    generations 1 to 4 leave out audiobooks, and account data (always the present kind) all but the last 12 months.
    Raises InvalidParameter for what can't be, and leaves a file that is there as it is until the new one is whole.
    """
    if generation not in GENERATIONS:
        raise InvalidParameter("generation", str(generation), [str(each) for each in GENERATIONS])
    if not output.parent.is_dir() or output.is_dir():
        raise InvalidParameter("output", str(output), "a file in a folder that exists")
    history = made_up_history(plays, years, seed, until)
    members = account_members(history, until) if account else extended_members(history, generation)
    # Hidden and .part, so that an inbox lets it be.
    unfinished = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        rows = _zipped(members, unfinished)
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)
    return SampleReport(output, rows, broken=0 if account else BROKEN_ROWS)


def _zipped(members: Iterable[Member], path: Path) -> dict[str, int]:
    rows: dict[str, int] = {}
    with zipfile.ZipFile(path, "w") as archive:
        for member in members:
            entry = zipfile.ZipInfo(member.path, date_time=_LONG_AGO)
            # Else the ZIP would tell which system wrote it.
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, member.data, zipfile.ZIP_DEFLATED, _DEFLATE_LEVEL)
            if member.rows is not None:
                rows[member.path] = member.rows
    return rows
