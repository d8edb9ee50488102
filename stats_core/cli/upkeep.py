"""`spotify-stats sample` and `rebuild`: what an operator needs now and then."""

from pathlib import Path

import click
from rich.console import Console

from stats_core.cli.opening import opened_store, told_to_wait
from stats_core.history.catalogue_writing import write_catalogue
from stats_core.sample import sample_catalogue, sample_export

messages = Console(stderr=True, highlight=False)


@click.command()
@click.option("--plays", type=int, default=25_000, show_default=True, help="How many plays there are.")
@click.option("--years", type=int, default=6, show_default=True, help="Over how many years.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same listening.")
@click.option("--generation", type=click.IntRange(1, 5), default=5, show_default=True, help="Of the extended history.")
@click.option("--account", is_flag=True, help="Account data of the last year instead.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The ZIP to write.")
@click.option(
    "--catalogue", "part", metavar="PART", type=float,
    help="Of this part of the tracks (0 to 1), put a made-up catalogue into the store, too.",
)  # fmt: skip
def sample(plays: int, years: int, seed: int, generation: int, account: bool, output: Path, part: float | None) -> None:
    """Write a made-up export, for trying things out."""
    known = None if part is None else sample_catalogue(plays, years, seed, part)
    report = sample_export(plays, years, seed, generation, account, output=output)
    for member, rows in report.rows.items():
        messages.print(f"{rows:>9,} rows  {member}")
    if known is not None:
        with opened_store() as (_, store):
            write_catalogue(store, *known, waiting=told_to_wait)
        counts = (f"{len(documents):,} {name}" for name, documents in known._asdict().items())
        messages.print(f"Catalogue: {', '.join(counts)}")


@click.command()
@click.option("--user", help="Only this listener; everybody unless given.")
def rebuild(user: str | None) -> None:
    """Drop everything derived (columns, totals, tops) and make it anew from the plays."""
    from stats_core.aggregates.rebuilding import rebuild_derived  # noqa: PLC0415 - pandas takes a while to load

    with opened_store() as (_, store):
        rebuilt = rebuild_derived(
            store,
            user,
            waiting=told_to_wait,
            done=lambda one: messages.print(f"{one.user}: {one.plays:,} plays, {len(one.published)} months made anew"),
        )
    if not rebuilt:
        messages.print("There is no listener yet: nothing to rebuild.")
