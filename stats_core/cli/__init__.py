"""The command line `spotify-stats`: answers on stdout, progress and messages on stderr."""

import click

from stats_core.cli.asking import summary, top
from stats_core.cli.demo import demo
from stats_core.cli.diagnosis import doctor
from stats_core.cli.importing import import_command
from stats_core.cli.keys import key, list_keys, revoke_key
from stats_core.cli.serving import api, up
from stats_core.cli.syncing import login, logout, sync
from stats_core.cli.upkeep import rebuild, sample
from stats_core.errors import InvalidParameter, StatsError


class _Commands(click.Group):
    """Says what went wrong in one line: a traceback is for mistakes in the code."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except InvalidParameter as error:
            raise click.UsageError(str(error)) from error
        except StatsError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="spotify-stats")
def main() -> None:
    """Your whole Spotify listening history, on your own machine."""


for command in (
    up, api, demo, import_command, login, logout, sync, summary, top, key, list_keys, revoke_key, sample, rebuild,
    doctor,
):  # fmt: skip
    main.add_command(command)
