"""A Spotify with one person and a track, and a listener who may log in there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stats_core.listeners import made_listener
from stats_core.settings import Settings
from stats_core.spotify.budgets import Budgets
from stats_core.spotify.login import begin_login, end_login
from stats_core.spotify.tokens import TokenKeeper
from stats_core.store.port import Store
from tests.fakes.spotify import FakeSpotify, World
from tests.fakes.spotify.world import track

TRACK = "0000000000000000000001"


@pytest.fixture
def world() -> World:
    world = World()
    world.add_person("ann")
    world.add_track(
        track(TRACK, "Paper Lanterns", {"a" * 22: "The Invented"}, ("b" * 22, "First Light"), 200_000, "ZZ1")
    )
    return world


@pytest.fixture
def fake(world: World) -> Iterator[FakeSpotify]:
    with FakeSpotify(world) as fake:
        yield fake


@pytest.fixture
def own(fake: FakeSpotify, tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path / "data", **fake.settings())


@pytest.fixture
def budgets(store: Store, own: Settings) -> Budgets:
    return Budgets(store, own.spotify_budgets)


@pytest.fixture
def listener(store: Store, own: Settings) -> str:
    """Their name."""
    made_listener(store, own.inbox_dir, "ann", "UTC")
    return "ann"


def logged_in(
    fake: FakeSpotify, store: Store, own: Settings, user: str = "ann", *, person: str = "", replace: bool = False
) -> None:
    """Let a listener log in, as a person would with a browser: that one, or who sits at it."""
    begun = begin_login(store, own, user, replace=replace)
    address = fake.authorize(begun.url, person) if person else fake.visited(begun.url)
    end_login(store, own, Budgets(store, own.spotify_budgets), address)


@pytest.fixture
def linked(fake: FakeSpotify, store: Store, own: Settings, listener: str) -> str:
    """A listener who has logged in."""
    logged_in(fake, store, own)
    return listener


@pytest.fixture
def keeper(store: Store, own: Settings, linked: str) -> TokenKeeper:
    return TokenKeeper(store, own, linked)
