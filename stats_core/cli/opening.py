"""What every command opens: the settings, told clearly when they are wrong, and the store."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from pydantic import ValidationError

from stats_core.documents.upkeep import Lease
from stats_core.settings import Settings, made_folder, settings
from stats_core.store import open_store
from stats_core.store.leases import described
from stats_core.store.port import Store


def checked_settings() -> Settings:
    """The settings; what is wrong with them ends the command in one line each."""
    try:
        return settings()
    except ValidationError as error:
        wrong = [f"STATS_{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors()]
        raise click.ClickException("Settings: " + "; ".join(wrong)) from error


def made_data_folder(settings: Settings) -> None:
    """The data folder, made where it is missing; where it can't be, the command ends in one line."""
    try:
        made_folder(settings.data_dir)
    except OSError as error:
        raise click.ClickException(
            f"The data folder {settings.data_dir} cannot be made: {error.strerror}. Set STATS_DATA_DIR to another."
        ) from error


@contextmanager
def opened_store() -> Iterator[tuple[Settings, Store]]:
    """The settings and the store they name, closed at the end."""
    own = checked_settings()
    made_data_folder(own)
    store = open_store(own.database_uri)
    try:
        yield own, store
    finally:
        store.close()


def told_to_wait(lease: Lease) -> None:
    """Tell the person for whom this command waits."""
    click.echo(f"Waiting: {described(lease)}", err=True)
