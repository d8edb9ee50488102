"""A Spotify of our own over real HTTP, that behaves as the measured one does: its login, its Web API, its faults."""

from tests.fakes.spotify.server import FakeSpotify
from tests.fakes.spotify.world import Fault, Person, World

__all__ = ["FakeSpotify", "Fault", "Person", "World"]
