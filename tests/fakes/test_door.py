"""The fake's door: tokens that open nothing, and the answers 403 that differ by their message alone."""

from typing import Final

from tests.fakes.browser import RECENT, Browser, identity, refused
from tests.fakes.spotify import READY, Fault, World


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
