"""Enriching: the most played first, two requests for an album, nothing asked twice, and no budget overdrawn."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
import time_machine

from stats_core.clock import utc_now
from stats_core.documents.accounts import Enrichment
from stats_core.history.catalogue_writing import catalogue_lease
from stats_core.settings import Settings
from stats_core.spotify.objects import Found
from stats_core.store import collections
from stats_core.store.port import Store
from stats_core.sync.enriching import Enriched, enrich
from stats_core.sync.harvest import harvest
from stats_core.sync.recent import take_in
from stats_core.sync.status import PROGRESS, sync_status
from tests.fakes.spotify import FakeSpotify, Fault, World
from tests.fakes.spotify.world import track

START = datetime(2026, 1, 1, tzinfo=UTC)
WORKER: Final = """
from stats_core.settings import Settings
from stats_core.store import open_store
from stats_core.sync.enriching import enrich
own = Settings(_env_file=None)
enrich(open_store(own.database_uri), own, pause=lambda _: None)
"""


def identity(number: int) -> str:
    return f"{number:022}"


@pytest.fixture(autouse=True)
def shelf(world: World) -> None:
    """Ten albums of six tracks each, by two artists."""
    for number in range(100, 160):
        album = (number - 100) // 6
        artist = {f"{'ab'[album % 2] * 21}x": f"Band {album % 2}"}
        world.add_track(
            track(
                identity(number), f"Song {number}", artist, (f"{album:021}y", f"Album {album}"), 180_000, f"ZZ{number}"
            )
        )


@pytest.fixture
def played(store: Store, world: World, linked: str) -> str:
    """A listener who played every track by the export's word alone: nothing of it is in the catalogue."""
    at = START
    entries: list[object] = []
    for number in range(100, 160):
        for _ in range(1 + (160 - number) // 20):
            at += timedelta(minutes=5)
            told = world.tracks[identity(number)]
            entries.append({
                "track": {**told, "album": {"name": told["album"]["name"], "artists": told["artists"]}},
                "played_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            })  # fmt: skip
    for begin in range(0, len(entries), 50):
        take_in(store, linked, entries[begin : begin + 50], at + timedelta(minutes=1))
    return linked


def run(store: Store, own: Settings, **more: float) -> Enriched:
    return enrich(store, own, pause=lambda _: None, **more)


def progress(store: Store) -> Enrichment:
    document = store.get(collections.enrichment, PROGRESS)
    assert document is not None
    return document


def test_an_album_costs_two_requests_and_the_rest_of_the_day_completes_tracks(
    world: World, store: Store, own: Settings, played: str
) -> None:
    few = own.model_copy(update={"spotify_requests": 15})
    told = run(store, few)
    assert world.counts["tracks"] == 15
    assert world.counts["albums"] == 10
    assert world.asked.count(f"GET /v1/tracks/{identity(100)}") == 1
    assert told.closed is not None
    so_far = progress(store)
    assert (so_far.tracks, so_far.known, so_far.whole, so_far.days_left) == (60, 60, 15, 3)
    told_to_people = sync_status(store, few, "ann", utc_now()).catalogue
    assert told_to_people is not None
    assert (told_to_people.tracks, told_to_people.known, told_to_people.days_left) == (60, 60, 3)
    with time_machine.travel(utc_now() + timedelta(hours=25)):
        run(store, few)
        assert progress(store).whole == 30
    assert len(world.asked) == len(set(world.asked)) + world.asked.count("POST /api/token") - 1


def test_everything_is_known_in_the_end_and_nothing_is_asked_again(
    world: World, store: Store, own: Settings, played: str
) -> None:
    run(store, own)
    run(store, own)  # whose pictures to ask for is known once artists are
    known = {document.id: document for document in store.find(collections.tracks)}
    assert all(known[identity(number)].isrc == f"ZZ{number}" for number in range(100, 160))
    assert all(artist.image for artist in store.find(collections.artists))
    assert progress(store).days_left == 0
    asked = len(world.asked)
    assert run(store, own).asked == 0
    assert len(world.asked) == asked


def test_what_is_missing_is_remembered_and_what_fails_waits_longer_each_time(
    world: World, store: Store, own: Settings, played: str
) -> None:
    failing, gone = identity(100), identity(131)
    del world.tracks[gone]
    world.fail("tracks", Fault(500))
    told = run(store, own)
    assert (told.missing, told.failed) == (1, 1)
    assert progress(store).missing == 1
    now = utc_now()
    for hours, times in ((0.5, 1), (1.1, 2), (2, 2), (3.2, 3)):
        world.fail("tracks", Fault(500))
        with time_machine.travel(now + timedelta(hours=hours)):
            run(store, own)
        assert world.asked.count(f"GET /v1/tracks/{failing}") == times
    assert world.asked.count(f"GET /v1/tracks/{gone}") == 1


def test_an_id_that_moved_leads_to_what_it_became(world: World, store: Store, own: Settings, played: str) -> None:
    world.relinked[identity(100)] = identity(101)
    del world.albums[f"{0:021}y"]["tracks"]["items"][0]
    run(store, own)
    old, new = (store.get(collections.tracks, identity(number)) for number in (100, 101))
    assert old is not None
    assert new is not None
    assert (old.name, old.isrc) == (new.name, new.isrc)


def test_asking_too_fast_ends_the_run_and_loses_nothing(world: World, store: Store, own: Settings, played: str) -> None:
    run(store, own.model_copy(update={"spotify_requests": 3}))
    world.fail("tracks", Fault(429, "API rate limit exceeded", retry_after="20"))
    told = run(store, own)
    assert told.closed is not None
    assert told.asked == 0
    assert progress(store).known > 0


def test_without_anyone_linked_nothing_is_asked(world: World, store: Store, own: Settings, played: str) -> None:
    store.drop(collections.accounts)
    assert run(store, own).asked == 0
    assert progress(store).days_left is None


def test_where_spotify_is_down_the_rest_waits_for_the_next_run(
    world: World, store: Store, own: Settings, played: str
) -> None:
    world.fail("tracks", Fault(503, times=1_000))
    told = run(store, own)
    assert (told.asked, told.failed, world.counts["tracks"]) == (5, 5, 5)


def test_what_two_learn_at_once_of_one_track_is_both_known(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, part = Found(), Found()
    told = track(identity(1), "Song", {"a" * 22: "Band"}, ("b" * 22, "Album"), 180_000, "ZZ1")
    whole.see_track(told)
    part.see_track({**told, "external_ids": {}})

    def after_the_other(*given: Any) -> Any:
        monkeypatch.setattr("stats_core.sync.harvest.catalogue_lease", catalogue_lease)
        assert harvest(store, whole) > 0
        return catalogue_lease(*given)

    monkeypatch.setattr("stats_core.sync.harvest.catalogue_lease", after_the_other)
    harvest(store, part)
    known = store.get(collections.tracks, identity(1))
    assert known is not None
    assert known.isrc == "ZZ1"


def test_killed_at_any_moment_it_goes_on_and_asks_little_twice(
    fake: FakeSpotify, world: World, store: Store, store_uri: str, own: Settings, played: str
) -> None:
    told = {f"STATS_{name.upper()}": value for name, value in fake.settings().items()}
    environment = {**os.environ, **told, "STATS_DATA_DIR": str(own.data_dir), "STATS_DATABASE_URI": store_uri}
    asked = 0
    for more in (1, 7, 19, 24):
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        patient_until = time.monotonic() + 60
        while world.counts["tracks"] + world.counts["albums"] < asked + more and worker.poll() is None:
            assert time.monotonic() < patient_until
            time.sleep(0.002)
        worker.kill()
        worker.wait()
        asked = world.counts["tracks"] + world.counts["albums"]
    run(store, own)
    assert (progress(store).known, progress(store).whole) == (60, 60)
    for number in range(100, 160):
        track = store.get(collections.tracks, identity(number))
        assert track is not None
        assert (track.name, track.isrc) == (f"Song {number}", f"ZZ{number}")
    once = 60 + 10
    # What was not written when it was killed is asked for again: at most what a write waits for.
    assert world.counts["tracks"] + world.counts["albums"] <= once + 4 * 20
