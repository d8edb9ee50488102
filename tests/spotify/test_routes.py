"""The login and the state of the sync as REST consumers see them, and the command line beside them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stats_core.alerts.keeping import close_alert, open_alert
from stats_core.clock import utc_now
from stats_core.spotify.tokens import change_account
from stats_core.store import collections
from stats_core.store.port import Store
from stats_core.sync.library import take_saved
from stats_core.sync.recent import take_in
from stats_core.sync.tops import take_tops
from tests.api.server import ApiServer, problem
from tests.fakes.spotify import FakeSpotify, World
from tests.spotify.conftest import TRACK


@pytest.fixture
def server(fake: FakeSpotify, store_uri: str, tmp_path: Path) -> Iterator[ApiServer]:
    with ApiServer(
        tmp_path, store_uri, **fake.settings(), spotify_redirect_uri="http://127.0.0.1:1/v1/spotify/callback"
    ) as server:
        server.make("ann")
        yield server


def begun(server: ApiServer, **body: Any) -> str:
    answer = server.client("ann").post("/v1/listeners/ann/spotify/login", json=body)
    assert answer.status_code == 200, answer.text
    url: str = answer.json()["url"]
    return url


def test_a_person_links_their_account_and_is_told_how_it_goes(
    fake: FakeSpotify, world: World, server: ApiServer
) -> None:
    client = server.client("ann")
    assert client.get("/v1/listeners/ann/sync").json()["state"] == "not linked"
    returned = fake.visited(begun(server))
    answer = server.client().get("/v1/spotify/callback?" + returned.partition("?")[2])
    assert (answer.status_code, "linked" in answer.text) == (200, True)
    status = client.get("/v1/listeners/ann/sync").json()
    assert (status["state"], status["login"]["warning"], status["problem"]) == ("connected", None, None)
    problem(server.client().get("/v1/spotify/callback?" + returned.partition("?")[2]), 409, "spotify-refused")
    world.listen("ann", TRACK, utc_now())
    command = [sys.executable, "-m", "stats_core.cli", "sync", "--user", "ann", "--json"]
    told = {f"STATS_{name.upper()}": value for name, value in fake.settings().items()}
    own = server.settings
    environment = {**os.environ, **told, "STATS_DATA_DIR": str(own.data_dir), "STATS_DATABASE_URI": own.database_uri}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    polled = json.loads(run.stdout)
    assert {**polled, "next_poll": ""} == {
        "user": "ann", "page": 1, "new": 1, "known": 0, "superseded": 0, "gap": False, "next_poll": "",
    }  # fmt: skip
    summary = client.get("/v1/listeners/ann/summary").json()
    assert (summary["plays"], summary["rule"]["estimated_ms"]) == (1, 200_000)
    (play,) = client.get("/v1/listeners/ann/plays").json()["plays"]
    assert (play["source"], play["estimated"]) == ("api", True)
    assert client.get("/v1/listeners/ann/sync").json()["buckets"][1]["used"] == 1
    assert client.delete("/v1/listeners/ann/spotify").status_code == 204
    assert client.get("/v1/listeners/ann/sync").json()["state"] == "not linked"
    assert client.get("/v1/listeners/ann/summary").json()["plays"] == 1


def test_an_address_may_be_pasted(fake: FakeSpotify, server: ApiServer) -> None:
    returned = fake.visited(begun(server))
    path = "/v1/listeners/ann/spotify/callback"
    server.make("bob")
    problem(
        server.client("bob").post("/v1/listeners/bob/spotify/callback", json={"url": returned}), 409, "spotify-refused"
    )
    assert server.client("ann").post(path, json={"url": returned}).json()["state"] == "connected"
    problem(server.client("ann").post(path, json={"url": returned}), 409, "spotify-refused")


def test_nothing_secret_is_logged(fake: FakeSpotify, server: ApiServer) -> None:
    returned = fake.visited(begun(server))
    code = returned.partition("code=")[2].partition("&")[0]
    assert server.client().get("/v1/spotify/callback?" + returned.partition("?")[2]).status_code == 200
    account = server.store.get(collections.accounts, "ann")
    assert account is not None
    logs = server.log.read_text() + "".join(each.read_text() for each in server.settings.log_dir.iterdir())
    assert code
    assert code not in logs


def test_without_an_app_the_routes_say_so(store_uri: str, tmp_path: Path) -> None:
    with ApiServer(tmp_path, store_uri) as server:
        server.make("ann")
        problem(server.client("ann").post("/v1/listeners/ann/spotify/login", json={}), 409, "no-spotify-app")
        assert server.client("ann").get("/v1/listeners/ann/sync").json()["state"] == "not configured"


def test_whoever_disconnects_may_have_the_plays_of_the_sync_taken_back(
    fake: FakeSpotify, world: World, server: ApiServer, store: Store
) -> None:
    client = server.client("ann")
    assert server.client().get("/v1/spotify/callback?" + fake.visited(begun(server)).partition("?")[2]).is_success
    take_in(store, "ann", [{"track": world.tracks[TRACK], "played_at": "2026-01-02T03:04:05.678Z"}], utc_now())
    assert client.get("/v1/listeners/ann/summary").json()["plays"] == 1
    problem(client.delete("/v1/listeners/ann/spotify?plays=some"), 400, "invalid-parameter")
    assert client.get("/v1/listeners/ann/sync").json()["state"] == "connected"
    assert client.delete("/v1/listeners/ann/spotify?plays=delete").status_code == 204
    assert client.get("/v1/listeners/ann/summary").json()["plays"] == 0
    assert client.get("/v1/listeners/ann/sync").json()["state"] == "not linked"
    assert client.delete("/v1/listeners/ann/spotify?plays=delete").status_code == 204


def test_alerts_are_for_an_admin(server: ApiServer, store: Store) -> None:
    now = utc_now()
    for subject in ("run|nightly", "app"):
        open_alert(store, subject, f"{subject} is wrong.", now, is_told=False)
    close_alert(store, "run|nightly", now, is_told=False)
    problem(server.client("ann").get("/v1/alerts"), 403, "outside-key")
    admin = server.client()
    admin.headers["Authorization"] = f"Bearer {server.settings.admin_key_text()}"
    assert [alert["told"] for alert in admin.get("/v1/alerts").json()["alerts"]] == ["app is wrong."]
    listed = admin.get("/v1/alerts?state=all").json()["alerts"]
    assert {alert["subject"]: alert["closed_at"] is None for alert in listed} == {"run|nightly": False, "app": True}
    assert len(admin.get("/v1/alerts?state=all&limit=1").json()["alerts"]) == 1


def test_what_spotify_says_of_a_listener_is_there_to_see(
    fake: FakeSpotify, world: World, server: ApiServer, store: Store
) -> None:
    client = server.client("ann")
    assert client.get("/v1/listeners/ann/spotify/tops").json() == {
        "of": "tracks", "range": "medium_term", "date": None, "items": [],
    }  # fmt: skip
    assert client.get("/v1/listeners/ann/spotify/saved").json() == {"tracks": [], "total": 0}
    assert server.client().get("/v1/spotify/callback?" + fake.visited(begun(server)).partition("?")[2]).is_success
    own = server.settings
    person, now = world.people["ann"], utc_now()
    person.top["artists", "long_term"] = ["a" * 22]
    person.top["tracks", "medium_term"] = [TRACK]
    take_tops(store, own, "ann", now - timedelta(days=1))
    person.top["tracks", "medium_term"] = []
    take_tops(store, own, "ann", now)
    (ranked,) = client.get("/v1/listeners/ann/spotify/tops?of=artists&range=long_term").json()["items"]
    assert (ranked["rank"], ranked["id"], ranked["name"]) == (1, "a" * 22, "The Invented")
    today = client.get("/v1/listeners/ann/spotify/tops").json()
    assert (today["date"], today["items"]) == (f"{now:%Y-%m-%d}", [])
    person.saved = [(TRACK, 1_600_000_000_000)]
    take_saved(store, own, "ann", now)
    (saved,) = client.get("/v1/listeners/ann/spotify/saved").json()["tracks"]
    assert (saved["name"], saved["artist"], saved["added_at"]) == (
        "Paper Lanterns", "The Invented", "2020-09-13T12:26:40Z",
    )  # fmt: skip
    assert client.get("/v1/listeners/ann/spotify/saved?offset=1").json() == {"tracks": [], "total": 1}


def test_a_login_needs_no_body_and_premium_is_tried_when_somebody_asks(
    fake: FakeSpotify, world: World, server: ApiServer, store: Store
) -> None:
    client = server.client("ann")
    path = "/v1/listeners/ann/spotify/login"
    answer = client.post(path)
    assert answer.status_code == 200
    world.premium = False
    returned = fake.visited(answer.json()["url"]).partition("?")[2]
    assert (
        "Premium" in problem(server.client().get("/v1/spotify/callback?" + returned), 502, "spotify-failed")["detail"]
    )
    world.premium = True
    returned = fake.visited(client.post(path, json={}).json()["url"]).partition("?")[2]
    assert server.client().get("/v1/spotify/callback?" + returned).is_success
    assert client.post("/v1/listeners/ann/sync").status_code == 202
    change_account(store, "ann", lambda _: {"state": "needs login", "problem": "Log in again."})
    problem(client.post("/v1/listeners/ann/sync"), 409, "spotify-refused")
    assert client.get("/v1/listeners/ann/sync").json()["next_poll_at"] is None


def test_the_login_at_the_command_line_ends_when_the_service_took_it(
    fake: FakeSpotify, server: ApiServer, store: Store
) -> None:
    command = [sys.executable, "-m", "stats_core.cli", "login", "--user", "ann"]
    told = {f"STATS_{name.upper()}": value for name, value in fake.settings().items()}
    own = server.settings
    environment = {
        **os.environ, **told, "STATS_DATA_DIR": str(own.data_dir), "STATS_DATABASE_URI": own.database_uri,
        "STATS_SPOTIFY_REDIRECT_URI": "http://127.0.0.1:1/v1/spotify/callback",
    }  # fmt: skip
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        returned = fake.visited(process.stdout.readline().strip()).partition("?")[2]
        assert server.client().get("/v1/spotify/callback?" + returned).is_success
        assert process.wait(20) == 0
        assert "ann: linked." in process.stderr.read()
    wrong = subprocess.run(
        [*command, "--url", "hello"], env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert wrong.returncode == 1
    assert "no address that Spotify sends people back to" in wrong.stderr
