"""Answers as tables for a terminal. What they need is read from the answer's JSON form, as any consumer would."""

from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SHADES = " ░▒▓█"


def listened(ms: int) -> str:
    """Milliseconds as hours and minutes."""
    hours, minutes = divmod(round(ms / 60_000), 60)
    return f"{hours:,} h {minutes:02} min"


def summary_table(answer: object) -> Table:
    """A summary, a line each."""
    told = _plain(answer)
    table = Table(title=_period(told), show_header=False)
    for name in ("plays", "tracks", "artists", "albums", "active_days"):
        table.add_row(name.replace("_", " "), f"{told[name]:,}")
    table.add_row("listened", listened(told["ms"]))
    for name in ("first_play", "last_play"):
        table.add_row(name.replace("_", " "), told[name] or "")
    return table


def top_table(statistic: str, answer: object) -> Table:
    """A top, a line an entry."""
    told = _plain(answer)
    entries: list[dict[str, Any]] = told["items"]
    by = [name for name in ("artist", "album") if entries and name in entries[0]]
    table = Table(
        "#", "name", *by, "plays", "listened", "share", title=f"{statistic}, {told['total']:,} in all, {_period(told)}"
    )
    for entry in entries:
        table.add_row(
            f"{entry['rank']:,}",
            entry["name"] or f"({entry['id']})",
            *(entry[name] or "" for name in by),
            f"{entry['plays']:,}",
            listened(entry["ms"]),
            f"{100 * entry['share']:.1f} %",
        )
    return table


def heat_map(answer: object) -> Table:
    """A clock: weekday by hour, darker where more was played."""
    told = _plain(answer)
    most = max(max(row) for row in told["plays"]) or 1
    table = Table(title="When: weekday by hour", box=None, padding=(0, 0))
    table.add_column("")
    for hour in range(24):
        table.add_column(f"{hour:02}" if hour % 3 == 0 else "", width=2)
    for day, row in zip(_DAYS, told["plays"], strict=True):
        shades = (_SHADES[-(-plays * (len(_SHADES) - 1) // most)] * 2 for plays in row)
        table.add_row(f"{day} ", *(Text(shade, style="green") for shade in shades))
    return table


def _plain(answer: object) -> dict[str, Any]:
    plain: dict[str, Any] = answer if isinstance(answer, dict) else msgspec.to_builtins(answer)
    return plain


def _period(told: dict[str, Any]) -> str:
    period = told["period"]
    if period["start"] is None:
        return "no plays yet"
    return f"{period['start'][:10]} to {period['end'][:10]}, {period['timezone']}"
