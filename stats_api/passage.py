"""Passages: a request as the door sees it, answered from memory or not: its id, and the headers that matter here."""

import os
import re
from collections.abc import Iterable
from itertools import count
from time import monotonic
from typing import Final

from litestar.types import HTTPScope

from stats_api.service import AnyConnection
from stats_api.sharing import parted

_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_OWN_ID: Final = os.urandom(4).hex().encode() + b"%08x"
"""Told apart from those of other processes and starts; asking the system for each takes four times as long."""
_numbers: Final = count()
_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")

Raw = tuple[str, bytes, bytes | None, bytes | None, bytes | None]
"""Path, query without a key, Host, Accept and Accept-Encoding as they came: the same ones ask for the same answer."""


class Passage:
    """One request."""

    __slots__ = (
        "accept", "accept_encoding", "authorization", "began", "body", "cached", "head", "id", "if_none_match",
        "listener", "method", "origin", "preflight", "raw", "route", "shared",
    )  # fmt: skip

    def __init__(self, scope: HTTPScope) -> None:
        self.began = monotonic()
        pairs = list(scope["headers"])
        headers = dict(pairs)
        if len(headers) != len(pairs):
            headers = _joined(pairs)
        given = headers.get(b"x-request-id")
        self.id: bytes = given if given is not None and _ID.fullmatch(given) else _OWN_ID % next(_numbers)
        """Theirs, if it is one; else made here."""
        method = scope["method"]
        self.method = method if method in _METHODS else "other"
        self.head = method == "HEAD"
        self.origin = headers.get(b"origin")
        self.preflight = self.method == "OPTIONS" and b"access-control-request-method" in headers
        """Whether a browser asks if it may ask."""
        self.authorization = headers.get(b"authorization")
        self.accept = headers.get(b"accept")
        self.accept_encoding = headers.get(b"accept-encoding")
        self.if_none_match = headers.get(b"if-none-match")
        self.body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
        """Whether a body comes with it."""
        self.shared, query = parted(scope["query_string"])
        """The keys that stand in the address."""
        self.raw: Raw = (
            scope["path"], query, headers.get(b"host"), self.accept, self.accept_encoding,
        )  # fmt: skip
        self.route = "(no route)"
        """The template of its path."""
        self.listener: str | None = None
        """Whose data it was let to; for the log."""
        self.cached: bool | None = None
        """Whether its answer was in memory; None: such answers are never kept."""


def _joined(pairs: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers that came more than once are one list (RFC 9110, 5.3); of those that are no lists, such is none."""
    headers: dict[bytes, bytes] = {}
    for name, value in pairs:
        headers[name] = headers[name] + b", " + value if name in headers else value
    return headers


def passage_of(connection: AnyConnection) -> Passage:
    """The passage of a request that came through the door."""
    passage: Passage = connection.scope["state"]["passage"]
    return passage
