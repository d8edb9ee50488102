"""`spotify-stats key`, `keys` and `revoke`: who may ask the REST service what."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stats_core.cli.opening import opened_store
from stats_core.clock import utc_now
from stats_core.documents.keys import AccessKey
from stats_core.documents.words import SCOPES, Scope
from stats_core.errors import InvalidParameter
from stats_core.security.access import ADMIN
from stats_core.security.keys import made_key, own_key, own_keys, revoke, short_id

_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@click.command()
@click.option("--user", "users", multiple=True, help="A listener it opens; several may be given.")
@click.option("--name", default="command line", show_default=True, help="What it is for.")
@click.option("--scope", "scopes", type=click.Choice(SCOPES), multiple=True, help="Default: read and write.")
@click.option("--admin", is_flag=True, help="Opens everything; the same as --scope admin.")
@click.option("--expires-in", metavar="TIME", help="How long it opens: 30m, 12h, 90d or 4w.")
@click.option("--expires-at", metavar="WHEN", help="Until when it opens: 2030-01-31, or 2030-01-31T18:30:00Z; UTC.")
def key(
    users: tuple[str, ...],
    name: str,
    scopes: tuple[Scope, ...],
    admin: bool,
    expires_in: str | None,
    expires_at: str | None,
) -> None:
    """Make a key for listeners' data, or for everything. It is shown once and never kept."""
    if expires_in and expires_at:
        raise click.UsageError("Give --expires-in or --expires-at, not both.")
    wanted: set[Scope] = {*scopes, "admin"} if admin else set(scopes or ("read", "write"))
    everybody = "admin" in wanted
    if everybody and users:
        raise click.UsageError("An admin key opens every listener's data: leave --user out.")
    if not users and wanted & {"read", "write"} and not everybody:
        raise click.UsageError("Say with --user whose data it opens.")
    expires = _after(expires_in) if expires_in else _until(expires_at) if expires_at else None
    with opened_store() as (_, store):
        made, _ = made_key(store, name=name, scopes=wanted, listeners=None if everybody else users, expires_at=expires)
    click.echo(made)


@click.command("keys")
def list_keys() -> None:
    """List the keys and sharing links, and when they were used last. The keys themselves are not kept."""
    with opened_store() as (_, store):
        found = sorted(own_keys(store, ADMIN), key=lambda document: document.created_at)
    table = Table("id", "name", "opens", "of", "made", "expires", "last used", "made by")
    for document in found:
        table.add_row(*map(Text, _line(document)))
    Console().print(table)


@click.command("revoke")
@click.argument("identity", metavar="ID")
def revoke_key(identity: str) -> None:
    """Close a key or a sharing link for good, by its id in the list of keys."""
    with opened_store() as (_, store):
        document = own_key(store, ADMIN, identity)
        revoke(store, document)
    click.echo(f"Revoked: {document.name}", err=True)


def _line(document: AccessKey) -> tuple[str, ...]:
    link = document.link
    return (
        short_id(document.id),
        document.name,
        ", ".join(document.scopes if link is None else link.statistics),
        "everybody" if document.listeners is None else ", ".join(document.listeners),
        _day(document.created_at),
        _day(document.expires_at),
        _day(document.last_used_at),
        short_id(document.made_by or ""),
    )


def _day(instant: datetime | None) -> str:
    return "" if instant is None else f"{instant:%Y-%m-%d %H:%M}"


def _after(text: str) -> datetime:
    match = re.fullmatch(r"([1-9][0-9]{0,4})([mhdw])", text)
    if match is None:
        raise InvalidParameter("--expires-in", text, "a number and m, h, d or w, such as 90d")
    return utc_now() + timedelta(**{_UNITS[match[2]]: int(match[1])})


def _until(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidParameter("--expires-at", text, "a date or an instant, such as 2030-01-31T18:30:00Z") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
