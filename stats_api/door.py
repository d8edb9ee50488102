"""The door: what every request passes, whatever becomes of it: HEAD as GET, sane headers, one line in the log."""

import logging
import time
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from litestar.types.asgi_types import ReceiveMessage

from stats_api.problems import INTERNAL_FAILURE, MEDIA_TYPE, problem_bytes

_access = logging.getLogger("stats_api.access")
_problems = logging.getLogger("stats_api.problems")

_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)
_OF_A_BODY: Final = frozenset({b"content-length", b"transfer-encoding"})
_UNLESS_SET: Final = (
    (b"cache-control", b"private, no-cache"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


class Door:
    """An ASGI application around the one that answers. Logs a path's template, never what stands in it or its query."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        await self._answer(scope, receive, send)

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        method = scope["method"]
        head = method == "HEAD"
        http1 = scope["http_version"].startswith("1")
        if head:
            scope["method"] = "GET"
        status = 0
        unread = any(name in _OF_A_BODY and value != b"0" for name, value in scope["headers"])

        async def receiving() -> ReceiveMessage:
            nonlocal unread
            message = await receive()
            unread = unread and message["type"] == "http.request" and message.get("more_body", False)
            return message

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message["headers"])
                there = {name.lower() for name, _ in headers}
                headers += [*_HEADERS, *(pair for pair in _UNLESS_SET if pair[0] not in there)]
                # What is left of a body is not waited for: the server hangs up, and a client should know beforehand.
                message["headers"] = [*headers, (b"connection", b"close")] if unread and http1 else headers
            elif head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        try:
            await self._app(scope, receiving, sending)
        except Exception:
            # Routes answer their own errors; this is what Litestar itself did not expect.
            _problems.exception("A request failed outside its route")
            if not status:
                await _send_internal(scope, sending)
        finally:
            template = scope.get("path_template") or "(no route)"
            _access.info("%s %s %d %.1f ms", method, template, status, (time.perf_counter() - began) * 1000)


async def _send_internal(scope: HTTPScope, send: Send) -> None:
    body = problem_bytes(INTERNAL_FAILURE, scope["path"])
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": INTERNAL_FAILURE.kind.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
