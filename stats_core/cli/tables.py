"""Answers as tables for a terminal. What they need is read from the answer's JSON form, as any consumer would."""

from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SHADES = " ░▒▓█"
_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " ")


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
    """A top, a line an entry; with the change of rank where there is a period before."""
    told = _plain(answer)
    entries: list[dict[str, Any]] = told["items"]
    by = [name for name in ("artist", "album") if any(entry[name] for entry in entries)]
    before = told["before"]
    title = f"{statistic}, {told['total']:,} in all, {_period(told)}"
    if before is not None:
        title += f", change against {_dates(before)}"
    table = Table("#", *([] if before is None else ["change"]), "name", *by, "plays", "listened", "share", title=title)
    for entry in entries:
        table.add_row(
            f"{entry['rank']:,}",
            *([] if before is None else [_change(entry)]),
            as_it_is(entry["name"] or f"({entry['id']})"),
            *(as_it_is(entry[name] or "") for name in by),
            f"{entry['plays']:,}",
            listened(entry["ms"]),
            f"{100 * entry['share']:.1f} %",
        )
    return table


def as_it_is(name: str) -> Text:
    """A name that others chose: neither markup of ours nor commands to the terminal."""
    return Text(name.translate(_CONTROLS))


def _change(entry: dict[str, Any]) -> Text:
    """How many places an entry has climbed or fallen since the period before."""
    if entry["previous_rank"] is None:
        return Text("new" if entry["new"] else "back", style="cyan")
    climbed = entry["previous_rank"] - entry["rank"]
    if climbed == 0:
        return Text("=")
    return Text(f"▲ {climbed:,}", style="green") if climbed > 0 else Text(f"▼ {-climbed:,}", style="red")


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
    return f"{_dates(period)}, {period['timezone']}"


def _dates(period: dict[str, Any]) -> str:
    return f"{period['start'][:10]} to {period['end'][:10]}"
