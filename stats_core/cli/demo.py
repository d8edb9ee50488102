"""`spotify-stats demo`: everything started on a made-up export, and its first statistics shown."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
import httpx
from rich.console import Console
from rich.table import Table

from stats_core.cli.demo_sync import SYNCED, known_table, log_in, stand_in, synced_table
from stats_core.cli.serving import addresses, is_taken
from stats_core.cli.tables import heat_map, summary_table, top_table
from stats_core.sample import sample_export
from stats_core.settings import Settings

_PLAYS: Final = 25_000
_YEARS: Final = 6
_PATIENCE_SECONDS: Final = 180

messages = Console(stderr=True, highlight=False)


@click.command()
@click.option("--exit", "leave", is_flag=True, help="Stop when the statistics were shown.")
@click.option(
    "--spotify",
    metavar="COMMAND",
    help="What stands in for Spotify, so that a second listener is synced: writes the settings by which it is found.",
)
def demo(leave: bool, spotify: str | None) -> None:
    """Start everything on a made-up export in a folder of its own, and show what comes out."""
    with tempfile.TemporaryDirectory(prefix="spotify-stats-demo-") as folder, stand_in(spotify) as found:
        settings = Settings(data_dir=Path(folder), database_uri="", inbox_dir=Path(), admin_key=None)
        settings.api_port = free_port(settings.api_host, settings.api_port)
        settings.dagster_port = free_port(settings.dagster_host, settings.dagster_port)
        with _services(settings, found) as services:
            service = _Service(settings, services)
            service.wait_until_up()
            _drop_sample(settings)
            dropped = time.monotonic()
            document = service.imported(settings.default_user)
            summary = service.answer("summary")
            messages.print(f"From dropped file to first answer: {time.monotonic() - dropped:.1f} s")
            _show(document, summary, service)
            if found:
                _show_synced(settings, service)
            messages.print(addresses(settings))
            if not leave:
                messages.print("Up until Ctrl-C. All of it lies in a temporary folder and goes with the demo.")
                services.wait()


def free_port(host: str, wanted: int) -> int:
    """The wanted port, or any free one where it is taken."""
    if not is_taken(host, wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@contextmanager
def _services(settings: Settings, found: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """`spotify-stats up` on the demo's own folder, its log beside the data; stopped at the end."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("STATS_")},
        "STATS_DATA_DIR": str(settings.data_dir),
        "STATS_API_PORT": str(settings.api_port),
        "STATS_DAGSTER_PORT": str(settings.dagster_port),
        "STATS_SPOTIFY_REDIRECT_URI": f"http://{settings.api_host}:{settings.api_port}/v1/spotify/callback",
        **found,
    }
    with (settings.data_dir / "up.log").open("wb") as log:
        # Its own session: Ctrl-C reaches the demo alone, which then stops the services in order.
        services = subprocess.Popen(
            [sys.executable, "-m", "stats_core.cli", "up"],
            cwd=settings.data_dir, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        try:
            yield services
        except KeyboardInterrupt:
            messages.print("Stopping.")
        finally:
            if services.poll() is None:
                services.send_signal(signal.SIGTERM)
            try:
                services.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(services.pid, signal.SIGKILL)


def _drop_sample(settings: Settings) -> None:
    """Put the export into the inbox as a person would: it is copied under another name, then there at once."""
    made = settings.inbox_dir / ".my_spotify_data.zip"
    sample_export(_PLAYS, _YEARS, seed=1, output=made)
    made.rename(settings.inbox_dir / "my_spotify_data.zip")
    messages.print(f"Dropped a made-up export of {_PLAYS:,} plays into {settings.inbox_dir}.")


class _Service:
    """The REST service, asked as any consumer would."""

    def __init__(self, settings: Settings, process: subprocess.Popen[bytes]) -> None:
        self._settings = settings
        self._process = process

    def wait_until_up(self) -> None:
        """Wait for the service to answer."""
        with messages.status("Starting the services"):
            self._wait(lambda: self._get("/health/ready"))

    def imported(self, user: str) -> dict[str, Any]:
        """The import's document, once it is finished."""

        def finished() -> dict[str, Any] | None:
            listed = self._get(f"/v1/listeners/{user}/imports")
            done = [one for one in listed["imports"] if one["status"] in {"imported", "partial", "refused", "failed"}]
            return done[0] if done else None

        with messages.status("Waiting for Dagster to import it"):
            return self._wait(finished)

    def answer(self, statistic: str, user: str = "", **given: str) -> dict[str, Any]:
        """A statistic of the demo's listener, or of another."""
        return self._get(f"/v1/listeners/{user or self._settings.default_user}/{statistic}", **given)

    def synced(self, user: str) -> dict[str, Any]:
        """How the sync of a new listener goes, once they are linked and were polled."""
        self._ask("POST", "/v1/listeners", {"user": user})
        log_in(self._ask("POST", f"/v1/listeners/{user}/spotify/login", {})["url"])

        def polled() -> dict[str, Any] | None:
            status = self.answer("sync", user)
            return status if status["polled_at"] else None

        with messages.status("Waiting for Dagster to poll Spotify"):
            return self._wait(polled)

    def _wait(self, ask: Callable[[], dict[str, Any] | None]) -> dict[str, Any]:
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            try:
                found = ask()
            except httpx.HTTPError:
                found = None
            if found is not None:
                return found
            time.sleep(0.25)
        log = (self._settings.data_dir / "up.log").read_text(errors="replace").splitlines()
        raise click.ClickException(
            "The services did not come up or did not import. Their log ends:\n" + "\n".join(log[-30:])
        )

    def _get(self, path: str, **given: str) -> dict[str, Any]:
        return self._ask("GET", path, None, **given)

    def _ask(self, method: str, path: str, body: object, **given: str) -> dict[str, Any]:
        address = f"http://{self._settings.api_host}:{self._settings.api_port}{path}"
        key = self._settings.admin_key_text()
        response = httpx.request(
            method, address, params=given, json=body, headers={"Authorization": f"Bearer {key}"}, timeout=30
        )
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer


def _show_synced(settings: Settings, service: _Service) -> None:
    status = service.synced(SYNCED)
    out = Console()
    out.print(synced_table(status, service.answer("plays", SYNCED)["plays"]))
    users = (settings.default_user, SYNCED)
    out.print(known_table({user: service.answer("coverage", user)["coverage"] for user in users}))


def _show(document: dict[str, Any], summary: dict[str, Any], service: _Service) -> None:
    out = Console()
    ledger = Table(
        "file", "generation", "rows", "what became of them", title=f"Ledger of {document['name']}: {document['status']}"
    )
    for file in document["files"]:
        states = ", ".join(f"{count:,} {state}" for state, count in file["states"].items() if count)
        ledger.add_row(file["path"].rpartition("/")[2], file["generation"] or "", f"{file['rows']:,}", states)
    out.print(ledger)
    out.print(summary_table(summary))
    for of in ("tracks", "artists"):
        out.print(top_table(f"top/{of}", service.answer(f"top/{of}", limit="5")))
    out.print(heat_map(service.answer("clock")))
