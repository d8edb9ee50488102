"""The fake's server: real HTTP around the world."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

import requests

from tests.fakes.spotify import control
from tests.fakes.spotify.api import answered
from tests.fakes.spotify.messages import Answer, Request, values
from tests.fakes.spotify.world import World


class FakeSpotify:
    """A server on a free port of this machine, in a thread, while it is entered."""

    def __init__(self, world: World, port: int = 0) -> None:
        self.world = world
        self._server = _Server(world, port)
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

    def authorize(self, url: str, person: str | None = None) -> str:
        """Where the browser ends once its visitor, or that person, allowed what is asked."""
        with self.world.lock:
            self.world.refuses = False
            self.world.visitor = person or self.world.visitor
        return self.visited(url)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, world: World, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.world = world

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: clients are killed in the middle."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two packets: the second would wait for 40 ms

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _one(self) -> None:
        assert isinstance(self.server, _Server)
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=parts.path.rstrip("/"),
            query=values(parts.query),
            body=self.rfile.read(int(self.headers.get("Content-Length", 0))),
            headers={name.title(): value for name, value in self.headers.items()},
            base=f"http://{self.headers['Host']}",
        )
        ours = request.path.startswith(control.ROOT)
        self._send((control.answered if ours else answered)(self.server.world, request))

    def do_GET(self) -> None:
        self._one()

    def do_POST(self) -> None:
        self._one()

    def do_PUT(self) -> None:
        self._one()

    def do_DELETE(self) -> None:
        self._one()

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body) + (1_000 if answer.cut else 0)))
        self.end_headers()
        self.wfile.write(answer.body)
        if answer.cut:
            self.close_connection = True
