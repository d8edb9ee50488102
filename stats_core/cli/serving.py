"""`spotify-stats up` and `api`: the services as processes, started together and stopped together."""

import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import click
import honcho.manager
from filelock import FileLock, Timeout

from stats_core.cli.opening import checked_settings
from stats_core.settings import Settings
from stats_core.store import open_store

PROJECT: Final = Path(__file__).parents[2]
"""Where `workspace.yaml` and `dagster.yaml` lie."""

_SECONDS_TO_STOP: Final = 60


@click.command()
def up() -> None:
    """Start everything: the REST service, Dagster's UI, and the daemon that watches the inbox."""
    settings = checked_settings()
    lock = FileLock(settings.data_dir / "up.lock")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise click.ClickException(f"It is up already on {settings.data_dir}: stop that one first.") from None
    with lock:
        check_ports(settings)
        prepare(settings)
        # Runs that a power cut left behind would hold Dagster's pool for half an hour.
        subprocess.run([sys.executable, "-m", "stats_pipelines.lost_runs"], env=environment(settings), check=True)
        click.echo(addresses(settings), err=True)
        honcho.manager.KILL_WAIT = _SECONDS_TO_STOP
        manager = honcho.manager.Manager()
        for name, command in commands(settings).items():
            manager.add_process(name, shlex.join(command), env=environment(settings))
        manager.loop()
    sys.exit(manager.returncode if manager.returncode not in {-2, 130, -15, 143} else 0)


@click.command()
def api() -> None:
    """Start the REST service alone."""
    checked_settings()
    os.execv(sys.executable, [sys.executable, "-m", "stats_api"])  # noqa: S606 - becomes the service, no shell in between


def commands(settings: Settings) -> dict[str, list[str]]:
    """The processes of `up`, by name."""
    binaries = Path(sys.executable).parent
    workspace = ["-w", str(PROJECT / "workspace.yaml")]
    return {
        "api": [sys.executable, "-m", "stats_api"],
        "dagster": [
            str(binaries / "dagster-webserver"),
            "-h", settings.dagster_host, "-p", str(settings.dagster_port), *workspace,
        ],
        "daemon": [str(binaries / "dagster-daemon"), "run", *workspace],
    }  # fmt: skip


def environment(settings: Settings) -> dict[str, str]:
    """What the processes are told: this process's environment, with every path made absolute."""
    return {
        **os.environ,
        "DAGSTER_HOME": str(PROJECT),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "PYTHONUNBUFFERED": "1",
        "STATS_DAGSTER_DATA": str(settings.dagster_dir),
        "STATS_DATA_DIR": str(settings.data_dir),
        "STATS_DATABASE_URI": settings.database_uri,
        "STATS_INBOX_DIR": str(settings.inbox_dir),
    }


def prepare(settings: Settings) -> None:
    """Make the folders and the admin key, and open the store once: what is wrong is told before anything starts."""
    for folder in (settings.inbox_dir, settings.archive_dir, settings.refused_dir, settings.dagster_dir):
        folder.mkdir(parents=True, exist_ok=True)
    settings.admin_key_text()
    open_store(settings.database_uri).close()


def check_ports(settings: Settings) -> None:
    """Say which port is taken, before a process can trip over it."""
    for setting, host, port in (
        ("STATS_API_PORT", settings.api_host, settings.api_port),
        ("STATS_DAGSTER_PORT", settings.dagster_host, settings.dagster_port),
    ):
        if is_taken(host, port):
            raise click.ClickException(
                f"Port {port} on {host} is taken. Stop what uses it, or set {setting} to another."
            )


def is_taken(host: str, port: int) -> bool:
    """Whether another process listens there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def addresses(settings: Settings) -> str:
    """Where everything is, for a person."""
    key = "STATS_ADMIN_KEY" if settings.admin_key else str(settings.data_dir / "admin.key")
    return "\n".join(
        (
            f"  REST service  http://{settings.api_host}:{settings.api_port}/v1  (described at /schema)",
            f"  Dagster's UI  http://{settings.dagster_host}:{settings.dagster_port}",
            f"  inbox         {settings.inbox_dir}",
            f"  admin key     {key}",
        )
    )
