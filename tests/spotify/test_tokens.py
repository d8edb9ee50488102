"""Tokens: refreshed by one at a time, never lost to a race, and dead only where Spotify says so."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from stats_core.clock import utc_now
from stats_core.settings import Settings
from stats_core.spotify.errors import NeedsLogin, Unavailable
from stats_core.spotify.tokens import TERM, TokenKeeper
from stats_core.store import collections
from stats_core.store.port import Store
from tests.fakes.spotify import FakeSpotify, Fault, World
from tests.spotify.conftest import logged_in

_REFRESH = """
import sys
from pathlib import Path
from stats_core.settings import Settings
from stats_core.spotify.tokens import TokenKeeper
from stats_core.store import open_store
keeper = TokenKeeper(open_store(sys.argv[1]), Settings(_env_file=None, data_dir=Path(sys.argv[2])), "ann")
tried = keeper.current()
print("ready", flush=True)
sys.stdin.readline()
print(keeper.another(tried) != tried, flush=True)
"""


def refreshing(store_uri: str, own: Settings, fake: FakeSpotify) -> subprocess.Popen[str]:
    """A process that refreshes the login when it is told to."""
    told = {f"STATS_{name.upper()}": value for name, value in fake.settings().items()}
    worker = subprocess.Popen(
        [sys.executable, "-c", _REFRESH, store_uri, str(own.data_dir)],
        env={**os.environ, **told}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    return worker


def state_of(store: Store) -> tuple[str, str | None]:
    account = store.get(collections.accounts, "ann")
    assert account is not None
    return account.state, account.problem


def test_a_token_is_used_until_it_ends_and_then_refreshed(world: World, keeper: TokenKeeper) -> None:
    first = keeper.current()
    assert keeper.current() == first
    with time_machine.travel(utc_now() + timedelta(minutes=59, seconds=30)):
        second = keeper.current()
        assert second != first
        assert world.grant(second) is not None


@pytest.mark.parametrize("rotates", [True, False])
def test_of_many_who_refresh_at_once_one_does(world: World, keeper: TokenKeeper, *, rotates: bool) -> None:
    world.rotates = rotates
    tried = keeper.current()
    asked = world.asked.count("POST /api/token")
    with ThreadPoolExecutor(6) as pool:
        tokens = set(pool.map(keeper.another, [tried] * 6))
    assert len(tokens) == 1
    assert tokens != {tried}
    assert world.asked.count("POST /api/token") == asked + 1


def test_two_processes_lose_no_rotating_token(
    fake: FakeSpotify, world: World, store: Store, store_uri: str, own: Settings, keeper: TokenKeeper
) -> None:
    world.rotates = True
    workers = [refreshing(store_uri, own, fake) for _ in range(2)]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    assert [worker.communicate(timeout=30)[0] for worker in workers] == ["True\n", "True\n"]
    assert state_of(store) == ("connected", None)
    assert keeper.another(keeper.current())


def test_whoever_is_killed_inside_a_rotating_refresh_costs_a_login_and_that_is_said(
    fake: FakeSpotify, world: World, store: Store, store_uri: str, own: Settings, keeper: TokenKeeper, linked: str
) -> None:
    world.rotates = True
    worker = refreshing(store_uri, own, fake)
    world.fail("token", Fault(seconds=1))
    assert worker.stdin is not None
    worker.stdin.write("\n")
    worker.stdin.flush()
    until = time.monotonic() + 20
    while world.asked.count("POST /api/token") < 2 and time.monotonic() < until:
        time.sleep(0.01)
    worker.kill()
    worker.communicate()
    time.sleep(1.2)  # the fake has changed the token by now, and nobody heard
    with time_machine.travel(utc_now() + TERM + timedelta(seconds=1)), pytest.raises(NeedsLogin, match="stopped while"):
        keeper.another(keeper.current())
    state, problem = state_of(store)
    assert state == "needs login"
    assert "Log in again" in (problem or "")
    logged_in(fake, store, own)
    assert keeper.current()


def test_six_months_after_the_login_it_is_dead_whatever_was_refreshed(
    world: World, store: Store, keeper: TokenKeeper
) -> None:
    now = utc_now()
    with time_machine.travel(now + timedelta(days=179)):
        assert keeper.current()
    with time_machine.travel(now + timedelta(days=181)), pytest.raises(NeedsLogin, match="Log in again"):
        keeper.current()
    assert state_of(store)[0] == "needs login"


@pytest.mark.parametrize("fault", [Fault(500), Fault(503, body=b"busy"), Fault(cut=True), Fault(200, body=b"[]")])
def test_a_refresh_that_fails_otherwise_loses_nothing(
    world: World, store: Store, keeper: TokenKeeper, fault: Fault
) -> None:
    tried = keeper.current()
    world.fail("token", fault)
    with pytest.raises(Unavailable):
        keeper.another(tried)
    assert state_of(store) == ("connected", None)
    assert keeper.another(tried) != tried


def test_a_login_made_meanwhile_is_not_called_dead(
    fake: FakeSpotify, world: World, store: Store, own: Settings, keeper: TokenKeeper
) -> None:
    tried = keeper.current()
    world.withdraw("ann")
    world.fail("token", Fault(seconds=0.5))
    with ThreadPoolExecutor(1) as pool:
        old = pool.submit(keeper.another, tried)
        time.sleep(0.2)
        logged_in(fake, store, own)
        with pytest.raises(NeedsLogin):
            old.result()
    assert state_of(store) == ("connected", None)
    assert world.grant(keeper.current()) is not None


def test_nothing_secret_is_logged_even_at_debug_level(
    fake: FakeSpotify,
    world: World,
    store: Store,
    own: Settings,
    keeper: TokenKeeper,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    caplog.set_level("DEBUG")
    before = keeper.current()
    after = keeper.another(before)
    for secret in (before, after, world.client_secret):
        assert secret not in caplog.text
