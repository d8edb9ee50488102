"""Reads sample exports back, with nothing of the importer."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from stats_core.sample import SampleReport

Row = dict[str, Any]
Sample = Callable[..., SampleReport]

PLAYS, YEARS, SEED = 4_000, 6, 1


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def history_files(report: SampleReport) -> dict[str, list[Any]]:
    """Each file of listening history and all its rows."""
    content = members(report.output)
    return {path: msgspec.json.decode(content[path]) for path in report.rows}


def is_sound(row: Any) -> bool:
    return (
        isinstance(row, dict) and isinstance(row["ms_played"], int) and row["ms_played"] >= 0 and row["ts"][:2] == "20"
    )


def sound_rows(report: SampleReport) -> list[Row]:
    return [row for rows in history_files(report).values() for row in rows if is_sound(row)]


def account_rows(report: SampleReport, what: str) -> list[Row]:
    return [row for path, rows in history_files(report).items() if f"_{what}_" in path for row in rows]
