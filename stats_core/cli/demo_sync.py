"""The demo's other listener: one whose plays come from Spotify's Web API, or from what stands in for it."""

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import click
import httpx
from rich.table import Table

from stats_core.cli.tables import as_it_is

SYNCED: Final = "ann"
"""The listener's name."""
_SHOWN: Final = 5


@contextmanager
def stand_in(command: str | None) -> Iterator[dict[str, str]]:
    """Run what stands in for Spotify: it writes the settings by which it is found, a line each, then an empty line.

    None: nothing stands in, and there are no settings.
    """
    if command is None:
        yield {}
        return
    with subprocess.Popen(shlex.split(command), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            lines = iter(lambda: process.stdout.readline().strip() if process.stdout else "", "")
            found = dict(line.split("=", 1) for line in lines)
            if not found:
                raise click.ClickException(f"What should stand in for Spotify did not start: {command}")
            yield found
        finally:
            process.terminate()


def log_in(url: str) -> None:
    """Be the person's browser: open the address, and follow it back to the REST service."""
    httpx.get(url, follow_redirects=True, timeout=30).raise_for_status()


def synced_table(status: dict[str, Any], plays: list[dict[str, Any]]) -> Table:
    """What a poll brought, the latest first."""
    until = str(status["login"]["ends_at"])[:10]
    title = f"{status['user']}, synced: {status['page']} plays at the last poll, the login holds until {until}"
    table = Table("start", "name", "artist", "listened", "source", title=title)
    for play in plays[:_SHOWN]:
        estimated = " (estimated)" if play["estimated"] else ""
        told = (as_it_is(play[name] or "") for name in ("name", "artist"))
        table.add_row(_short(play["start"]), *told, f"{play['ms'] / 1000:,.0f} s{estimated}", play["source"])
    return table


def known_table(coverages: dict[str, dict[str, float]]) -> Table:
    """How well each listener's time is known, beside each other."""
    classes = ("complete", "account", "preview", "gap", "unknown")
    table = Table("listener", *classes, title="How well their time is known")
    for user, shares in coverages.items():
        table.add_row(user, *(f"{100 * shares[name]:.0f} %" for name in classes))
    return table


def _short(instant: str | None) -> str:
    return (instant or "now")[:16].replace("T", " ")
