"""The login: how a person lets the app see their account, and how they withdraw it."""

import hashlib
import secrets
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

from stats_core.clock import utc_now
from stats_core.documents.accounts import Account, Login
from stats_core.listeners import known_listener
from stats_core.settings import Settings
from stats_core.spotify.budgets import Budgets
from stats_core.spotify.client import Client, Tokens
from stats_core.spotify.errors import LoginRefused, NeedsLogin
from stats_core.spotify.oauth import Flow
from stats_core.spotify.vault import Vault
from stats_core.store import collections
from stats_core.store.leases import lease
from stats_core.store.port import Query, Range, Store

VALID: Final = timedelta(minutes=10)
"""How long a login may take."""


class Begun(NamedTuple):
    """A login that was begun."""

    url: str
    """Where the person goes."""
    expires_at: datetime


def begin_login(store: Store, settings: Settings, user: str, *, replace: bool = False) -> Begun:
    """Begin a login. Raises UnknownListener, NotConfigured, and LoginRefused where Spotify could not send anyone back.

    `replace`: whether another account may take the place of the one that is linked.
    """
    known_listener(store, user)
    flow = Flow(settings)
    _check_redirect(settings.spotify_redirect_uri)
    now = utc_now()
    store.delete(collections.logins, Query(range=Range("expires_at", None, now)))
    state = secrets.token_urlsafe(32)
    url, verifier = flow.begun(state)
    flow.close()
    login = Login(
        id=_digest(state),
        user=user,
        expires_at=now + VALID,
        replace=replace,
        verifier=None if verifier is None else Vault(settings).sealed({"verifier": verifier}),
    )
    store.insert(collections.logins, [login])
    return Begun(url, login.expires_at)


def end_login(store: Store, settings: Settings, budgets: Budgets, url: str, *, user: str | None = None) -> Account:
    """End the login that led to this address, whole or its query alone; the linked account.

    `user`: whose login it must be, if that is known. Raises LoginRefused, and SpotifyError where Spotify fails.
    """
    # What is pasted may be anything, the query alone too.
    given = {name: values[-1] for name, values in parse_qs(url.partition("?")[2] or url).items()}
    if not given.get("state"):
        raise LoginRefused(
            "That is no address that Spotify sends people back to: it holds no `state`. Paste all of it, from `http` "
            "to its end."
        )
    login = _taken(store, given["state"], user)
    if "error" in given:
        raise LoginRefused(
            "The person did not allow it." if given["error"] == "access_denied" else "Spotify refused the login."
        )
    if not given.get("code"):
        raise LoginRefused("The address holds no code. Paste all of it, from `http` to its end.")
    vault = Vault(settings)
    verifier = (vault.opened(login.verifier) or {}).get("verifier")
    flow = Flow(settings, None if verifier is None else str(verifier))
    try:
        token = flow.tokens_for(given["code"])
    finally:
        flow.close()
    return _linked(store, login, Account(
        id=login.user,
        account_id=_account_of(settings, budgets, str(token["access_token"])),
        token=vault.sealed(token),
        scopes=sorted(str(token.get("scope", "")).split()),
        authorized_at=utc_now(),
    ))  # fmt: skip


def disconnect(store: Store, user: str) -> bool:
    """Forget a listener's account, its tokens, tops and saved tracks; whether there was one. Their plays stay."""
    known_listener(store, user)
    store.delete(collections.logins, Query(equal={"user": user}))
    gone = bool(store.delete(collections.accounts, Query(equal={"_id": user})))
    store.delete(collections.sync_requests, Query(equal={"_id": user}))
    forget_told(store, user)
    return gone


def forget_told_unless(store: Store, user: str, account: Account | None) -> None:
    """What was told with a login goes, where that account is not linked any more: whoever asked may have come late."""
    linked = store.get(collections.accounts, user)
    if account is not None and (linked is None or linked.account_id != account.account_id):
        forget_told(store, user)


def forget_told(store: Store, user: str) -> None:
    """What Spotify told of an account besides its plays: the tops, and what is saved there."""
    for collection in (collections.spotify_tops, collections.saved_tracks):
        store.delete(collection, Query(equal={"user": user}))
    store.delete(collections.libraries, Query(equal={"_id": user}))


def _check_redirect(uri: str) -> None:
    parts = urlsplit(uri)
    host = parts.hostname or ""
    if "#" in uri:
        raise LoginRefused(f"Spotify sends nobody back to {uri!r}: what follows `#` never reaches a service.")
    if parts.scheme == "https" and host:
        return
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if parts.scheme == "http" and loopback:
        return
    raise LoginRefused(
        f"Spotify sends nobody back to {uri!r}: it takes https, or http with 127.0.0.1 or [::1], never `localhost` or "
        "another machine's name. Register `http://127.0.0.1:8000/v1/spotify/callback` in the app's dashboard, set "
        "STATS_SPOTIFY_REDIRECT_URI to it, and paste the address that the browser ends at."
    )


def _taken(store: Store, state: str, user: str | None) -> Login:
    """The login of that state, which is good once."""
    login = store.get(collections.logins, _digest(state))
    if login is None or (user is not None and login.user != user):
        raise LoginRefused("No such login was begun here, or it was ended before. Begin a new one.")
    if not store.delete(collections.logins, Query(equal={"_id": login.id})):
        raise LoginRefused("The login was ended before. Begin a new one.")
    if login.expires_at <= utc_now():
        raise LoginRefused(f"The login took longer than {VALID.seconds // 60} minutes. Begin a new one.")
    return login


def _account_of(settings: Settings, budgets: Budgets, access_token: str) -> str:
    def none_other(_: str) -> str:
        raise NeedsLogin("Spotify does not take the token that it has just given. Log in again.")

    budgets.try_again()
    client = Client(settings, budgets, Tokens(lambda: access_token, none_other))
    try:
        me = client.me()
    finally:
        client.close()
    # Apps of before May 2026 are told no `account_id`; the other one may be shown to people, so it is hashed.
    identity = me.get("account_id") or (_digest(str(me["id"])) if me.get("id") else None)
    if not identity:
        raise LoginRefused("Spotify does not say whose account it is.")
    return str(identity)


def _linked(store: Store, login: Login, account: Account) -> Account:
    """Link it: one account feeds one listener, and takes nobody's place unasked."""
    with lease(store, f"account|{account.account_id}", purpose="linking an account of Spotify's"):
        known_listener(store, login.user)
        for other in store.find(collections.accounts, Query(equal={"account_id": account.account_id})):
            if other.id != login.user:
                raise LoginRefused(
                    "This account of Spotify's feeds another listener here already. One account feeds one listener."
                )
        while True:
            before = store.get(collections.accounts, login.user)
            if before is None:
                if not store.insert(collections.accounts, [account]):
                    return account
                continue
            if before.account_id != account.account_id and not login.replace:
                raise LoginRefused(
                    "Another account of Spotify's is linked to this listener. Begin the login with `replace` if this "
                    "one shall take its place."
                )
            account.revision = before.revision + 1
            if before.account_id != account.account_id:  # before it is linked: a stop in between leaves nothing of it
                forget_told(store, login.user)
            if store.replace(collections.accounts, account, before.revision):
                return account


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
