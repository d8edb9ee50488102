"""A webhook of our own: takes messages over real HTTP, or refuses them."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from stats_core.settings import Settings
from tests.spotify.conftest import budgets, fake, linked, listener, world

__all__ = ["budgets", "fake", "linked", "listener", "world"]


class Webhook:
    """What was taken, in order, and what it answers."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if hook.status < 300:
                    hook.taken.append(body)
                self.send_response(hook.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/hook/s3cret"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def told(self) -> list[tuple[str, str]]:
        """Subject and message of each."""
        return [(each["subject"], each["message"]) for each in self.taken]

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    hook = Webhook()
    yield hook
    hook.close()


@pytest.fixture
def own(fake: Any, webhook: Webhook, tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path / "data", alert_webhook=webhook.address, **fake.settings())
