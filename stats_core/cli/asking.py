"""`spotify-stats summary` and `top`: the REST routes' own answers, no service needed."""

from typing import Final

import click
from rich.console import Console

from stats_core.cli.opening import opened_store
from stats_core.cli.tables import summary_table, top_table
from stats_core.clock import instant_ms, utc_now
from stats_core.history.reader import HistoryReader
from stats_core.insights import STATISTICS, answered
from stats_core.insights.question import Statistic

_TOPS: Final = tuple(name.removeprefix("top/") for name in STATISTICS if name.startswith("top/"))


def _declare(command: click.Command, *statistics: Statistic) -> None:
    """Give a command the options that the statistics declare."""
    for parameter in {p.name: p for statistic in statistics for p in statistic.parameters}.values():
        name = f"--{parameter.name.replace('_', '-')}"
        option = click.Option([name, parameter.name], help=parameter.description, metavar=parameter.example)
        command.params.append(option)
    command.params += (
        click.Option(["--user"], help="The listener; the default listener unless given."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print the REST route's very answer."),
    )


@click.command
def summary(user: str | None, as_json: bool, **given: str | None) -> None:
    """Plays, time, distinct tracks, artists and albums of a period."""
    _answer("summary", user, given, as_json=as_json)


@click.command()
@click.argument("of", type=click.Choice(_TOPS))
def top(of: str, user: str | None, as_json: bool, **given: str | None) -> None:
    """What was played most in a period, or by whom, from where, on what; and how that changed."""
    _answer(f"top/{of}", user, given, as_json=as_json)


_declare(summary, STATISTICS["summary"])
_declare(top, *(STATISTICS[f"top/{of}"] for of in _TOPS))


def _answer(statistic: str, user: str | None, given: dict[str, str | None], *, as_json: bool) -> None:
    asked = {name: value for name, value in given.items() if value is not None}
    with opened_store() as (settings, store):
        heard = HistoryReader(store, 0).read(user or settings.default_user)
        told = answered(statistic, heard, asked, now=instant_ms(utc_now()))
        if as_json:
            click.echo(told.json, nl=False)
            return
        answer = told.answer
    Console().print(summary_table(answer) if statistic == "summary" else top_table(statistic, answer))
