"""Health: what a supervisor asks, without a key. It learns yes or no and nothing else."""

from typing import Final, Literal

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler

from stats_api.operations import Answer, Operation, routed
from stats_api.problems import UNAVAILABLE
from stats_api.service import AnyRequest, service_of


class Health(msgspec.Struct):
    """How the service is."""

    status: Literal["live", "ready"]


async def live(request: AnyRequest) -> Response[bytes]:
    return _answered(Health("live"))


async def ready(request: AnyRequest) -> Response[bytes]:
    service = service_of(request)
    await service.reading(service.store.check)
    return _answered(Health("ready"))


def _answered(health: Health) -> Response[bytes]:
    return Response(msgspec.json.encode(health), media_type="application/json")


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    routed("GET", "/health/live", Operation(
        id="live", tag="health", opens="anyone", summary="Whether the process answers",
        description="Asks nothing else of it.", answers={200: Answer(description="It does.", body=Health)},
    ), live),
    routed("GET", "/health/ready", Operation(
        id="ready", tag="health", opens="anyone", summary="Whether the store answers",
        description="Whether the store can be reached and has the right layout.",
        answers={200: Answer(description="It does.", body=Health)}, problems=(UNAVAILABLE,),
    ), ready),
)  # fmt: skip
