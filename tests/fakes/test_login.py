"""The fake's login: codes, PKCE, refreshing, rotation, and the end after six months."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.fakes.browser import (
    BACK,
    SCOPES,
    VERIFIER,
    Browser,
)
from tests.fakes.spotify import World
from tests.fakes.spotify.tokens import SIX_MONTHS


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
