"""The documentation: the OpenAPI document, and the same as one plain page that needs no script and no other server."""

from functools import lru_cache
from html import escape
from typing import Final

import msgspec
from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from stats_api.examples import examples
from stats_api.openapi import Described, document_of, kinds_of
from stats_api.operations import OPENS, Answer, Operation, operation_of, routed
from stats_api.problems import KINDS
from stats_api.service import AnyRequest, service_of

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code{font-size:.9em}h2{margin-top:2.5rem}dt{margin-top:.5rem}:target{background:#ff92}"
    ":root{color-scheme:light dark}"
)


async def openapi_json(request: AnyRequest) -> Response[bytes]:
    body = await service_of(request).reading(_json, request.app)
    return Response(body, media_type="application/json")


async def page(request: AnyRequest) -> Response[bytes]:
    body = await service_of(request).reading(_page, request.app)
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    return Response(body, media_type="text/html", headers={"Content-Security-Policy": policy})


def described(app: Litestar) -> list[Described]:
    """Every operation of an application, in the order of its routes."""
    return [
        (method, route.path_format, operation)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if (operation := operation_of(handler)) is not None
        for method in sorted(handler.http_methods)
    ]


@lru_cache(maxsize=1)
def _json(app: Litestar) -> bytes:
    return msgspec.json.encode(document_of(described(app), examples()))


@lru_cache(maxsize=1)
def _page(app: Litestar) -> bytes:
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>Spotify Stats: REST</title><style>{_STYLE}</style><h1>Spotify Stats: REST</h1>",
        "<p>The same as <a href=/schema/openapi.json>OpenAPI 3.1</a>, for programs. Every error is "
        "<code>application/problem+json</code>; its <code>type</code> leads to its line <a href=#problems>below</a>.",
    ]
    parts += [_section(method, path, operation) for method, path, operation in described(app)]
    parts.append("<h2 id=problems>Problems</h2><dl>")
    parts += [
        f"<dt id={kind.name}><code>{kind.status} {kind.name}</code>: {escape(kind.title)}<dd>{escape(kind.description)}"
        for kind in KINDS
    ]
    return "".join([*parts, "</dl></html>"]).encode()


def _section(method: str, path: str, operation: Operation) -> str:
    parameters = "".join(
        f"<dt><code>{parameter.name}</code>"
        + (f" = <code>{escape(parameter.default)}</code>" if parameter.default is not None else "")
        + f"<dd>{escape(parameter.description)} Allowed: {escape(parameter.allowed)}."
        for parameter in (*operation.path_parameters, *operation.parameters)
    )
    problems = ", ".join(f"<a href=#{kind.name}>{kind.status}&nbsp;{kind.name}</a>" for kind in kinds_of(operation))
    return (
        f"<h2 id={operation.id}>{escape(operation.summary)}</h2><p><code>{method} {escape(path)}</code> "
        f"({OPENS[operation.opens]})<p>{escape(operation.description)}<dl>{parameters}</dl><p>Fails as: {problems}"
    )


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    routed("GET", "/schema/openapi.json", Operation(
        id="get_openapi", tag="documentation", opens="anyone", summary="OpenAPI document",
        description="This document, OpenAPI 3.1.", answers={200: Answer(description="The document.", body=dict)},
    ), openapi_json),
    routed("GET", "/schema", Operation(
        id="get_documentation", tag="documentation", opens="anyone", summary="Documentation page",
        description="Every route, parameter and problem on one page.",
        answers={200: Answer(description="The page.", media_type="text/html")},
    ), page),
)  # fmt: skip
