"""The fake behaves as Spotify was measured to, over real HTTP."""

import hashlib
import json
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from stats_core.sample import names, sample_catalogue
from stats_core.sample.export import UNTIL
from stats_core.sample.listening import made_up_history
from tests.fakes.spotify import READY, FakeSpotify, Fault, World
from tests.fakes.spotify.objects import track
from tests.fakes.spotify.sample import ME, sample_world
from tests.fakes.spotify.tokens import SIX_MONTHS

BACK: Final = "http://127.0.0.1:8000/callback"
SCOPES: Final = "user-read-private user-read-recently-played user-top-read user-library-read"
ALBUM: Final = "b" * 22
NOON: Final = datetime(2026, 10, 1, 12, tzinfo=UTC)
VERIFIER: Final = "v" * 64
RECENT: Final = "/v1/me/player/recently-played"


def identity(number: int) -> str:
    return f"{number:022}"


class Browser:
    """An app's side of it: asks with a token, on one connection."""

    def __init__(self, fake: FakeSpotify) -> None:
        self.fake = fake
        self.session = requests.Session()
        self.access = self.refresh = ""

    def login(self, person: str | None = None, scope: str = SCOPES) -> None:
        told = self.tokens(grant_type="authorization_code", redirect_uri=BACK, code=self.code(person, scope=scope))
        assert told.status_code == 200, told.text
        self.access, self.refresh = told.json()["access_token"], told.json()["refresh_token"]

    def code(self, person: str | None = None, **more: str) -> str:
        returned = self.fake.authorize(self.address(**more), person)
        return parse_qs(urlsplit(returned).query)["code"][0]

    def address(self, **more: str) -> str:
        query = {
            "client_id": World.client_id, "response_type": "code", "redirect_uri": BACK, "scope": SCOPES, "state": "s",
            **more,
        }  # fmt: skip
        return f"{self.fake.accounts_url}/authorize?{urlencode(query)}"

    def tokens(self, secret: str | None = World.client_secret, **form: str) -> requests.Response:
        basic = None if secret is None else (World.client_id, secret)
        return self.session.post(f"{self.fake.accounts_url}/api/token", data=form, auth=basic, timeout=10)

    def refreshed(self, refresh: str | None = None, secret: str | None = World.client_secret) -> requests.Response:
        return self.tokens(secret, grant_type="refresh_token", refresh_token=refresh or self.refresh)

    def get(self, path: str, **query: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.fake.api_url}{path}"
        told = {"Authorization": f"Bearer {self.access}"} if self.access else {}
        return self.session.get(url, params=query, headers=told, timeout=10)


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


def refused(answer: requests.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert error["status"] == answer.status_code
    return answer.status_code, error["message"]


def played(world: World, count: int, **more: Any) -> None:
    """So many plays, three minutes apart, the latest a minute ago: track 0 first."""
    for number in range(count):
        world.listen("ann", identity(number), NOON - timedelta(minutes=1 + 3 * (count - 1 - number)), **more)


def recent_tracks(app: Browser, **query: Any) -> list[str]:
    return [each["track"]["id"] for each in app.get(RECENT, **{"limit": 50, **query}).json()["items"]]


# The login.


def test_the_browser_comes_back_with_a_code_and_the_state(app: Browser) -> None:
    query = parse_qs(urlsplit(app.fake.visited(app.address(state="x y"))).query)
    assert query["state"] == ["x y"]
    assert query["code"][0]


def test_who_says_no_sends_no_code(app: Browser, world: World) -> None:
    world.refuses = True
    returned = app.fake.visited(app.address())
    assert parse_qs(urlsplit(returned).query) == {"state": ["s"], "error": ["access_denied"]}


@pytest.mark.parametrize(
    "uri",
    ["http://localhost:8000/callback", "http://nas.local/callback", "http://192.168.1.5/callback", "myapp://back", ""],
)
def test_nobody_is_sent_to_where_spotify_sends_nobody(app: Browser, uri: str) -> None:
    answer = requests.get(app.address(redirect_uri=uri), allow_redirects=False, timeout=10)
    assert answer.status_code == 400


@pytest.mark.parametrize("uri", ["https://home.example/callback", "http://[::1]:9/callback", "http://127.0.0.1/x"])
def test_https_and_this_machine_by_its_number_are_fine(app: Browser, uri: str) -> None:
    assert app.fake.visited(app.address(redirect_uri=uri)).startswith(f"{uri}?")


def test_a_registered_address_is_matched_exactly_but_for_the_port_of_this_machine(app: Browser, world: World) -> None:
    world.redirects = {"http://127.0.0.1/callback", "https://home.example/callback"}
    for uri, status in {
        BACK: 302, "http://127.0.0.1:8000/callback/": 400, "http://127.0.0.1:8000/Callback": 400,
        "https://home.example/callback": 302, "https://home.example:444/callback": 400,
    }.items():  # fmt: skip
        answer = requests.get(app.address(redirect_uri=uri), allow_redirects=False, timeout=10)
        assert answer.status_code == status, uri


@pytest.mark.parametrize("more", [{"response_type": "token"}, {"client_id": "x"}, {"code_challenge": "x"}])
def test_no_other_flow_is_offered(app: Browser, more: Mapping[str, str]) -> None:
    assert requests.get(app.address(**more), allow_redirects=False, timeout=10).status_code == 400


def test_tokens_are_told_as_spotify_does(app: Browser) -> None:
    told = app.tokens(grant_type="authorization_code", redirect_uri=BACK, code=app.code()).json()
    assert set(told) == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 3600)
    assert set(told["scope"].split()) == set(SCOPES.split())


def test_a_code_is_good_once_and_for_its_address(app: Browser) -> None:
    code = app.code()
    assert app.tokens(grant_type="authorization_code", redirect_uri=BACK, code=code).status_code == 200
    for redirect, again in ((BACK, code), (f"{BACK}/", app.code())):
        answer = app.tokens(grant_type="authorization_code", redirect_uri=redirect, code=again)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_wrong_secret_or_none_is_an_invalid_client(app: Browser) -> None:
    for secret in ("wrong", None):
        code = app.tokens(secret, grant_type="authorization_code", redirect_uri=BACK, code=app.code())
        refresh = app.refreshed(secret=secret)
        for answer in (code, refresh):
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")
    only_named = app.tokens(None, grant_type="refresh_token", refresh_token=app.refresh, client_id=World.client_id)
    assert only_named.json()["error"] == "invalid_client"


def test_pkce_needs_the_verifier_and_no_secret(app: Browser) -> None:
    def answer(verifier: str, challenged: str) -> requests.Response:
        digest = urlsafe_b64encode(hashlib.sha256(challenged.encode()).digest()).decode().rstrip("=")
        return app.tokens(
            None, grant_type="authorization_code", redirect_uri=BACK, client_id=World.client_id,
            code=app.code(code_challenge=digest, code_challenge_method="S256"), code_verifier=verifier,
        )  # fmt: skip

    for verifier, challenged in (("w" * 64, VERIFIER), ("short", "short"), ("", VERIFIER), ("v" * 129, "v" * 129)):
        wrong = answer(verifier, challenged)
        assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")
    told = answer(VERIFIER, VERIFIER).json()
    again = app.tokens(
        None, grant_type="refresh_token", refresh_token=told["refresh_token"], client_id=World.client_id
    ).json()
    assert again["access_token"] != told["access_token"]
    assert again["scope"] == told["scope"]


def test_an_access_token_is_good_for_an_hour(app: Browser, world: World) -> None:
    world.clock.forward(3_599)
    assert app.get("/v1/me").status_code == 200
    world.clock.forward(1)
    assert app.get("/v1/me").status_code == 401
    app.access = app.refreshed().json()["access_token"]
    assert app.get("/v1/me").status_code == 200


def test_a_refresh_token_dies_six_months_after_the_login_however_often_it_is_used(app: Browser, world: World) -> None:
    for _ in range(5):
        world.clock.forward(SIX_MONTHS / 6)
        assert "refresh_token" not in app.refreshed().json()
    world.clock.forward(SIX_MONTHS / 6)
    answer = app.refreshed()
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_rotation_makes_each_refresh_token_good_once_and_no_longer_lived(app: Browser, world: World) -> None:
    world.rotates = True
    new = app.refreshed().json()["refresh_token"]
    assert app.refreshed().json()["error"] == "invalid_grant"
    world.clock.forward(SIX_MONTHS)
    assert app.refreshed(new).json()["error"] == "invalid_grant"


def test_who_withdraws_is_let_in_for_the_rest_of_the_hour(app: Browser, world: World) -> None:
    world.withdraw("ann")
    assert app.refreshed().json()["error"] == "invalid_grant"
    assert app.get("/v1/me").status_code == 200


# The door.


def test_missing_and_wrong_tokens_get_the_same_body_and_another_header(app: Browser) -> None:
    app.access = "wrong"
    wrong = app.get("/v1/me")
    app.access = ""
    missing = app.get("/v1/me")
    assert wrong.status_code == missing.status_code == 401
    assert wrong.content == missing.content
    assert wrong.headers["WWW-Authenticate"] != missing.headers["WWW-Authenticate"]


def test_the_forbidden_differ_by_their_message_alone(app: Browser, world: World) -> None:
    assert refused(app.get("/v1/tracks/", ids=identity(1))) == (403, "Forbidden")
    for bucket in ("artists", "albums", "recommendations", "audio-features", f"artists/{identity(900)}/top-tracks"):
        assert refused(app.get(f"/v1/{bucket}", ids=identity(1))) == (403, "Forbidden")
    world.change_scopes("ann", ["user-read-private"])
    assert refused(app.get(RECENT)) == (403, "Insufficient client scope")
    assert app.get("/v1/me").status_code == app.get(f"/v1/tracks/{identity(1)}").status_code == 200
    world.people["ann"].allowed = False
    assert refused(app.get("/v1/me")) == (403, "User not registered in the Developer Dashboard")
    world.people["ann"].premium = False
    assert "premium" in refused(app.get("/v1/me"))[1]
    told = [refused_by(app, world, READY[name]) for name in _FORBIDDEN]
    assert len(set(told)) == 5
    assert {status for status, _ in told} == {403}


_FORBIDDEN: Final = ("removed", "premium", "unlisted", "unlisted-otherwise", "scope")


def refused_by(app: Browser, world: World, fault: Fault) -> tuple[int, str]:
    world.fail("me", fault)
    return refused(app.get("/v1/me"))


def test_only_the_owner_needs_premium_and_only_listed_people_are_answered(app: Browser, world: World) -> None:
    world.add_person("bob", premium=False)
    app.login("bob")
    assert app.get("/v1/me").json()["id"] == "bob"
    world.people["bob"].allowed = False
    app.login("bob")  # succeeds, as it does there
    assert app.get("/v1/me").status_code == 403


def test_an_endpoint_can_go(app: Browser, world: World) -> None:
    world.gone.add("/v1/me/top/artists")
    assert refused(app.get("/v1/me/top/artists")) == (403, "Forbidden")
    assert app.get("/v1/me/top/tracks").status_code == 200


# Who, the tops, and what is saved.


def test_me_is_told_without_what_was_removed(app: Browser) -> None:
    told = app.get("/v1/me/").json()
    assert (told["id"], told["account_id"], told["display_name"]) == ("ann", "account-of-ann", "Ann")
    assert not set(told) & {"country", "email", "explicit_content", "followers", "product"}


def test_tops_have_three_ranges_and_more_than_one_page(app: Browser, world: World) -> None:
    person = world.people["ann"]
    person.top["tracks", "long_term"] = [identity(number) for number in range(116)]
    person.top["tracks", "medium_term"] = [identity(7)]
    person.top["artists", "short_term"] = [identity(903)]
    pages: list[Any] = []
    url = "/v1/me/top/tracks?time_range=long_term&limit=50"
    while url:
        pages.append(app.get(url).json())
        url = pages[-1]["next"]
    assert [len(page["items"]) for page in pages] == [50, 50, 16]
    assert [item["id"] for page in pages for item in page["items"]] == person.top["tracks", "long_term"]
    assert {page["total"] for page in pages} == {116}
    assert [item["id"] for item in app.get("/v1/me/top/tracks").json()["items"]] == [identity(7)]
    (artist,) = app.get("/v1/me/top/artists", time_range="short_term").json()["items"]
    assert artist["images"]
    assert app.get("/v1/me/top/artists", time_range="long_term").json()["items"] == []
    assert app.get("/v1/me/top/artists", time_range="ever").status_code == 400


def test_what_is_saved_comes_the_latest_first_page_by_page(app: Browser, world: World) -> None:
    world.people["ann"].saved = [(identity(number), 1_700_000_000_000 + number * 1_000) for number in range(60)]
    first = app.get("/v1/me/tracks", limit=50).json()
    second = app.get(first["next"]).json()
    assert first["items"][0]["added_at"] == "2023-11-14T22:14:19Z"
    listed = [item["track"]["id"] for item in first["items"] + second["items"]]
    assert listed == [identity(number) for number in reversed(range(60))]
    assert (first["total"], second["next"], first["previous"]) == (60, None, None)


@pytest.mark.parametrize("limit", ["0", "51", "-1", "x", ""])
def test_no_other_limits_are_taken(app: Browser, limit: str) -> None:
    for path in (RECENT, "/v1/me/tracks", "/v1/me/top/tracks", f"/v1/albums/{ALBUM}/tracks"):
        assert refused(app.get(path, limit=limit)) == (400, "Invalid limit")


# What was played lately.


def test_fifty_plays_are_held_whatever_is_asked(app: Browser, world: World) -> None:
    played(world, 60)
    told = app.get(RECENT, limit=50).json()
    listed = [each["track"]["id"] for each in told["items"]]
    assert listed == [identity(number) for number in range(59, 9, -1)]
    following = app.get(told["next"]).json()
    assert (following["items"], following["next"], following["cursors"]) == ([], None, None)
    assert len(app.get(RECENT).json()["items"]) == 20
    assert set(told["items"][0]) == {"track", "played_at", "context"}


def test_after_and_before_cut_inside_the_fifty_and_are_exclusive(app: Browser, world: World) -> None:
    played(world, 60)
    at = round((NOON - timedelta(minutes=1 + 3 * 5)).timestamp() * 1_000)  # the end of track 54
    assert recent_tracks(app, after=at) == [identity(number) for number in range(59, 54, -1)]
    assert recent_tracks(app, before=at)[0] == identity(53)
    assert recent_tracks(app, after=0)[-1] == identity(10)
    told = app.get(RECENT, limit=2, before=at).json()
    assert told["cursors"] == {"after": str(at - 180_000), "before": str(at - 360_000)}
    assert app.get(told["next"]).json()["items"][0]["track"]["id"] == identity(51)
    assert app.get(RECENT, after=at, before=at).status_code == 400
    assert app.get(RECENT, after="yesterday").status_code == 400


def test_what_is_too_short_private_or_not_over_is_not_told(app: Browser, world: World) -> None:
    world.listen("ann", identity(1), NOON, ms=29_999)
    world.listen("ann", identity(2), NOON, ms=0)
    world.listen("ann", identity(3), NOON, private=True)
    world.listen("ann", identity(4), NOON + timedelta(seconds=1))
    assert recent_tracks(app) == []
    world.listen("ann", identity(5), NOON, ms=30_000)
    assert recent_tracks(app) == [identity(5)]
    world.clock.forward(1)
    assert recent_tracks(app) == [identity(4), identity(5)]


def test_a_device_that_was_offline_tells_late_and_between_others(app: Browser, world: World) -> None:
    played(world, 3)
    world.listen("ann", identity(50), NOON - timedelta(minutes=5), late_by=1_800)
    assert recent_tracks(app) == [identity(2), identity(1), identity(0)]
    world.clock.forward(1_800)
    assert recent_tracks(app) == [identity(2), identity(1), identity(50), identity(0)]


def test_an_instant_has_milliseconds_unless_they_are_none(app: Browser, world: World) -> None:
    world.listen("ann", identity(1), NOON)
    world.listen("ann", identity(2), NOON - timedelta(milliseconds=996))
    told = [each["played_at"] for each in app.get(RECENT).json()["items"]]
    assert told == ["2026-10-01T12:00:00Z", "2026-10-01T11:59:59.004Z"]


def test_the_same_play_may_be_told_some_milliseconds_later(app: Browser, world: World) -> None:
    world.jitter_ms = 15
    played(world, 1)
    told = {app.get(RECENT).json()["items"][0]["played_at"][-5:] for _ in range(3)}
    assert len(told) == 3


def test_a_play_tells_where_it_was_played_from(app: Browser, world: World) -> None:
    world.listen("ann", identity(1), NOON, context=f"spotify:playlist:{identity(5)}")
    world.listen("ann", identity(2), NOON - timedelta(minutes=9))
    first, second = app.get(RECENT).json()["items"]
    assert first["context"]["type"] == "playlist"
    assert first["context"]["uri"].endswith(identity(5))
    assert second["context"] is None


# One thing.


def test_objects_lack_what_was_removed_and_keep_the_rest(app: Browser) -> None:
    told = app.get(f"/v1/tracks/{identity(3)}").json()
    assert told["external_ids"] == {"isrc": "ZZ1"}
    assert not set(told) & {"available_markets", "linked_from", "popularity"}
    assert not set(told["album"]) & {"album_group", "available_markets", "label", "popularity"}
    assert "genres" not in told["artists"][0]
    artist = app.get(f"/v1/artists/{identity(900)}").json()
    assert artist["genres"] == []
    assert not set(artist) & {"followers", "popularity"}


def test_an_album_holds_fifty_tracks_and_the_rest_page_by_page(app: Browser) -> None:
    listed = app.get(f"/v1/albums/{ALBUM}").json()["tracks"]
    assert (len(listed["items"]), listed["total"]) == (50, 120)
    assert not set(listed["items"][0]) & {"album", "external_ids"}
    second = app.get(listed["next"]).json()
    third = app.get(second["next"]).json()
    assert third["next"] is None
    found = [each["id"] for page in (listed, second, third) for each in page["items"]]
    assert found == [identity(number) for number in range(120)]
    assert app.get(f"/v1/albums/{ALBUM}/tracks/", limit=1, offset=7).json()["items"][0]["id"] == identity(7)


def test_ids_can_be_unknown_deleted_invalid_or_another(app: Browser, world: World) -> None:
    played(world, 1)
    world.deleted.add(identity(0))
    world.relinked[identity(500)] = identity(3)
    for path in (f"tracks/{identity(999)}", f"tracks/{identity(0)}", f"albums/{identity(1)}/tracks"):
        assert refused(app.get(f"/v1/{path}")) == (404, "Resource not found")
    assert refused(app.get("/v1/tracks/x")) == (400, "Invalid base62 id")
    assert app.get(f"/v1/tracks/{identity(500)}").json()["id"] == identity(3)
    assert recent_tracks(app) == [identity(0)]


# What goes wrong.


def test_faults_end_after_so_many_requests_and_stay_in_their_bucket(app: Browser, world: World) -> None:
    world.fail("me", Fault(503, times=2))
    assert [app.get("/v1/me").status_code for _ in range(3)] == [503, 503, 200]
    world.fail("me", Fault(500))
    assert app.get("/v1/me/tracks").status_code == 200
    assert app.get("/v1/me").status_code == 500


def test_faults_may_last_until_a_time(app: Browser, world: World) -> None:
    world.fail("me", Fault(502, until=world.now() + 60))
    assert [app.get("/v1/me").status_code for _ in range(3)] == [502] * 3
    world.clock.forward(60)
    assert app.get("/v1/me").status_code == 200


def test_each_fault_looks_as_it_was_seen(app: Browser, world: World) -> None:
    def seen(name: str) -> requests.Response:
        world.fail("me", READY[name])
        return app.get("/v1/me")

    assert seen("rate").headers["Retry-After"] == "20"
    assert "Retry-After" not in seen("rate-without-wait").headers
    quota = seen("quota")
    assert quota.json() == {"error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}}
    assert int(quota.headers["Retry-After"]) > 80_000
    assert seen("text").json() == {"error": "text"}
    nothing = seen("nothing")
    assert (nothing.status_code, nothing.content) == (204, b"")
    with pytest.raises(json.JSONDecodeError):
        json.loads(seen("malformed").text)
    with pytest.raises(requests.exceptions.RequestException):
        seen("cut")
    world.fail("me", Fault(seconds=0.3))
    begun = time.monotonic()
    assert app.get("/v1/me").status_code == 200
    assert time.monotonic() - begun >= 0.3
    assert [seen(name).status_code for name in ("broken", "gateway", "unavailable", "token")] == [500, 502, 503, 401]


def test_a_slow_answer_holds_up_nobody_else(app: Browser, world: World, fake: FakeSpotify) -> None:
    world.fail("me", Fault(seconds=2))
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(f"{fake.api_url}/v1/me", timeout=0.2)
    begun = time.monotonic()
    assert app.get("/v1/me/tracks").status_code == 200
    assert time.monotonic() - begun < 1


def test_a_quota_closes_its_bucket_for_a_day_from_the_first_request_on(app: Browser, world: World) -> None:
    world.sizes["tracks"] = 2
    path = f"/v1/tracks/{identity(1)}"
    assert [app.get(path).status_code, app.get(path).status_code] == [200, 200]
    world.clock.forward(600)
    answer = app.get(path)
    assert (answer.json()["error"]["reason"], answer.headers["Retry-After"]) == ("QUOTA_EXCEEDED", str(86_400 - 600))
    assert app.get("/v1/me").status_code == 200
    app.access = app.refreshed().json()["access_token"]
    world.clock.forward(86_400 - 600)
    app.access = app.refreshed().json()["access_token"]
    assert app.get(path).status_code == 200


def test_asking_while_a_quota_is_used_up_makes_it_longer(app: Browser, world: World) -> None:
    world.sizes["me"] = 1
    app.get("/v1/me")
    world.clock.forward(600)
    waits = [int(app.get("/v1/me").headers["Retry-After"]) for _ in range(2)]
    assert waits == [86_400 - 600, 86_400]


def test_the_rate_is_the_apps_over_30_seconds(app: Browser, world: World) -> None:
    world.rate = 3
    world.clock.forward(30)
    assert [app.get(path).status_code for path in ("/v1/me", "/v1/me/tracks", RECENT)] == [200] * 3
    world.clock.forward(10)
    answer = app.get("/v1/me")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "20")
    assert "reason" not in answer.json()["error"]
    world.clock.forward(20)
    assert app.get("/v1/me").status_code == 200


def test_requests_are_counted_and_noted(app: Browser, world: World) -> None:
    app.get("/v1/me")
    app.get("/v1/me/top/tracks", limit=1)
    assert world.counts == {"authorize": 1, "token": 1, "me": 1, "top": 1}
    assert world.asked[-2:] == ["GET /v1/me", "GET /v1/me/top/tracks"]


# The clock, the sample, and the demo.


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
