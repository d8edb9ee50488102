"""CORS: which web pages of elsewhere may ask from a browser. Keys travel in a header, never in cookies."""

from typing import Final

from stats_api.passage import Passage
from stats_api.replies import Headers, Reply, with_always

_EXPOSED: Final = b"ETag, Link, Location, Retry-After, WWW-Authenticate, X-Request-ID"
_MAY: Final[Headers] = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
    (
        b"access-control-allow-headers",
        b"Accept, Authorization, Content-Disposition, Content-Type, If-None-Match, X-Request-ID",
    ),
    (b"access-control-max-age", b"600"),
)
_PREFLIGHT: Final = Reply(204, with_always(_MAY), b"")


class Origins:
    """The origins that may ask; `*` among them: any."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self._any = _told("*") if "*" in allowed else None
        self._told = {origin.encode(): _told(origin) for origin in allowed}

    def headers(self, passage: Passage) -> Headers:
        """What an answer says to the page that asks."""
        if passage.origin is None:
            return ()
        return self._any or self._told.get(passage.origin, ())

    def preflight(self, passage: Passage) -> Reply | None:
        """The answer to a browser that asks whether a page may ask; None: it may not, or asks nothing like it."""
        if not passage.preflight or not self.headers(passage):
            return None
        passage.route = "(preflight)"
        return _PREFLIGHT


def _told(origin: str) -> Headers:
    return ((b"access-control-allow-origin", origin.encode()), (b"access-control-expose-headers", _EXPOSED))
