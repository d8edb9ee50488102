"""`spotify-stats up` and `api`: the services as processes, started together and stopped together."""

import errno
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

from stats_core.cli.opening import checked_settings, made_data_folder
from stats_core.errors import StatsError
from stats_core.settings import Settings, made_folder
from stats_core.store import open_store

PROJECT: Final = Path(__file__).parents[2]
"""Where `workspace.yaml` and `dagster.yaml` lie."""

_SECONDS_TO_STOP: Final = 60
_TOLD_TO_STOP: Final = -1_000
"""How honcho ends when this process is told to stop; a process of ours that ended by itself has its own number."""


@click.command()
def up() -> None:
    """Start everything: the REST service, Dagster's UI, and the daemon that watches the inbox."""
    settings = checked_settings()
    lock = FileLock(settings.data_dir / "up.lock")
    made_data_folder(settings)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise click.ClickException(f"It is up already on {settings.data_dir}: stop that one first.") from None
    with lock:
        check_ports(settings)
        prepare(settings)
        end_lost_runs(settings)
        click.echo(addresses(settings), err=True)
        honcho.manager.KILL_WAIT = _SECONDS_TO_STOP
        for told in honcho.manager.SIGNALS.values():
            told["rc"] = _TOLD_TO_STOP
        manager = honcho.manager.Manager()
        for name, command in commands(settings).items():
            manager.add_process(name, shlex.join(command), env=environment(settings))
        manager.loop()
    sys.exit(0 if manager.returncode == _TOLD_TO_STOP else 1)


@click.command()
def api() -> None:
    """Start the REST service alone."""
    made_data_folder(checked_settings())
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
    try:
        for folder in (settings.data_dir, settings.archive_dir, settings.refused_dir, settings.dagster_dir):
            made_folder(folder)
        settings.inbox_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"{error.filename} cannot be made: {error.strerror}.") from error
    settings.admin_key_text()
    open_store(settings.database_uri).close()


def end_lost_runs(settings: Settings) -> None:
    """End the runs that a power cut left behind: they would hold Dagster's pool for half an hour."""
    ended = subprocess.run(
        [sys.executable, "-m", "stats_pipelines.lost_runs"],
        env=environment(settings), stderr=subprocess.PIPE, text=True, errors="replace", check=False,
    )  # fmt: skip
    if ended.returncode:
        reason = (ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"])[-1]
        raise click.ClickException(
            f"Dagster's runs in {settings.dagster_dir} cannot be looked through: {reason}. If it is damaged, move that "
            "folder away: it holds only the history of runs."
        )
    click.echo(ended.stderr, err=True, nl=False)


def check_ports(settings: Settings) -> None:
    """Say which port is taken, before a process can trip over it."""
    if settings.api_port == settings.dagster_port:
        raise click.ClickException(
            f"STATS_API_PORT and STATS_DAGSTER_PORT are both {settings.api_port}. Set one of them to another."
        )
    for name, host, port in (
        ("STATS_API", settings.api_host, settings.api_port),
        ("STATS_DAGSTER", settings.dagster_host, settings.dagster_port),
    ):
        try:
            taken = is_taken(host, port)
        except CannotListen as error:
            raise click.ClickException(f"{error} Set {name}_HOST and {name}_PORT.") from error
        if taken:
            raise click.ClickException(
                f"Port {port} on {host} is taken. Stop what uses it, or set {name}_PORT to another."
            )


class CannotListen(StatsError):
    """No process of this machine can listen at that address."""


def is_taken(host: str, port: int) -> bool:
    """Whether another process listens there; raises CannotListen."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return True
        raise CannotListen(f"Nothing can listen at {host}:{port}: {error.strerror}.") from error
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
