"""A Spotify of our own over real HTTP, that behaves as the measured one does: its login, its Web API, its faults."""

from tests.fakes.spotify.faults import READY, Fault
from tests.fakes.spotify.server import FakeSpotify
from tests.fakes.spotify.world import Person, World

__all__ = ["READY", "FakeSpotify", "Fault", "Person", "World"]
