"""Closing an import: its document with what became of every row and file."""

from datetime import datetime
from typing import Final

import msgspec
import numpy as np

from stats_core.clock import instant, utc_now
from stats_core.documents.imports import Import, ImportFile
from stats_core.documents.words import ImportStatus, State
from stats_core.exports.parse import ParsedFile
from stats_core.exports.reading import ReadExport, ReadFile
from stats_core.history.ledger import counted
from stats_core.history.rewriting import Arriving

_COUNTED_STATES: Final = 6


class Ledger:
    """What the rows of each file end as."""

    def __init__(self, files: list[ReadFile]) -> None:
        self._counts = np.zeros((len(files), _COUNTED_STATES), np.int64)

    def count(self, arriving: Arriving, states: "np.ndarray[tuple[int], np.dtype[np.int8]]") -> None:
        """Add a month's rows."""
        np.add.at(self._counts, (arriving.file, states), 1)

    def of(self, position: int, parsed: ParsedFile) -> dict[State, int]:
        """The states of one file's rows: their sum is its number of rows."""
        states = counted(np.repeat(np.arange(_COUNTED_STATES, dtype=np.int8), self._counts[position]))
        invalid = parsed.total - len(parsed.rows)
        return {**states, "invalid": invalid} if invalid else states


def closed_import(document: Import, export: ReadExport, ledger: Ledger) -> Import:
    """The import's document with what became of everything."""
    files = [_import_file(position, file, ledger) for position, file in enumerate(export.files)]
    states: dict[State, int] = {}
    for file in files:
        for state, count in file.states.items():
            states[state] = states.get(state, 0) + count
    statuses = {file.status for file in files}
    status: ImportStatus = (
        "imported" if statuses == {"imported"} else "partial" if "imported" in statuses else "refused"
    )
    firsts = [file.first_play for file in files if file.first_play]
    lasts = [file.last_play for file in files if file.last_play]
    return msgspec.structs.replace(
        document,
        status=status,
        reason=next((file.reason for file in files), None) if status == "refused" else None,
        finished_at=document.finished_at or utc_now(),
        generations=sorted({file.generation for file in files if file.generation}),
        rows=sum(file.rows for file in files),
        states=states,
        files=files,
        ignored=export.ignored,
        first_play=min(firsts, default=None),
        last_play=max(lasts, default=None),
    )


def _import_file(position: int, file: ReadFile, ledger: Ledger) -> ImportFile:
    parsed = file.parsed
    first, last, end = _span(parsed)
    return ImportFile(
        path=file.path,
        status=file.status,
        generation=file.generation,
        rows=parsed.total if parsed else 0,
        states=ledger.of(position, parsed) if parsed else {},
        invalid=parsed.invalid if parsed else [],
        reason=file.reason,
        first_play=first,
        last_play=last,
        last_end=end,
    )


def _span(parsed: ParsedFile | None) -> tuple[datetime | None, datetime | None, datetime | None]:
    """When the first play began, when the last one did, and when the last one ended."""
    if parsed is None or not len(parsed.rows):
        return None, None, None
    starts, ends = parsed.observations.starts(), parsed.observations.end
    return instant(int(starts.min())), instant(int(starts.max())), instant(int(ends.max()))
