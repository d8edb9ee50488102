"""The fake's server: authorize and token endpoints, and the parts of the Web API that an app of late 2026 has."""

import hashlib
import json
import re
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from tests.fakes.spotify.world import Fault, Grant, Json, Person, World

_ID: Final = re.compile(r"[0-9A-Za-z]{22}")
_ROUTES: Final = (
    (re.compile(r"/v1/me"), "me", "user-read-private"),
    (re.compile(r"/v1/me/player/recently-played"), "player", "user-read-recently-played"),
    (re.compile(r"/v1/me/top/(artists|tracks)"), "top", "user-top-read"),
    (re.compile(r"/v1/me/tracks"), "library", "user-library-read"),
    (re.compile(r"/v1/tracks/([^/]+)"), "tracks", None),
    (re.compile(r"/v1/albums/([^/]+)"), "albums", None),
    (re.compile(r"/v1/artists/([^/]+)"), "artists", None),
)


class FakeSpotify:
    """A server on a free port of this machine, in a thread, while it is entered."""

    def __init__(self, world: World, port: int = 0) -> None:
        self.world = world
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.daemon_threads = True
        self._server.world = world  # type: ignore[attr-defined]
        self.api_url = self.accounts_url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def settings(self, *, secret: bool = True) -> dict[str, Any]:
        """What a process must be told to talk to it: the project's settings."""
        told = {
            "spotify_api_url": self.api_url,
            "spotify_accounts_url": self.accounts_url,
            "spotify_client_id": self.world.client_id,
        }
        return {**told, "spotify_client_secret": self.world.client_secret} if secret else told

    def visited(self, url: str) -> str:
        """Where the browser ends that opens this address: the redirect URI, with what Spotify tells it."""
        answer = requests.get(url, allow_redirects=False, timeout=10)
        assert answer.status_code == requests.codes.found, answer.text
        return answer.headers["Location"]


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: clients are killed in the middle."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def world(self) -> World:
        world: World = self.server.world  # type: ignore[attr-defined]
        return world

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path, query = parts.path.rstrip("/"), {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.world.asked.append(f"GET {path}")
        if path == "/authorize":
            self._authorize(query)
            return
        for route, bucket, scope in _ROUTES:
            if match := route.fullmatch(path):
                if self._went_wrong(bucket):
                    return
                grant = self._admitted(scope)
                if grant is not None:
                    self._answer(bucket, match.groups(), query, grant)
                return
        self._refuse(403, "Forbidden")  # batch endpoints and whatever else an app of late 2026 has not

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {name: values[-1] for name, values in parse_qs(body).items()}
        self.world.asked.append(f"POST {urlsplit(self.path).path}")
        if urlsplit(self.path).path != "/api/token":
            self._refuse(404, "Service not found")
        elif not self._went_wrong("token"):
            self._token(form)

    def _authorize(self, query: Mapping[str, str]) -> None:
        if query.get("client_id") != self.world.client_id or query.get("response_type") != "code":
            self._send(400, b"INVALID_CLIENT: Invalid client", "text/plain")
            return
        told = {"state": query.get("state", "")}
        if self.world.refuses:
            told["error"] = "access_denied"
        else:
            scopes = query.get("scope", "").replace(",", " ").split()
            told["code"] = self.world.code(scopes, query["redirect_uri"], query.get("code_challenge"))
        self.send_response(302)
        self.send_header("Location", f"{query['redirect_uri']}?{urlencode(told)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _token(self, form: Mapping[str, str]) -> None:
        secret = self._basic()
        if form["grant_type"] == "authorization_code":
            known = self.world.taken_code(form.get("code", ""))
            if known is None or known[2] != form.get("redirect_uri"):
                self._oauth_error("invalid_grant", "Invalid authorization code")
                return
            person, scopes, _, challenge = known
            if challenge is None:
                if not secret:
                    self._oauth_error("invalid_client", "Invalid client secret")
                    return
            elif not self._is_ours(form) or challenge != _challenge(form.get("code_verifier", "")):
                self._oauth_error("invalid_grant", "code_verifier was incorrect")
                return
            self._json(200, self.world.granted(person, scopes))
            return
        if not secret and not self._is_ours(form):
            self._oauth_error("invalid_client", "Invalid client")
            return
        tokens = self.world.refreshed(form.get("refresh_token", ""))
        if tokens is None:
            self._oauth_error("invalid_grant", "Refresh token revoked")
        else:
            self._json(200, tokens)

    def _basic(self) -> bool:
        given = self.headers.get("Authorization", "")
        expected = f"{self.world.client_id}:{self.world.client_secret}"
        return given.startswith("Basic ") and b64decode(given[6:]).decode() == expected

    def _is_ours(self, form: Mapping[str, str]) -> bool:
        return form.get("client_id") == self.world.client_id

    def _admitted(self, scope: str | None) -> Grant | None:
        world, given = self.world, self.headers.get("Authorization", "")
        grant = world.grant(given.removeprefix("Bearer "))
        if grant is None:
            self._refuse(401, "The access token expired")
        elif not world.premium:
            self._refuse(403, "Active premium subscription required for the owner of the app.")
        elif not world.people[grant.person].allowed:
            self._refuse(403, "User not registered in the Developer Dashboard")
        elif scope is not None and scope not in grant.scopes:
            self._refuse(403, "Insufficient client scope")
        elif urlsplit(self.path).path.rstrip("/") in world.gone:
            self._refuse(403, "Forbidden")
        else:
            return grant
        return None

    def _answer(self, bucket: str, named: tuple[str, ...], query: Mapping[str, str], grant: Grant) -> None:
        person = self.world.people[grant.person]
        limit, offset = int(query.get("limit", 20)), int(query.get("offset", 0))
        if not 1 <= limit <= 50:
            self._refuse(400, "Invalid limit")
        elif bucket == "me":
            url = f"spotify:user:{person.id}"
            self._json(200, {"id": person.id, "account_id": person.account_id, "display_name": person.id, "uri": url})
        elif bucket == "player":
            self._recently_played(person, limit)
        elif bucket == "top":
            ids = person.top.get((named[0], query.get("time_range", "medium_term")), [])
            objects = self.world.artists if named[0] == "artists" else self.world.tracks
            self._page([objects[one] for one in ids], limit, offset)
        elif bucket == "library":
            saved = [{"added_at": _second(at), "track": self.world.tracks[one]} for one, at in reversed(person.saved)]
            self._page(saved, limit, offset)
        else:
            self._one(getattr(self.world, bucket), named[0])

    def _recently_played(self, person: Person, limit: int) -> None:
        items = self.world.recent(person, limit)
        cursors = {"after": "0", "before": "0"} if items else None
        following = (
            f"http://{self.headers['Host']}/v1/me/player/recently-played?before=0" if len(items) == limit else None
        )
        self._json(200, {"items": items, "limit": limit, "next": following, "cursors": cursors, "href": self.path})

    def _page(self, found: list[Any], limit: int, offset: int) -> None:
        items = found[offset : offset + limit]
        path = urlsplit(self.path).path
        more = offset + limit < len(found)
        following = f"http://{self.headers['Host']}{path}?limit={limit}&offset={offset + limit}" if more else None
        self._json(200, {"items": items, "total": len(found), "limit": limit, "offset": offset, "next": following})

    def _one(self, objects: Mapping[str, Json], identity: str) -> None:
        found = objects.get(self.world.relinked.get(identity, identity))
        if not _ID.fullmatch(identity):
            self._refuse(400, "Invalid base62 id")
        elif found is None:
            self._refuse(404, "Resource not found")
        else:
            self._json(200, found)

    def _went_wrong(self, bucket: str) -> bool:
        fault = self.world.fault(bucket)
        if fault is None:
            return False
        if fault.seconds:
            time.sleep(fault.seconds)
            return False
        if fault.cut:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"items": [')
            self.close_connection = True
        elif fault.body is not None:
            self._send(fault.status, fault.body, "application/json", _retry(fault))
        elif fault.status == 204:
            self.send_response(204)
            self.end_headers()
        else:
            self._refuse(fault.status, fault.message, fault)
        return True

    def _oauth_error(self, error: str, description: str) -> None:
        self._json(400, {"error": error, "error_description": description})

    def _refuse(self, status: int, message: str, fault: Fault | None = None) -> None:
        error: Json = {"status": status, "message": message}
        if fault is not None and fault.reason:
            error["reason"] = fault.reason
        self._send(status, json.dumps({"error": error}).encode(), "application/json", _retry(fault))

    def _json(self, status: int, told: Json) -> None:
        self._send(status, json.dumps(told).encode(), "application/json")

    def _send(self, status: int, body: bytes, media_type: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": media_type, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _retry(fault: Fault | None) -> dict[str, str]:
    return {"Retry-After": fault.retry_after} if fault is not None and fault.retry_after is not None else {}


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _second(ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms / 1_000))
