"""An app's side of the fake Spotify: what its tests ask it with, and what they make people play."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from tests.fakes.spotify import FakeSpotify, World

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
