"""Serving: several processes on one port, started again where one dies, stopped together."""

import asyncio
import errno
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from time import monotonic
from typing import Final

from stats_api import metrics
from stats_core.errors import StatsError
from stats_core.settings import Settings, made_folder
from stats_core.store import open_store

_MODULE: Final = "stats_api.process"
_SECONDS_TO_STOP: Final = 25
_SHORT_SECONDS: Final = 10
_MOST_SHORT_LIVES: Final = 5
_PAUSE_SECONDS: Final = 0.5
"""Before a process that died is started again; longer each time it dies young."""
_MEMORY: Final = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "NUMPY_MADVISE_HUGEPAGE": "0",
}
"""Arrays that live for a millisecond come from memory that is there, and what is left of it is given back when nobody
asks (`stats_core.memory`): with a million plays, a third of a statistic's time was the system zeroing pages, huge ones
even longer. And threads that count take turns: places of their own to allocate from would hold 11 MB more for five
listeners."""

_log = logging.getLogger("stats_api")


class CannotListen(StatsError):
    """The service's address cannot be listened at."""


class CannotLog(StatsError):
    """The folder for logs cannot be made."""


class KeepsDying(StatsError):
    """One of the service's processes dies as often as it is started."""


def serve(settings: Settings) -> None:
    """Run the REST service until SIGINT or SIGTERM. Call it in the main thread.

    Raises CannotListen where the port is taken, CannotLog, StoreError where the store can't be reached or is of a newer
    layout, and KeepsDying; each says what to do.
    """
    _check_address(settings.api_host, settings.api_port)
    settings.admin_key_text()
    _make_log_dir(settings)
    open_store(settings.database_uri).close()
    asyncio.run(Processes(settings).run())


class Processes:
    """The service's processes. Each listens at the same port: the system shares connections out among them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = asyncio.Event()
        self._environment = {**_MEMORY, **os.environ, **metrics.made_folder(settings.metrics_dir)}

    async def run(self) -> None:
        """Keep them running until told to stop. Raises KeepsDying."""
        loop = asyncio.get_running_loop()
        for told in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(told, self._stopping.set)
        address = f"http://{self._settings.api_host}:{self._settings.api_port}"
        count = self._settings.processes
        _log.info("The REST service answers at %s with %d processes; %s/schema describes it.", address, count, address)
        ended = await asyncio.gather(*map(self._keep, range(1, count + 1)), return_exceptions=True)
        for failure in filter(None, ended):
            raise failure

    async def _keep(self, number: int) -> None:
        """Run one process, and start it again whenever it dies; when that is over, it is over for all."""
        try:
            await self._kept(number)
        finally:
            self._stopping.set()

    async def _kept(self, number: int) -> None:
        short_lives = 0
        while not self._stopping.is_set():
            began = monotonic()
            code = await self._run(number)
            if self._stopping.is_set():
                return
            short_lives = short_lives + 1 if monotonic() - began < _SHORT_SECONDS else 0
            if short_lives == _MOST_SHORT_LIVES:
                raise KeepsDying(f"Process {number} of the REST service ends whenever it is started, with {code}.")
            _log.error("Process %d ended by itself, code %d. It is started again.", number, code)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _PAUSE_SECONDS * 2**short_lives)

    async def _run(self, number: int) -> int:
        """Run one process to its end, which comes when it dies or all are to stop; its exit code."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", _MODULE, str(number),
            # Its standard input is open for as long as this process lives, so that none is left behind. Ctrl-C reaches
            # this process alone, which then stops the others in order.
            stdin=PIPE, env=self._environment, process_group=0,
        )  # fmt: skip
        ended = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ended.done():
            await _stop(process)
        metrics.forget_process(process.pid, self._settings.metrics_dir)
        return await ended


async def _stop(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _SECONDS_TO_STOP)
        except TimeoutError:
            process.kill()


def _make_log_dir(settings: Settings) -> None:
    try:
        made_folder(settings.log_dir)
    except OSError as error:
        raise CannotLog(f"The folder {settings.log_dir} for logs cannot be made: {error.strerror}.") from error


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
