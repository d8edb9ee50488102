"""`spotify-stats login`, `logout` and `sync`: a listener's account at Spotify, and one poll of their recent plays."""

import select
import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

import click
import msgspec
from rich.console import Console

from stats_core.cli.opening import opened_store, told_to_wait
from stats_core.clock import utc_now
from stats_core.store import collections
from stats_core.store.port import Store

_LOOK_SECONDS: Final = 0.5

messages = Console(stderr=True, highlight=False)


class Polled(msgspec.Struct):
    """One poll, as `--json` prints it."""

    user: str
    page: int
    new: int
    known: int
    superseded: int
    gap: bool
    next_poll: str


@click.command()
@click.option("--user", help="The listener. Default: STATS_DEFAULT_USER; made if there is none.")
@click.option("--replace", is_flag=True, help="Another account may take the place of the one that is linked.")
@click.option("--url", help="The address that the browser ended at; asked for unless given.")
def login(user: str | None, replace: bool, url: str | None) -> None:
    """Link a listener's account at Spotify, so that what they play is kept."""
    from stats_core.listeners import made_listener  # noqa: PLC0415 - each takes a while to load
    from stats_core.spotify.budgets import Budgets  # noqa: PLC0415
    from stats_core.spotify.login import begin_login, end_login  # noqa: PLC0415

    with opened_store() as (settings, store):
        user = user or settings.default_user
        if url is None:
            made_listener(store, settings.inbox_dir, user, settings.default_timezone)
            begun = begin_login(store, settings, user, replace=replace)
            messages.print("Open this address, and allow what it asks for:", style="bold")
            click.echo(begun.url)
            messages.print(
                "Then the browser goes to another address. Where the REST service answers there, this ends by itself; "
                "else paste that address here, though the page may not open."
            )
            url = _pasted(partial(_is_linked, store, user, utc_now()))
        if url is not None:
            end_login(store, settings, Budgets(store, settings.spotify_budgets), url, user=user)
    messages.print(f"{user}: linked. `spotify-stats sync --user {user}` polls now.")


def _is_linked(store: Store, user: str, since: datetime) -> bool:
    account = store.get(collections.accounts, user)
    return account is not None and account.authorized_at >= since


def _pasted(is_linked: Callable[[], bool]) -> str | None:
    """The address that the person pastes; None: the REST service took it meanwhile."""
    messages.print("Address: ", end="")
    while True:
        readable, _, _ = select.select([sys.stdin], [], [], _LOOK_SECONDS)
        if is_linked():
            messages.print()
            return None
        if readable:
            line = sys.stdin.readline()
            if not line:
                raise click.Abort
            if line.strip():
                return line.strip()


@click.command()
@click.option("--user", help="The listener. Default: STATS_DEFAULT_USER.")
@click.option("--delete-plays", is_flag=True, help="The plays that only the sync told of go, too.")
def logout(user: str | None, delete_plays: bool) -> None:
    """Forget a listener's account at Spotify: tokens, tops and saved tracks. Plays stay."""
    from stats_core.spotify.login import disconnect  # noqa: PLC0415 - each takes a while to load

    with opened_store() as (settings, store):
        user = user or settings.default_user
        was_linked = disconnect(store, user)
        messages.print(f"{user}: " + ("the account is forgotten." if was_linked else "no account was linked."))
        if delete_plays:
            from stats_core.sync.undo import undo_sync  # noqa: PLC0415

            undo_sync(store, user, waiting=told_to_wait)
            messages.print(f"{user}: what only the sync told of is gone.")


@click.command()
@click.option("--user", "users", multiple=True, help="Only these listeners; all that are linked unless given.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a listener.")
@click.pass_context
def sync(ctx: click.Context, users: tuple[str, ...], as_json: bool) -> None:
    """Ask Spotify once what was played recently, without Dagster. Exit 1 if that failed for anyone."""
    from stats_core.alerts.watching import watch  # noqa: PLC0415 - each takes a while to load
    from stats_core.spotify.budgets import Budgets  # noqa: PLC0415
    from stats_core.spotify.errors import NotConfigured, SpotifyError  # noqa: PLC0415
    from stats_core.sync.polling import poll  # noqa: PLC0415

    failed = False
    with opened_store() as (settings, store):
        if not settings.spotify_client_id:
            raise NotConfigured
        named = users or tuple(sorted(account.id for account in store.find(collections.accounts)))
        if not named:
            messages.print("Nobody has linked an account yet: `spotify-stats login`.")
        Budgets(store, settings.spotify_budgets).try_again()
        for user in named:
            try:
                taken = poll(store, settings, user)
            except SpotifyError as error:
                failed = True
                if as_json:
                    click.echo(msgspec.json.encode({"user": user, "error": str(error)}))
                else:
                    messages.print(f"{user}: {error}", style="red")
                continue
            polled = Polled(
                user, taken.page, taken.new, taken.known, taken.superseded, taken.gap is not None,
                f"{taken.next_poll_at:%Y-%m-%dT%H:%M:%SZ}",
            )  # fmt: skip
            if as_json:
                click.echo(msgspec.json.encode(polled))
            else:
                lost = " Plays before them may be lost: an export brings them." if taken.gap else ""
                wait = (taken.next_poll_at - utc_now()).total_seconds() / 60
                click.echo(f"{user}: {taken.new} new, {taken.known} known; again in {wait:.0f} minutes.{lost}")
        watch(store, settings, utc_now())
    ctx.exit(1 if failed else 0)
