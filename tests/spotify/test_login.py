"""Logins: begun here, ended once and in time, by the account's own person; nothing secret is left lying about."""

import stat
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from stats_core.clock import utc_now
from stats_core.listeners import erase_listener, made_listener
from stats_core.settings import Settings
from stats_core.spotify.budgets import Budgets
from stats_core.spotify.errors import LoginRefused, NeedsLogin, NotConfigured, Unavailable
from stats_core.spotify.login import VALID, begin_login, disconnect, end_login
from stats_core.spotify.oauth import SCOPES
from stats_core.spotify.tokens import TokenKeeper
from stats_core.store import collections
from stats_core.store.port import EVERYTHING, Store
from tests.fakes.spotify import FakeSpotify, Fault, World
from tests.spotify.conftest import logged_in


@pytest.mark.parametrize("secret", [True, False])
def test_a_login_links_the_account(
    fake: FakeSpotify, store: Store, tmp_path: Path, listener: str, budgets: Budgets, *, secret: bool
) -> None:
    own = Settings(_env_file=None, data_dir=tmp_path / "data", **fake.settings(secret=secret))
    begun = begin_login(store, own, listener)
    assert ("code_challenge" in parse_qs(urlsplit(begun.url).query)) is not secret
    account = end_login(store, own, budgets, fake.visited(begun.url))
    assert (account.id, account.account_id, account.state) == ("ann", "account-of-ann", "connected")
    assert account.scopes == sorted(SCOPES)
    assert TokenKeeper(store, own, listener).current()
    assert store.count(collections.logins) == 0


def test_what_is_secret_is_encrypted_under_a_key_of_its_owner_alone(
    fake: FakeSpotify, store: Store, own: Settings, linked: str, keeper: TokenKeeper
) -> None:
    account = store.get(collections.accounts, linked)
    assert account is not None
    assert account.token is not None
    assert keeper.current().encode() not in account.token
    mode = (own.data_dir / "token.key").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_login_is_good_once_and_in_time(
    fake: FakeSpotify, store: Store, own: Settings, listener: str, budgets: Budgets
) -> None:
    url = fake.visited(begin_login(store, own, listener).url)
    end_login(store, own, budgets, url)
    with pytest.raises(LoginRefused, match="ended before"):
        end_login(store, own, budgets, url)
    late = fake.visited(begin_login(store, own, listener).url)
    with time_machine.travel(utc_now() + VALID), pytest.raises(LoginRefused, match="10 minutes"):
        end_login(store, own, budgets, late)


@pytest.mark.parametrize(
    "url", ["", "nonsense", "https://x/?code=1", "https://x/?state=a&code=1", "?state=%00", "http://["]
)
def test_what_was_never_begun_is_refused(store: Store, own: Settings, budgets: Budgets, url: str) -> None:
    with pytest.raises(LoginRefused):
        end_login(store, own, budgets, url)


def test_another_listeners_login_is_not_theirs_to_end(
    fake: FakeSpotify, store: Store, own: Settings, listener: str, budgets: Budgets
) -> None:
    url = fake.visited(begin_login(store, own, listener).url)
    with pytest.raises(LoginRefused):
        end_login(store, own, budgets, url, user="bob")
    assert end_login(store, own, budgets, url, user=listener).id == listener


def test_a_person_may_say_no(
    fake: FakeSpotify, world: World, store: Store, own: Settings, listener: str, budgets: Budgets
) -> None:
    world.refuses = True
    with pytest.raises(LoginRefused, match="did not allow"):
        end_login(store, own, budgets, fake.visited(begin_login(store, own, listener).url))
    assert store.count(collections.accounts) == 0


def test_one_account_feeds_one_listener_and_takes_no_others_place(
    fake: FakeSpotify, world: World, store: Store, own: Settings, linked: str
) -> None:
    made_listener(store, own.inbox_dir, "bob", "UTC")
    with pytest.raises(LoginRefused, match="feeds another listener"):
        logged_in(fake, store, own, "bob")
    world.add_person("guest")
    world.visitor = "guest"
    with pytest.raises(LoginRefused, match="Another account"):
        logged_in(fake, store, own)
    logged_in(fake, store, own, replace=True)
    account = store.get(collections.accounts, "ann")
    assert account is not None
    assert account.account_id == "account-of-guest"


@pytest.mark.parametrize(
    ("uri", "taken"),
    [
        ("https://stats.example/v1/spotify/callback", True),
        ("http://127.0.0.1:8000/v1/spotify/callback", True),
        ("http://[::1]:8000/v1/spotify/callback", True),
        ("http://localhost:8000/v1/spotify/callback", False),
        ("http://nas.local/callback", False),
        ("http://192.168.1.2/callback", False),
        ("callback", False),
    ],
)
def test_where_spotify_sends_nobody_back_is_told_before(
    own: Settings, store: Store, listener: str, uri: str, *, taken: bool
) -> None:
    chosen = own.model_copy(update={"spotify_redirect_uri": uri})
    if taken:
        assert begin_login(store, chosen, listener).url
        return
    with pytest.raises(LoginRefused, match=r"127\.0\.0\.1"):
        begin_login(store, chosen, listener)


def test_without_an_app_all_else_works_and_says_so(store: Store, own: Settings, listener: str) -> None:
    with pytest.raises(NotConfigured, match="exports alone"):
        begin_login(store, own.model_copy(update={"spotify_client_id": ""}), listener)


@pytest.mark.parametrize(
    "fault",
    [Fault(500), Fault(200, body=b"<html>"), Fault(200, body=b"{}"), Fault(cut=True), Fault(503, body=b"")],
)
def test_a_login_page_that_fails_is_told(
    fake: FakeSpotify, world: World, store: Store, own: Settings, listener: str, budgets: Budgets, fault: Fault
) -> None:
    world.fail("token", fault)
    with pytest.raises(Unavailable):
        end_login(store, own, budgets, fake.visited(begin_login(store, own, listener).url))


def test_a_wrong_secret_is_told(
    fake: FakeSpotify, store: Store, own: Settings, listener: str, budgets: Budgets
) -> None:
    wrong = Settings(_env_file=None, data_dir=own.data_dir, **{**fake.settings(), "spotify_client_secret": "wrong"})
    with pytest.raises(LoginRefused, match="STATS_SPOTIFY_CLIENT_SECRET"):
        end_login(store, wrong, budgets, fake.visited(begin_login(store, wrong, listener).url))


def test_disconnected_or_erased_nothing_of_the_login_is_left(
    fake: FakeSpotify, store: Store, own: Settings, linked: str
) -> None:
    begin_login(store, own, linked)
    assert disconnect(store, linked)
    assert not disconnect(store, linked)
    assert (store.count(collections.accounts), store.count(collections.logins)) == (0, 0)
    logged_in(fake, store, own)
    begin_login(store, own, linked)
    erase_listener(store, own, linked)
    assert [store.count(each, EVERYTHING) for each in (collections.accounts, collections.logins)] == [0, 0]


def test_another_key_makes_it_needs_login_and_no_crash(
    fake: FakeSpotify, store: Store, own: Settings, linked: str, tmp_path: Path
) -> None:
    moved = Settings(_env_file=None, data_dir=tmp_path / "elsewhere", **fake.settings())
    with pytest.raises(NeedsLogin, match="cannot be decrypted"):
        TokenKeeper(store, moved, linked).current()
    account = store.get(collections.accounts, linked)
    assert account is not None
    assert account.state == "needs login"
    logged_in(fake, store, own)
    assert TokenKeeper(store, own, linked).current()


def test_a_login_that_nobody_ended_goes(store: Store, own: Settings, listener: str) -> None:
    begin_login(store, own, listener)
    with time_machine.travel(utc_now() + VALID + timedelta(seconds=1)):
        begin_login(store, own, listener)
    assert store.count(collections.logins) == 1
