"""`python -m bench`: measure, show, keep."""

import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench.demo import demo_figure
from bench.figures import Figure, Results, results_from, write_results
from bench.generator import check_generator
from bench.jobs import JobFailed
from bench.load import Load
from bench.machine import this_commit, this_machine
from bench.plan import QUICK, Effort, Plan, Step
from bench.readme import README, RESULTS, render
from bench.stores import Measured, SqliteFiles, mongodb_of, published
from bench.table import markdown, rich_table
from stats_core.settings import Settings

_SIZES: Final = (250_000, 1_000_000)
_QUICK_SIZES: Final = (3_000,)

messages = Console(stderr=True, highlight=False)


@click.command()
@click.option("--plays", "sizes", type=click.IntRange(100), multiple=True, help="A size to measure; may be repeated.")
@click.option("--quick", is_flag=True, help="Everything once on a small history, to see that it works.")
@click.option("--imports", type=click.IntRange(1), help="How often each export is imported.")
@click.option("--load/--no-load", default=None, help="Measure the load alone, or all else; both unless given.")
@click.option("--demo", is_flag=True, help="Measure `make demo` too.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Where the results go.")
@click.option("--render", "render_only", is_flag=True, help="Measure nothing; write the README's table anew.")
def bench(
    sizes: tuple[int, ...],
    quick: bool,
    imports: int | None,
    load: bool | None,
    demo: bool,
    output: Path | None,
    render_only: bool,
) -> None:
    """Measure imports, starts and statistics on SQLite, and on the MongoDB that STATS_DATABASE_URI names, if any.

    Then, on SQLite, what load the REST service bears. The results go to bench/results.json and into the README's table;
    those of a quick trial or of a part alone nowhere, unless told.
    """
    if render_only:
        _render(output or RESULTS)
        return
    effort = QUICK if quick else Effort(imports=imports)
    chosen = sorted(set(sizes)) or (_QUICK_SIZES if quick else _SIZES)
    try:
        if load is not False:
            check_generator()
        with _stores() as (folder, stores):
            figures = list(_measured(folder, stores, chosen, effort, load=load, demo=demo))
            kept = published(figures, stores)
    except JobFailed as error:
        raise click.ClickException(str(error)) from error
    results = Results(_command(), datetime.now(UTC).date().isoformat(), this_commit(), this_machine(), kept)
    # As wide as it is, where it goes to a file.
    out = Console() if sys.stdout.isatty() else Console(width=200)
    out.print(rich_table(f"{results.machine.cpu}, {results.machine.cores} cores", figures))
    if len(kept) < len(figures):
        messages.print("Not kept: figures of a store that stands in for another.")
    if output is None and (quick or load is not None):
        return
    write_results(output or RESULTS, results)
    messages.print(f"Written: {output or RESULTS}")
    if output is None or output.resolve() == RESULTS:
        _render(RESULTS)


def _render(path: Path) -> None:
    try:
        results = results_from(path)
    except (OSError, msgspec.DecodeError) as error:
        raise click.ClickException(f"{path}: {error}") from error
    if render(README, results):
        messages.print(f"Written: the table in {README}")
    else:
        messages.print(f"{README} has no markers for the table, which is:")
        click.echo(markdown(results))


@contextmanager
def _stores() -> Iterator[tuple[Path, Sequence[Measured]]]:
    """A folder that goes at the end, and the stores to measure."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spotify-stats-bench-")))
        stores: list[Measured] = [SqliteFiles(folder)]
        uri = Settings().database_uri
        if uri.startswith(("mongodb://", "mongodb+srv://")):
            stores.append(stack.enter_context(mongodb_of(uri)))
        yield folder, stores


def _measured(
    folder: Path, stores: Sequence[Measured], sizes: Sequence[int], effort: Effort, *, load: bool | None, demo: bool
) -> Iterator[Figure]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    # Seldom drawn: what is measured needs the machine.
    with Progress(*columns, console=messages, transient=True, refresh_per_second=2) as progress:
        task = progress.add_task("", total=None)
        step = Step("", 0)

        def tell(following: Step) -> None:
            nonlocal step
            progress.update(task, advance=step.size, description=following.name)
            step = following

        parts: list[Plan | Load] = []
        if load is not True:
            parts.append(Plan(folder, stores, sizes, effort, tell))
        if load is not False:
            parts.append(Load(folder, stores[0], sizes, effort, tell))
        progress.update(task, total=sum(part.size for part in parts))
        for part in parts:
            yield from part.figures()
        if demo:
            tell(Step("the demo", 0))
            yield demo_figure()


def _command() -> str:
    """The command as a person would give it again."""
    given = sys.argv[1:]
    return f"make bench BENCH={shlex.quote(shlex.join(given))}" if given else "make bench"


if __name__ == "__main__":
    bench()
