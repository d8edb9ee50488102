"""The door: what every request passes, answered from memory or not: its id, HEAD as GET, headers, metrics, the log."""

from time import monotonic
from typing import Final

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import HTTPScope, Message, Receive, Scope, Send
from litestar.types.asgi_types import ReceiveMessage

from stats_api.answers import Answers
from stats_api.cors import Origins
from stats_api.journal import Journal
from stats_api.logs import logger_of
from stats_api.metrics import Counts, cache_state
from stats_api.passage import Passage
from stats_api.problems import INTERNAL_FAILURE, MEDIA_TYPE, problem_bytes
from stats_api.replies import Reply, with_always

_requests: Final = logger_of("stats_api.access")
_problems: Final = logger_of("stats_api.problems")


class Door:
    """An ASGI application around the one that answers. Logs a path's template, never what stands in it or its query."""

    def __init__(
        self, app: Litestar, answers: Answers, origins: Origins, counts: Counts, journal: Journal | None
    ) -> None:
        self.app = app
        self.answers = answers
        self.counts = counts
        self._origins = origins
        self._journal = journal
        """Where what is answered at once is noted; None: nowhere."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        passage = Passage(scope)
        reply = self.answers.repeated(passage) or await self._at_once(passage)
        if reply is None:
            await self._through(passage, scope, receive, send)
            return
        headers = [*reply.headers, *self._own_headers(passage)]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if passage.head else reply.body, "more_body": False})
        seconds = self._counted(passage, reply.status)
        if self._journal is not None:
            self._journal.note(passage, reply.status, seconds)

    async def _at_once(self, passage: Passage) -> Reply | None:
        """The answer to what needs no route; None: it does."""
        try:
            if passage.preflight:
                return self._origins.preflight(passage)
            return None if passage.body else await self.answers.at_hand(passage)
        except Exception:
            _problems.exception("an answer that was kept could not be found", request_id=passage.id.decode())
            return None

    async def _through(self, passage: Passage, scope: HTTPScope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["passage"] = passage
        http1 = scope["http_version"].startswith("1")
        if passage.head:
            scope["method"] = "GET"
        status = 0
        unread = passage.body

        async def receiving() -> ReceiveMessage:
            nonlocal unread
            message = await receive()
            unread = unread and message["type"] == "http.request" and message.get("more_body", False)
            return message

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*with_always(message["headers"]), *self._own_headers(passage)]
                # What is left of a body is not waited for: the server hangs up, and a client should know beforehand.
                message["headers"] = [*headers, (b"connection", b"close")] if unread and http1 else headers
            elif passage.head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        try:
            await self.app(scope, receiving, sending)
        except Exception:
            # Routes answer their own errors; this is what Litestar itself did not expect.
            _problems.exception("a request failed outside its route", request_id=passage.id.decode())
            if not status:
                await _send_internal(scope, sending)
        finally:
            passage.route = scope.get("path_template") or passage.route
            self._tell(passage, status)

    def _own_headers(self, passage: Passage) -> list[tuple[bytes, bytes]]:
        """What an answer says to this request alone."""
        return [(b"x-request-id", passage.id), *self._origins.headers(passage)]

    def _counted(self, passage: Passage, status: int) -> float:
        """Count a request that was answered; how many seconds it took."""
        seconds = monotonic() - passage.began
        self.counts.count(passage.route, passage.method, status, passage.cached, seconds)
        return seconds

    def _tell(self, passage: Passage, status: int) -> None:
        seconds = self._counted(passage, status)
        _requests.info(
            "request", method=passage.method, route=passage.route, listener=passage.listener, status=status,
            ms=round(seconds * 1_000, 3), cache=cache_state(passage.cached), request_id=passage.id.decode(),
        )  # fmt: skip


async def _send_internal(scope: HTTPScope, send: Send) -> None:
    body = problem_bytes(INTERNAL_FAILURE, scope["path"])
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": INTERNAL_FAILURE.kind.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
