"""The raw limit: an application that answers nothing at all, behind the server that the REST service stands behind.

`python -m bench.empty PORT PROCESSES` serves it until told to stop.
"""

import sys
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """200, and no body."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def serve(port: int, processes: int) -> None:
    """Serve it on the loopback address."""
    server = Server(
        "bench.empty:app",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        workers=processes,
        websockets=False,
        log_level=LogLevels.error,
    )
    server.serve()


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:]))
