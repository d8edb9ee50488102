"""A fake Spotify with one person, 120 tracks of one album, and an app that has logged in."""

from collections.abc import Iterator

import pytest

from tests.fakes.browser import ALBUM, NOON, Browser, identity
from tests.fakes.spotify import FakeSpotify, World
from tests.fakes.spotify.objects import track


@pytest.fixture
def world() -> World:
    world = World()
    world.clock.stop(NOON)
    world.add_person("ann", display_name="Ann")
    for number in range(120):
        artist = {identity(900 + number // 10): f"Artist {number // 10}"}
        world.add_track(track(identity(number), f"Track {number}", artist, (ALBUM, "First Light"), 200_000, "ZZ1"))
    return world


@pytest.fixture
def fake(world: World) -> Iterator[FakeSpotify]:
    with FakeSpotify(world) as fake:
        yield fake


@pytest.fixture
def app(fake: FakeSpotify) -> Iterator[Browser]:
    browser = Browser(fake)
    browser.login()
    yield browser
    browser.session.close()
