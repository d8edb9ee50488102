"""Asking for a listener: a client with their tokens; what Spotify refuses for good is kept with their account."""

from collections.abc import Iterator
from contextlib import contextmanager

from stats_core.settings import Settings
from stats_core.spotify.budgets import Budgets
from stats_core.spotify.client import Client
from stats_core.spotify.errors import NotAllowed, ScopeMissing
from stats_core.spotify.tokens import TokenKeeper, change_account
from stats_core.store.port import Store


@contextmanager
def asking(store: Store, settings: Settings, user: str, scope: str) -> Iterator[Client]:
    """A client while something is asked for that needs this scope. What it raises passes through.

    Whoever may not use the app, or did not allow the scope, is not asked about that again until their next login.
    """
    client = Client(settings, Budgets(store, settings.spotify_budgets), TokenKeeper(store, settings, user).tokens())
    try:
        yield client
    except NotAllowed as error:
        problem = str(error)
        change_account(store, user, lambda _: {"state": "not allowed", "problem": problem})
        raise
    except ScopeMissing:
        change_account(store, user, lambda account: {"refused": sorted({scope, *account.refused})})
        raise ScopeMissing(
            f"Spotify says that the login does not allow `{scope}`. Log in again, and allow all that is asked for."
        ) from None
    finally:
        client.close()
