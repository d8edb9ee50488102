"""`python -m stats_api.process <number>`: one of the service's processes: an event loop, a store, granian in front."""

import asyncio
import gc
import logging
import signal
import sys
from contextlib import closing, suppress
from typing import Final

import uvloop
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from stats_api.app import made_app
from stats_api.door import Door
from stats_api.logs import made_journal
from stats_core.errors import StatsError, StoreError
from stats_core.settings import settings
from stats_core.store import open_store

_CONNECTIONS: Final = 1_024
"""How many one process holds at a time; more wait to be accepted."""
_UPKEEP_SECONDS: Final = 1.0

_log = logging.getLogger("stats_api")


def main() -> int:
    """Serve until told to stop, or until standard input ends: whoever started this is gone. The exit code."""
    own, number = settings(), int(sys.argv[1])
    try:
        with closing(made_journal(own, number)) as journal, closing(open_store(own.database_uri)) as store:
            door = made_app(own, store, process=number, journal=journal if _log.isEnabledFor(logging.INFO) else None)
            server = Server(
                door,
                address=own.api_host,
                port=own.api_port,
                # RSGI answers a quarter more empty requests, and would need a bridge to the routes.
                interface=Interfaces.ASGI,
                websockets=False,
                backlog=_CONNECTIONS,
                backpressure=_CONNECTIONS,
                # Its own lines would only say that embedding is new; ours say what matters.
                log_level=LogLevels.error,
            )
            # What stands by now stays: each look through it for garbage holds up everyone, for 18 ms at best.
            gc.collect()
            gc.freeze()
            uvloop.run(_serve(server, door))
    except StatsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _serve(server: Server, door: Door) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    loop.add_reader(sys.stdin.fileno(), _left_alone, server)
    upkeep = asyncio.create_task(_keep_up(door))
    await server.serve()
    upkeep.cancel()
    door.counts.write()


def _left_alone(server: Server) -> None:
    asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
    server.stop()  # type: ignore[no-untyped-call]


async def _keep_up(door: Door) -> None:
    """Tell what was counted; let go of what others changed or cleared, and of what computing left; nobody need ask."""
    while True:
        await asyncio.sleep(_UPKEEP_SECONDS)
        try:
            door.counts.write()
            with suppress(StoreError):  # whoever asks is told
                await door.answers.notice()
            await door.answers.tidy()
        except Exception:
            _log.exception("Upkeep failed")


if __name__ == "__main__":
    sys.exit(main())
