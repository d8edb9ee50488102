"""What goes wrong with the fake: faults, quotas of a day, the rate, and connections that end."""

import json
import time

import pytest
import requests

from tests.fakes.browser import RECENT, Browser, identity
from tests.fakes.spotify import READY, FakeSpotify, Fault, World


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
