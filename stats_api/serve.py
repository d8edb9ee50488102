"""Serving: one process, one event loop, granian in front of it, until it is told to stop."""

import asyncio
import errno
import logging
import signal
import socket
from contextlib import closing

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from stats_api.app import made_app
from stats_core.errors import StatsError
from stats_core.settings import Settings
from stats_core.store import open_store
from stats_core.store.port import Store

_log = logging.getLogger("stats_api")


class CannotListen(StatsError):
    """The service's address cannot be listened at."""


def serve(settings: Settings) -> None:
    """Run the REST service until SIGINT or SIGTERM. Call it in the main thread.

    Raises CannotListen where the port is taken, and StoreError where the store can't be reached or is of a newer
    layout; each says what to do.
    """
    _check_address(settings.api_host, settings.api_port)
    with closing(open_store(settings.database_uri)) as store:
        asyncio.run(_serve(settings, store))


async def _serve(settings: Settings, store: Store) -> None:
    server = Server(
        made_app(settings, store),
        address=settings.api_host,
        port=settings.api_port,
        interface=Interfaces.ASGI,
        websockets=False,
        # Its own lines would only say that embedding is new; ours say what matters.
        log_level=LogLevels.error,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    address = f"http://{settings.api_host}:{settings.api_port}"
    _log.info("The REST service answers at %s; %s/schema describes it.", address, address)
    await server.serve()


def _check_address(host: str, port: int) -> None:
    """Raise CannotListen where another listens already: granian shares a port with whoever allows it, unasked."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotListen(
                f"Port {port} on {host} is taken by another program. Stop it, or set STATS_API_PORT to a free one."
            ) from error
        raise CannotListen(
            f"Cannot listen at {host}:{port}: {error.strerror}. Set STATS_API_HOST and STATS_API_PORT."
        ) from error
