"""Statistics: one route for each that is declared in `stats_core.insights`; the answer's bytes are the core's own."""

from functools import partial
from typing import Final

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp

from stats_api.access import access_of
from stats_api.addresses import address_of
from stats_api.answers import Answers
from stats_api.formats import FORMAT, Format, formats_of
from stats_api.listeners import OWN
from stats_api.operations import Answer, Operation, routed
from stats_api.passage import passage_of
from stats_api.problems import BUSY, NOT_ACCEPTABLE, UNKNOWN_ENTRY, UNKNOWN_LISTENER
from stats_api.questions import given_of
from stats_api.service import AnyRequest
from stats_core.insights import STATISTICS, Answered
from stats_core.insights.parameters import ID
from stats_core.insights.question import Statistic

_HEADERS: Final = {
    "ETag": "Names these very bytes: send it as `If-None-Match`.",
    "Vary": "What of a request the answer hangs on.",
    "Cache-Control": "For whoever asked alone, and to be asked for again each time.",
}
_PAGES: Final = {"Link": "The next page, `rel=next`, where there is one."}


def _route(statistic: Statistic) -> HTTPRouteHandler:
    operation = _operation(statistic)

    async def answer(request: AnyRequest, user: FromPath[str]) -> ASGIApp:
        passage = passage_of(request)
        named = {parameter.name: request.path_params[parameter.name] for parameter in statistic.path_parameters}
        template = request.scope["path_template"]
        address = address_of(passage, operation, template, statistic, user, named, given_of(request))
        answers: Answers = request.app.state.answers
        return await answers.reply(passage, access_of(request), address)

    path = statistic.name.replace("}", ":str}")
    return routed("GET", f"{OWN}/{path}", operation, answer)


def _operation(statistic: Statistic) -> Operation:
    forms = formats_of(statistic)
    listed = (FORMAT,) if len(forms) > 1 else ()
    paged = "cursor" in statistic.answer.__struct_fields__
    headers = _HEADERS | (_PAGES if paged else {})
    names_an_entry = any(parameter.name == ID.name for parameter in (*statistic.path_parameters, *statistic.parameters))
    unknown = (UNKNOWN_ENTRY,) if names_an_entry else ()
    whole = Answer(
        description=f"{statistic.summary}.",
        body=statistic.answer,
        alternatives={form.media_type: partial(_written, form, statistic) for form in forms[1:]},
        headers=headers
        | {"Content-Encoding": "`br`, `zstd` or `gzip`, where the client can read it and it is worth it."},
    )
    return Operation(
        id=f"get_{statistic.id}",
        tag="statistics",
        opens="read",
        summary=statistic.summary,
        description=statistic.description,
        answers={200: whole, 304: Answer(description="What `If-None-Match` names is still so.", headers=headers)},
        parameters=(*statistic.parameters, *listed),
        path_parameters=statistic.path_parameters,
        problems=(UNKNOWN_LISTENER, *unknown, NOT_ACCEPTABLE, BUSY),
        statistic=statistic.name,
    )


def _written(form: Format, statistic: Statistic, example: object) -> str:
    """The example in another format."""
    answer = msgspec.convert(example, statistic.answer)
    return form.body(Answered(answer, None), statistic.listed or "").decode()


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = tuple(map(_route, STATISTICS.values()))
