"""Polls over real HTTP: late plays, jitter, outages, a lock-out of a day, a login's death and return."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from stats_core.clock import utc_now
from stats_core.documents.plays import Play
from stats_core.imports.importer import Dropped, import_file
from stats_core.settings import Settings
from stats_core.spotify.errors import BucketClosed, NeedsLogin, NotAllowed, NotLinked, ScopeMissing, Unavailable
from stats_core.store import collections
from stats_core.store.port import Query, Store
from stats_core.sync.due import due
from stats_core.sync.polling import poll
from stats_core.sync.status import sync_status
from tests.fakes.spotify import FakeSpotify, Fault, World
from tests.fakes.spotify.world import track
from tests.spotify.conftest import TRACK, logged_in

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def songs(world: World) -> None:
    for number in range(2, 80):
        world.add_track(
            track(f"{number:022}", f"Song {number}", {"a" * 22: "The Invented"}, ("b" * 22, "First Light"), 180_000)
        )


def plays_of(store: Store, user: str = "ann") -> list[Play]:
    return sorted(store.find(collections.plays, Query(equal={"user": user})), key=lambda play: (play.end, play.id))


def heard(world: World, count: int, until: datetime, *, first: int = 2) -> None:
    """So many songs one after the other, the last of them ending then."""
    for number in range(count):
        world.listen("ann", f"{first + number:022}", until - timedelta(minutes=3 * (count - 1 - number)))


def _row(play: Play) -> dict[str, object]:
    """What an export says of the same play: to the second, and how long it really was."""
    return {
        "ts": f"{play.end:%Y-%m-%dT%H:%M:%SZ}", "ms_played": 95_000, "spotify_track_uri": play.uri,
        "master_metadata_track_name": play.name, "master_metadata_album_artist_name": "The Invented",
        "master_metadata_album_album_name": "First Light", "episode_name": None, "episode_show_name": None,
        "spotify_episode_uri": None, "platform": "android", "conn_country": "DE", "reason_start": "clickrow",
        "reason_end": "fwdbtn", "shuffle": False, "skipped": True, "offline": False, "offline_timestamp": None,
        "incognito_mode": False,
    }  # fmt: skip


def test_a_poll_brings_what_was_played_and_what_is_told_of_it(
    world: World, store: Store, own: Settings, linked: str
) -> None:
    heard(world, 3, utc_now() - timedelta(minutes=1))
    taken = poll(store, own, linked)
    assert (taken.page, taken.new, taken.known, taken.gap) == (3, 3, 0, None)
    assert [play.name for play in plays_of(store)] == ["Song 2", "Song 3", "Song 4"]
    known = store.get(collections.tracks, f"{2:022}")
    assert known is not None
    assert (known.length, known.album) == (180_000, "b" * 22)
    album = store.get(collections.albums, "b" * 22)
    assert album is not None
    assert album.image


def test_a_poll_without_news_costs_one_call_and_writes_one_document(
    world: World, store: Store, own: Settings, linked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard(world, 3, utc_now() - timedelta(minutes=1))
    poll(store, own, linked)
    asked = len(world.asked)
    written: list[str] = []

    def noted(name: str) -> Any:
        really = getattr(type(store), name)

        def write(self: Store, collection: Any, *what: Any) -> Any:
            written.append(collection.name)
            return really(self, collection, *what)

        return write

    for name in ("put", "insert", "replace", "update", "delete"):
        monkeypatch.setattr(type(store), name, noted(name))
    taken = poll(store, own, linked)
    assert (taken.new, taken.known) == (0, 3)
    assert len(world.asked) == asked + 1
    assert written == ["quotas", "syncs"]  # every request is counted, whatever it brings


def test_a_full_first_page_is_no_near_loss_and_a_full_later_one_is(
    world: World, store: Store, own: Settings, linked: str
) -> None:
    now = utc_now()
    heard(world, 50, now)
    assert poll(store, own, linked).new == 50
    assert sync_status(store, own, linked, utc_now()).new == 0
    heard(world, 45, now + timedelta(hours=3), first=10)
    with time_machine.travel(now + timedelta(hours=3, seconds=1)):
        assert poll(store, own, linked).gap is None
        assert sync_status(store, own, linked, utc_now()).new == 45


def test_polls_come_later_when_nothing_is_played(world: World, store: Store, own: Settings, linked: str) -> None:
    heard(world, 1, utc_now() - timedelta(minutes=1))
    waits = [poll(store, own, linked).next_poll_at - utc_now() for _ in range(4)]
    assert [round(wait.total_seconds() / 60) for wait in waits] == [15, 15, 15, 30]
    assert due(store, utc_now()) == []
    assert due(store, utc_now() + timedelta(minutes=31)) == [linked]


def test_late_plays_and_jitter_make_each_play_one(world: World, store: Store, own: Settings, linked: str) -> None:
    now = utc_now().replace(microsecond=0)
    world.jitter_ms = 13
    heard(world, 5, now - timedelta(minutes=1))
    world.listen("ann", TRACK, now - timedelta(minutes=40), late_by=3_600)
    for minutes in (0, 15, 30, 45, 60):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
            poll(store, own, linked)
    plays = plays_of(store)
    assert len(plays) == 6
    assert plays[0].name == "Paper Lanterns"


def test_a_page_of_which_nothing_is_known_leaves_a_gap(world: World, store: Store, own: Settings, linked: str) -> None:
    now = utc_now()
    heard(world, 2, now - timedelta(minutes=1))
    assert poll(store, own, linked).gap is None
    later = now + timedelta(hours=12)
    heard(world, 60, later, first=10)
    with time_machine.travel(later + timedelta(seconds=1)):
        taken = poll(store, own, linked)
        assert taken.gap is not None
        assert taken.page == taken.new == 50
        assert len(sync_status(store, own, linked, utc_now()).gaps) == 1


def test_a_play_told_twice_within_a_full_page_hides_no_gap(
    world: World, store: Store, own: Settings, linked: str
) -> None:
    now = utc_now()
    heard(world, 2, now - timedelta(minutes=1))
    assert poll(store, own, linked).gap is None
    later = now + timedelta(hours=12)
    heard(world, 59, later, first=10)
    world.listen("ann", f"{10 + 58:022}", later + timedelta(milliseconds=700))
    with time_machine.travel(later + timedelta(seconds=2)):
        taken = poll(store, own, linked)
    assert (taken.page, taken.new) == (50, 49)
    assert taken.gap is not None


@pytest.mark.parametrize(("last", "ends"), [(59, 400 - 180), (58, 360 - 30)])
def test_a_gap_never_lies_before_what_is_known(
    world: World, store: Store, own: Settings, linked: str, last: int, ends: int
) -> None:
    """Where the oldest play of the page was cut short, how early it began is not told: half a minute it had."""
    now = utc_now().replace(microsecond=0)
    for number in range(2, 6):  # each cut short after forty seconds
        world.listen("ann", f"{number:022}", now + timedelta(seconds=40 * number))
    with time_machine.travel(now + timedelta(seconds=240)):
        assert poll(store, own, linked).gap is None
    known = now + timedelta(seconds=40 * 5)
    for number in range(6, last + 1):
        world.listen("ann", f"{number:022}", now + timedelta(seconds=40 * number))
    with time_machine.travel(now + timedelta(hours=1)):
        taken = poll(store, own, linked)
    assert taken.new == 50
    assert taken.gap is not None
    assert (taken.gap.start, taken.gap.end) == (known, now + timedelta(seconds=ends))


def test_a_day_with_all_that_goes_wrong(
    fake: FakeSpotify, world: World, store: Store, own: Settings, linked: str, tmp_path: Path
) -> None:
    now = utc_now().replace(microsecond=0)

    def at(hours: float) -> time_machine.travel:
        return time_machine.travel(now + timedelta(hours=hours), tick=False)

    heard(world, 4, now)
    with at(0.1):
        assert poll(store, own, linked).new == 4
    world.fail("player", Fault(503))
    with at(0.4):
        with pytest.raises(Unavailable):
            poll(store, own, linked)
        assert "problem of its own" in (sync_status(store, own, linked, utc_now()).problem or "")
    heard(world, 4, now + timedelta(hours=1), first=20)
    with at(1.1):
        assert poll(store, own, linked).new == 4
        assert sync_status(store, own, linked, utc_now()).problem is None
    world.fail("player", Fault(429, "Too many requests", "QUOTA_EXCEEDED", "86000"))
    with at(1.5), pytest.raises(BucketClosed):
        poll(store, own, linked)
    asked = len(world.asked)
    with at(20), pytest.raises(BucketClosed):
        poll(store, own, linked)
    assert "GET /v1/me/player/recently-played" not in world.asked[asked:]
    heard(world, 4, now + timedelta(hours=20), first=30)
    with at(26):
        assert poll(store, own, linked).new == 4
    world.withdraw("ann")
    world.expire_access()
    with at(27), pytest.raises(NeedsLogin):
        poll(store, own, linked)
    with at(28):
        assert due(store, utc_now()) == []
        assert sync_status(store, own, linked, utc_now()).state == "needs login"
        logged_in(fake, store, own)
        assert due(store, utc_now()) == [linked]
        assert poll(store, own, linked).known == 12
    preview = plays_of(store)
    assert [play.source for play in preview] == ["api"] * 12
    export = tmp_path / "Streaming_History_Audio_2026_0.json"
    export.write_text(json.dumps([_row(play) for play in preview]))
    with at(28.5):
        import_file(store, own, linked, Dropped(export, export.name))
    whole = plays_of(store)
    assert [(play.source, play.ms) for play in whole] == [("extended", 95_000)] * 12
    with at(29):
        assert poll(store, own, linked).new == 0
    assert plays_of(store) == whole


def test_two_who_poll_at_once_double_nothing(world: World, store: Store, own: Settings, linked: str) -> None:
    heard(world, 30, utc_now() - timedelta(minutes=1))
    with ThreadPoolExecutor(2) as pool:
        taken = list(pool.map(lambda _: poll(store, own, linked), range(2)))
    assert sum(each.new for each in taken) == 30
    assert len(plays_of(store)) == 30


def test_a_dead_login_stops_nobody_else(
    fake: FakeSpotify, world: World, store: Store, own: Settings, linked: str
) -> None:
    world.people["ann"].allowed = False
    with pytest.raises(NotAllowed):
        poll(store, own, linked)
    assert due(store, utc_now() + timedelta(days=1)) == []
    status = sync_status(store, own, linked, utc_now())
    assert (status.state, "User Management" in (status.problem or "")) == ("not allowed", True)
    asked = len(world.asked)
    with pytest.raises(NotAllowed):
        poll(store, own, linked)
    assert len(world.asked) == asked
    world.people["ann"].allowed = True
    logged_in(fake, store, own)
    assert poll(store, own, linked).page == 0


def test_a_scope_that_is_missing_rests_until_the_next_login(
    fake: FakeSpotify, world: World, store: Store, own: Settings, linked: str
) -> None:
    world.change_scopes("ann", [])
    with pytest.raises(ScopeMissing):
        poll(store, own, linked)
    assert due(store, utc_now() + timedelta(days=1)) == []
    logged_in(fake, store, own)
    assert poll(store, own, linked).page == 0


def test_whoever_is_not_linked_is_told_how(store: Store, own: Settings, listener: str) -> None:
    with pytest.raises(NotLinked, match="spotify-stats login"):
        poll(store, own, listener)
    assert store.count(collections.syncs) == 0


def test_from_five_months_on_the_login_warns(store: Store, own: Settings, linked: str) -> None:
    now = utc_now()
    for days, warned in ((149, False), (151, True)):
        login = sync_status(store, own, linked, now + timedelta(days=days)).login
        assert login is not None
        assert (login.warning is not None) is warned


def test_killed_at_any_moment_a_poll_loses_and_doubles_nothing(
    fake: FakeSpotify, world: World, store: Store, store_uri: str, own: Settings, linked: str
) -> None:
    heard(world, 40, utc_now() - timedelta(minutes=1))
    told = {f"STATS_{name.upper()}": value for name, value in fake.settings().items()}
    environment = {**os.environ, **told, "STATS_DATA_DIR": str(own.data_dir), "STATS_DATABASE_URI": store_uri}
    command = [sys.executable, "-m", "stats_core.cli", "sync", "--user", linked]
    for seconds in (0.5, 0.8, 1.0, 1.2, 1.5):
        worker = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    poll(store, own, linked)
    assert len(plays_of(store)) == 40
    assert poll(store, own, linked).new == 0
