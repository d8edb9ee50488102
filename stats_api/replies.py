"""Replies: statistics' answers as the bytes that go out, ready to be sent again and again."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Final

from litestar.types import Receive, Scope, Send

from stats_api.passage import Passage

Headers = tuple[tuple[bytes, bytes], ...]

ALWAYS: Final[Headers] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"private, no-cache"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"vary", b"Origin"),
)
"""What every answer says, unless it says something else under that name."""
_VARY: Final = (b"vary", b"Authorization, Accept, Accept-Encoding, Origin")
_OF_A_BODY: Final = frozenset({b"content-type", b"content-length", b"content-encoding"})
_TAG: Final = re.compile(rb'(?:W/)?("[^"]*")')


class Reply:
    """An answer to one request, as an ASGI application."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Headers, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


class Ready:
    """A statistic's answer with everything that goes out with it."""

    __slots__ = ("_tag", "_unchanged", "_whole", "size")

    def __init__(self, body: bytes, described: Sequence[tuple[bytes, bytes]]) -> None:
        """`described`: its content type, coding and links. A strong tag is made of the very bytes."""
        self._tag = b'"' + hashlib.blake2b(body, digest_size=16).hexdigest().encode() + b'"'
        whole = with_always([*described, (b"content-length", b"%d" % len(body)), (b"etag", self._tag), _VARY])
        unchanged = tuple(pair for pair in whole if pair[0] not in _OF_A_BODY)
        self._whole = Reply(200, whole, body)
        self._unchanged = Reply(304, unchanged, b"")
        self.size = len(body)

    def reply(self, passage: Passage) -> Reply:
        """The answer to one request: all of it, or that it has not changed."""
        given = passage.if_none_match
        if given is not None and (given.strip() == b"*" or self._tag in _TAG.findall(given)):
            return self._unchanged
        return self._whole


def with_always(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers, and those that every answer has."""
    given = tuple(headers)
    there = {name.lower() for name, _ in given}
    return (*given, *(pair for pair in ALWAYS if pair[0] not in there))
