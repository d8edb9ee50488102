"""The fake's clock, its sample world, and the demo that is moved over HTTP."""

import subprocess
import sys
import time
from typing import Any

import pytest
import requests

from stats_core.sample import names, sample_catalogue
from stats_core.sample.export import UNTIL
from stats_core.sample.listening import made_up_history
from tests.fakes.browser import NOON
from tests.fakes.spotify import World
from tests.fakes.spotify.sample import ME, sample_world


def test_the_clock_stands_goes_and_follows(world: World) -> None:
    clock = world.clock
    assert clock() == clock() == NOON.timestamp()
    clock.go()
    assert NOON.timestamp() <= clock() < NOON.timestamp() + 5
    clock.forward(100)
    assert clock() >= NOON.timestamp() + 100
    clock.set(NOON)
    assert clock() < NOON.timestamp() + 5
    clock.follow()
    assert abs(clock() - time.time()) < 5


@pytest.fixture(scope="module")
def sample() -> World:
    return sample_world(3_000, 2, 7, now=NOON.timestamp)


def test_the_sample_speaks_of_the_tracks_of_the_export(sample: World) -> None:
    tracks = made_up_history(3_000, 2, 7, UNTIL).tracks
    assert set(sample.tracks) == {uri.rpartition(":")[2] for uri in tracks.uri if uri}
    for at in range(len(tracks)):
        told = sample.tracks[str(tracks.uri[at]).rpartition(":")[2]]
        album = names.uri("album", str(tracks.artist[at]), str(tracks.album[at]))
        assert (told["name"], told["duration_ms"]) == (tracks.name[at], tracks.ms[at])
        assert (told["album"]["name"], told["album"]["uri"]) == (tracks.album[at], album)
        assert told["artists"]
    known = sample_catalogue(3_000, 2, 7, 1)
    for document in known.tracks:
        if document.artists:
            credited = [artist["id"] for artist in sample.tracks[document.id]["artists"]]
            assert credited == [credit.id for credit in document.artists]
    for album_document in known.albums:
        assert bool(sample.albums[album_document.id]["images"]) == (album_document.image is not None)


def test_the_sample_is_the_same_every_time_and_has_something_of_all(sample: World) -> None:
    again = sample_world(3_000, 2, 7, now=NOON.timestamp)
    assert (again.people, again.tracks, again.albums) == (sample.people, sample.tracks, sample.albums)
    person = sample.people[ME]
    assert len(sample.recent(person)) == 50
    assert {over for _, over in person.top} == {"short_term", "medium_term", "long_term"}
    assert all(person.top.values())
    assert person.saved == sorted(person.saved, key=lambda one: one[1])
    assert {artist["id"] for album in sample.albums.values() for artist in album["artists"]} <= set(sample.artists)


def test_the_demo_is_moved_over_http() -> None:
    command = [sys.executable, "-m", "tests.fakes.spotify", "--plays", "1000", "--years", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = dict(process.stdout.readline().strip().split("=", 1) for _ in range(4))
            url = told["STATS_SPOTIFY_API_URL"]

            def post(what: str, **body: Any) -> Any:
                return requests.post(f"{url}/_fake/{what}", json=body, timeout=10)

            assert post("time", at="2030-01-01T00:00:00Z", stop=True).json()["now"] == "2030-01-01T00:00:00+00:00"
            assert post("time", forward=60).json()["now"] == "2030-01-01T00:01:00+00:00"
            assert post("listen", person=ME).status_code == 200
            assert post("fault", bucket="me", name="quota", times=2).status_code == 200
            assert post("tokens", rotates=True, withdraw=ME, expire_access=True).json()["rotates"] is True
            statuses = [requests.get(f"{url}/v1/me", timeout=10).status_code for _ in range(3)]
            assert statuses == [429, 429, 401]
            counts = requests.get(f"{url}/_fake/counts", timeout=10).json()
            assert (counts["counts"], counts["asked"]) == ({"me": 3}, ["GET /v1/me"] * 3)
            for what, body in {"listen": {"person": "x"}, "fault": {"bucket": "me", "name": "x"}}.items():
                assert post(what, **body).status_code == 400
            assert post("time", when="now").status_code == 400
            assert post("x").status_code == 404
        finally:
            process.terminate()
    assert process.returncode == 0
