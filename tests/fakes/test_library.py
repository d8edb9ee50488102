"""Who, the tops, what is saved, and one thing at a time, as the fake tells them."""

from typing import Any

import pytest

from tests.fakes.browser import ALBUM, RECENT, Browser, identity, played, recent_tracks, refused
from tests.fakes.spotify import World


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
