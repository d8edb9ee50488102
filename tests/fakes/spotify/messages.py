"""What is asked and what is answered, as values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode

from tests.fakes.spotify.objects import Json


@dataclass(frozen=True)
class Request:
    """One request. `path` has no slash at its end; headers are written `Like-This`."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    headers: Mapping[str, str]
    base: str
    """The address of the server, without a slash at its end."""

    def address(self, path: str | None = None, **query: object) -> str:
        """A whole address: this path or that, with this query."""
        return f"{self.base}{path or self.path}" + (f"?{urlencode(query)}" if query else "")

    def form(self) -> dict[str, str]:
        """What a form holds."""
        return values(self.body.decode(errors="replace"))

    def whole(self, name: str, default: int | None, least: int, most: int) -> int | None:
        """A number of the query. Raises Refused where it is none or out of bounds."""
        text = self.query.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 16 and least <= int(text) <= most):
            raise Refused(refusal(400, f"Invalid {name}"))
        return int(text)

    def limit(self) -> int:
        """How many are wanted. Raises Refused."""
        return self.whole("limit", 20, 1, 50) or 0

    def offset(self) -> int:
        """From which one on. Raises Refused."""
        return self.whole("offset", 0, 0, 100_000) or 0


@dataclass(frozen=True)
class Answer:
    """One answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    """The connection ends before all of the body is there."""


class Refused(Exception):
    """A request that can't be answered, and what is answered instead."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def told(content: object, status: int = 200) -> Answer:
    """An answer that says this."""
    return Answer(status, json.dumps(content).encode(), {"Content-Type": "application/json; charset=utf-8"})


def refusal(status: int, message: str, reason: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """An error as the Web API tells of it."""
    error: Json = {"status": status, "message": message, **({"reason": reason} if reason else {})}
    plain = told({"error": error}, status)
    return Answer(status, plain.body, {**plain.headers, **(headers or {})})


def values(query: str) -> dict[str, str]:
    """The names of a query or form, the last value of each."""
    return {name: given[-1] for name, given in parse_qs(query, keep_blank_values=True).items()}


def page(request: Request, found: list[Json]) -> Json:
    """The part of a list that is asked for, and where its neighbours are."""
    limit, offset = request.limit(), request.offset()
    kept = {name: value for name, value in request.query.items() if name not in ("limit", "offset")}

    def at(start: int) -> str:
        return request.address(**kept, limit=limit, offset=start)

    return {
        "href": at(offset), "items": found[offset : offset + limit], "total": len(found), "limit": limit,
        "offset": offset, "next": at(offset + limit) if offset + limit < len(found) else None,
        "previous": at(max(0, offset - limit)) if offset else None,
    }  # fmt: skip
