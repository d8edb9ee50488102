"""Figures as a table: a row a figure, a column a store and size."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.table import Table

from bench.figures import Figure, Results

_NONE: Final = "–"


@dataclass(frozen=True)
class Grid:
    """What both kinds of table show."""

    columns: list[str]
    rows: list[tuple[str, list[str]]]
    """A name, and a cell for each column."""
    others: list[str]
    """Figures that belong to no size, a line each."""


def grid_of(figures: Sequence[Figure]) -> Grid:
    """The figures by name and size. A figure of no store stands with the first store's of its size."""
    stores = list(dict.fromkeys(figure.store for figure in figures if figure.store))
    first = stores[0] if stores else None
    sized = [figure for figure in figures if figure.plays is not None]
    places = list(dict.fromkeys((figure.store or first, figure.plays) for figure in sized))
    places.sort(key=lambda place: (stores.index(place[0]) if place[0] else 0, place[1]))
    cells = {(figure.name, (figure.store or first, figure.plays)): _cell(figure) for figure in sized}
    return Grid(
        columns=[f"{plays:,} plays" + (f", {store}" if store else "") for store, plays in places],
        rows=[
            (name, [cells.get((name, place), _NONE) for place in places])
            for name in dict.fromkeys(figure.name for figure in sized)
        ],
        others=[f"{figure.name}: {_cell(figure)}" for figure in figures if figure.plays is None],
    )


def rich_table(title: str, figures: Sequence[Figure]) -> Table:
    """The figures for a terminal."""
    grid = grid_of(figures)
    table = Table("", title=title, caption="\n".join(grid.others) or None)
    for column in grid.columns:
        table.add_column(column, justify="right")
    for name, cells in grid.rows:
        table.add_row(name, *cells)
    return table


def markdown(results: Results) -> str:
    """The figures for the README, with the command that made them and the machine they are true of."""
    whole, each = (
        grid_of([figure for figure in results.figures if (figure.p95 is None) == is_whole])
        for is_whole in (True, False)
    )
    machine = results.machine
    versions = ", ".join(f"{name} {version}" for name, version in machine.libraries.items())
    lines = [
        f"Measured with `{results.command}` on {results.measured_at}, commit `{results.commit or 'unknown'}`: "
        f"{machine.cpu}, {machine.cores} cores, {machine.memory_mb / 1024:.0f} GB, {machine.system}, "
        f"Python {machine.python}, {versions}.",
        "",
        *_lines(whole),
        *(f"{other}.\n" for other in whole.others),
        "Imports and starts are medians of fresh processes. The load is the mix of `bench/mix.py`, asked by wrk on the "
        "same machine of the service as it is shipped, in two processes. All of it stands in `bench/results.json`.",
        "",
        "<details><summary>Each statistic</summary>",
        "",
        "From columns to JSON and, where it says so, over HTTP; no answer is kept, and each time it is asked of plays "
        f"that no question was about before: {_repeated(results.figures)}.",
        "",
        *_lines(each),
        "</details>",
    ]
    return "\n".join(lines) + "\n"


def _lines(grid: Grid) -> list[str]:
    return [
        _line(["", *grid.columns]),
        _line(["---", *("---:" for _ in grid.columns)]),
        *(_line([name, *cells]) for name, cells in grid.rows),
        "",
    ]


def _repeated(figures: Iterable[Figure]) -> str:
    often = sorted({figure.measured for figure in figures if figure.p95 is not None})
    return f"median (95th percentile) of {' and '.join(often) or 'none'}"


def _cell(figure: Figure) -> str:
    if figure.p95 is not None:
        return f"{_number(figure.value)} ({_number(figure.p95)}) {figure.unit}"
    return f"{_number(figure.value)} {figure.unit}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or not value else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
