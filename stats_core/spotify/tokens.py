"""Tokens: kept encrypted, refreshed by one process at a time, so that none is lost where Spotify changes them."""

import secrets
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import msgspec

from stats_core.clock import utc_now
from stats_core.documents.accounts import Account, Refreshing
from stats_core.settings import Settings
from stats_core.spotify.client import Tokens
from stats_core.spotify.errors import NeedsLogin, NotAllowed, NotLinked, Unavailable
from stats_core.spotify.oauth import Flow, TokenInfo
from stats_core.spotify.vault import Vault
from stats_core.store import collections
from stats_core.store.port import Store

TERM: Final = timedelta(seconds=60)
"""How long a refresh is leased for; the refresh itself takes 20 s at most."""
_POLL_SECONDS: Final = 0.2
_MARGIN_SECONDS: Final = 60
"""A token that ends within this time is refreshed before it is used."""
_INTERRUPTED: Final = "A process was stopped while it refreshed the login, and the new one is lost. Log in again."


class TokenKeeper:
    """The tokens of one listener's account."""

    def __init__(self, store: Store, settings: Settings, user: str) -> None:
        self._store = store
        self._settings = settings
        self._vault = Vault(settings)
        self._user = user

    def tokens(self) -> Tokens:
        """What the client asks with."""
        return Tokens(self.current, self.another)

    def current(self) -> str:
        """An access token that should do. Raises NotLinked, NeedsLogin, NotAllowed, and what a refresh does."""
        token = self._opened(self._account())
        if float(token.get("expires_at", 0)) - time.time() > _MARGIN_SECONDS:
            return str(token["access_token"])
        return self.another(str(token["access_token"]))

    def another(self, tried: str) -> str:
        """An access token instead of one that does not do any more."""
        patient_until = time.monotonic() + TERM.total_seconds() + 30
        while True:
            account = self._account()
            token = self._opened(account)
            if token["access_token"] != tried:
                return str(token["access_token"])
            now = utc_now()
            if account.refreshing is None or account.refreshing.until <= now:
                refreshing = Refreshing(owner=secrets.token_hex(8), until=now + TERM)
                leased = _changed(account, refreshing=refreshing)
                # Whoever writes this has just read the token that is stored: nobody else writes it until then.
                if self._store.replace(collections.accounts, leased, account.revision):
                    return self._refreshed(leased, token, interrupted=account.refreshing is not None)
                continue
            if time.monotonic() > patient_until:
                raise Unavailable("Another process refreshes the login and does not come to an end.")
            time.sleep(_POLL_SECONDS)

    def _refreshed(self, leased: Account, token: TokenInfo, *, interrupted: bool) -> str:
        flow = Flow(self._settings)
        try:
            new = flow.refreshed(str(token["refresh_token"]))
        except NeedsLogin as error:
            problem = _INTERRUPTED if interrupted else f"{error} Log in again."
            # Only if the stored token is still the one that was tried: a login since then stays.
            dead = _changed(leased, token=None, state="needs login", problem=problem, refreshing=None)
            self._store.replace(collections.accounts, dead, leased.revision)
            raise NeedsLogin(problem) from None
        except BaseException:
            free = _changed(leased, refreshing=None)
            self._store.replace(collections.accounts, free, leased.revision)
            raise
        finally:
            flow.close()
        kept = _changed(leased, token=self._vault.sealed(new), refreshing=None, problem=None)
        if not self._store.replace(collections.accounts, kept, leased.revision):
            # The lease ran out, or the person logged in anew: what is stored now is what holds.
            return str(self._opened(self._account())["access_token"])
        return str(new["access_token"])

    def _account(self) -> Account:
        account = self._store.get(collections.accounts, self._user)
        if account is None:
            raise NotLinked(self._user)
        if account.state == "not allowed":
            raise NotAllowed(account.problem or "This person may not use the app.")
        if account.state == "needs login":
            raise NeedsLogin(account.problem or "Log in again.")
        return account

    def _opened(self, account: Account) -> TokenInfo:
        token = self._vault.opened(account.token)
        if token is None or not {"access_token", "refresh_token"} <= token.keys():
            problem = "The stored login cannot be decrypted: its key is another one now. Log in again."
            broken = _changed(account, state="needs login", problem=problem)
            self._store.replace(collections.accounts, broken, account.revision)
            raise NeedsLogin(problem)
        return token


def change_account(store: Store, user: str, fields: Callable[[Account], Mapping[str, object]]) -> None:
    """Write down something of a listener's account, whatever else changes it meanwhile; nothing where there is none."""
    while (account := store.get(collections.accounts, user)) is not None:
        if store.replace(collections.accounts, _changed(account, **fields(account)), account.revision):
            return


def _changed(account: Account, **fields: object) -> Account:
    return msgspec.structs.replace(account, revision=account.revision + 1, **fields)
