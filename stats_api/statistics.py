"""Statistics: one route for each that is declared in `stats_core.insights`; the answer's bytes are the core's own."""

from collections.abc import Mapping
from typing import Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stats_api.listeners import OWN
from stats_api.operations import Answer, Operation, routed
from stats_api.problems import UNKNOWN_LISTENER
from stats_api.questions import given_of
from stats_api.service import AnyRequest, Service, service_of
from stats_core.clock import utc_now
from stats_core.history.months import instant_ms
from stats_core.insights import STATISTICS, answered
from stats_core.insights.question import Statistic


def _route(statistic: Statistic) -> HTTPRouteHandler:
    name = statistic.name

    async def answer(request: AnyRequest, user: FromPath[str]) -> Response[bytes]:
        service = service_of(request)
        body = await service.reading(_answered, service, name, user, given_of(request))
        return Response(body, media_type="application/json")

    operation = Operation(
        id="get_" + name.replace("/", "_").replace("-", "_"),
        tag="statistics",
        opens="own key",
        summary=statistic.summary,
        description=statistic.description,
        answers={200: Answer(description=statistic.summary + ".", body=statistic.answer)},
        parameters=statistic.parameters,
        problems=(UNKNOWN_LISTENER,),
        statistic=name,
    )
    return routed("GET", f"{OWN}/{name}", operation, answer)


def _answered(service: Service, name: str, user: str, given: Mapping[str, str]) -> bytes:
    return answered(name, service.reader.read(user), given, now=instant_ms(utc_now())).json


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = tuple(map(_route, STATISTICS.values()))
