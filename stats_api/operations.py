"""Operations: what a route says of itself, once. Access, the check of its query and the OpenAPI document follow."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler, route
from litestar.types import ASGIApp, Empty

from stats_api.problems import Kind
from stats_core.insights.parameters import Json, Parameter

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Opens = Literal["anyone", "any key", "read", "write", "metrics", "admin"]
"""Who may: anyone without a key, any key, or one with a scope, of those for listeners one that opens the path's. Admins
always; a sharing link only what it names."""

OPENS: Final[Mapping[Opens, str]] = {
    "anyone": "Needs no key.",
    "any key": "Needs a key, and not a sharing link's.",
    "read": "Needs a key with the scope `read` for the listener, or an admin key.",
    "write": "Needs a key with the scope `write` for the listener, or an admin key.",
    "metrics": "Needs a key with the scope `metrics`, or an admin key.",
    "admin": "Needs an admin key.",
}
"""In words for a person."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One way to succeed."""

    description: str
    body: object = None
    """The type of its JSON; None: it has no body."""
    media_type: str = "application/json"
    alternatives: Mapping[str, Callable[[object], str]] = field(default_factory=dict)
    """Other media types it can be had in -> what writes an example of its JSON so."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Name -> description."""
    example: str | None = None
    """Of a body that is no JSON."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path."""

    id: str
    tag: str
    summary: str
    description: str
    opens: Opens
    answers: Mapping[int, Answer]
    parameters: tuple[Parameter[object], ...] = ()
    """Of its query; any other is refused."""
    path_parameters: tuple[Parameter[object], ...] = ()
    """Of its path, besides the listener."""
    body: type[msgspec.Struct] | None = None
    """The type of the JSON it is sent."""
    raw_body: str | None = None
    """What it is sent instead: a file."""
    problems: tuple[Kind, ...] = ()
    """Besides those that its access, parameters and body bring."""
    statistic: str | None = None
    """The statistic it answers, if it does."""
    example: Mapping[str, Json] | None = None
    """An example of the JSON it is sent."""


def routed(
    method: Method, path: str, operation: Operation, handler: Callable[..., Awaitable[Response[Any] | ASGIApp]]
) -> HTTPRouteHandler:
    """The route of an operation."""
    made = route(
        path,
        http_method=method,
        status_code=min(operation.answers),
        operation_id=operation.id,
        opt={"operation": operation},
        # A file has the limit that its route keeps to by itself, a JSON body the application's.
        request_max_body_size=None if operation.raw_body else Empty,
    )
    return made(handler)


def operation_of(handler: Any) -> Operation | None:
    """What a route handler says of itself; None: it is not ours (Litestar answers OPTIONS by itself)."""
    operation: Operation | None = handler.opt.get("operation")
    return operation
