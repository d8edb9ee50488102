"""The application: which routes there are, what stands before them, how errors are answered."""

from typing import Final

from litestar import Litestar
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from stats_api import (
    alerts,
    comparisons,
    health,
    imports,
    inspection,
    keys,
    links,
    listeners,
    schema,
    shelves,
    spotify,
    statistics,
    uploads,
)
from stats_api.access import Gate, admitted
from stats_api.answers import Answers
from stats_api.cors import Origins
from stats_api.door import Door
from stats_api.journal import Journal
from stats_api.metrics import Counts
from stats_api.problems import problem_response
from stats_api.questions import checked_query
from stats_api.service import Service
from stats_core.settings import Settings
from stats_core.store.port import Store

BODY_LIMIT = 64 << 10
"""Bytes of a JSON body; uploads have their own limit."""

ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    *health.ROUTES,
    *listeners.ROUTES,
    *keys.ROUTES,
    *links.ROUTES,
    *comparisons.ROUTES,
    *statistics.ROUTES,
    *spotify.ROUTES,
    *shelves.ROUTES,
    *imports.ROUTES,
    *uploads.ROUTES,
    *alerts.ROUTES,
    *inspection.ROUTES,
    *schema.ROUTES,
)
"""All there are."""


def made_app(settings: Settings, store: Store, *, process: int = 1, journal: Journal | None = None) -> Door:
    """The whole service over a store, as an ASGI application. The store stays the caller's to close."""
    service = Service(settings, store, process)
    gate = Gate(service)
    answers = Answers(service, gate)
    counts = Counts(process)
    app = Litestar(
        route_handlers=ROUTES,
        guards=[admitted, checked_query],
        exception_handlers={Exception: problem_response},
        request_max_body_size=BODY_LIMIT,
        state=State({"service": service, "gate": gate, "answers": answers, "counts": counts}),
        on_shutdown=[answers.close, service.close],
        openapi_config=None,
        logging_config=None,
    )
    return Door(app, answers, Origins(settings.origins), counts, journal)
