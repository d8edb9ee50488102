"""Questions: what a request asks for, in its query or its JSON body, checked before a route works on it."""

import re
from typing import Final, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar.handlers import BaseRouteHandler

from stats_api.operations import Operation, operation_of
from stats_api.passage import passage_of
from stats_api.problems import INVALID_BODY, INVALID_PARAMETER, Failure
from stats_api.service import AnyConnection, AnyRequest
from stats_core.errors import InvalidParameter
from stats_core.insights.parameters import Parameter

T = TypeVar("T")

_MOST_PARAMETERS: Final = 100
_FIELD: Final = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$\.?(?P<field>[^`]*)`)?$", re.DOTALL)


async def checked_query(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Refuse a query with a parameter that the operation does not have, or with one twice; raises InvalidParameter."""
    operation = operation_of(handler)
    if operation is not None:
        whole = connection.scope["query_string"]
        query = whole if operation.statistic is None else passage_of(connection).raw[1]
        connection.scope["state"]["given"] = _given(operation, query)


def given_of(connection: AnyConnection) -> dict[str, str]:
    """The parameters of a request that checked_query let through."""
    given: dict[str, str] = connection.scope["state"]["given"]
    return given


def asked_for(connection: AnyConnection, parameter: Parameter[T]) -> T:
    """A parameter of a request that checked_query let through, given or its default. Raises InvalidParameter."""
    return parameter.value_of(given_of(connection).get(parameter.name, parameter.default or ""))


def _given(operation: Operation, query: bytes) -> dict[str, str]:
    names = [parameter.name for parameter in operation.parameters]
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise Failure(INVALID_PARAMETER, f"There are more than {_MOST_PARAMETERS} parameters.") from None
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in names:
            only = f"only {', '.join(names)}" if names else "this route takes none"
            raise InvalidParameter(name[:100], value, f"no such parameter here, {only}")
        if name in given:
            raise InvalidParameter(name, value, f"{name} once")
        given[name] = value
    return given


async def body_of(request: AnyRequest, kind: type[T]) -> T:
    """The JSON body of a request; raises Failure naming the field that is wrong."""
    body = await request.body()
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        match = _FIELD.match(str(error))
        what, field = (match["what"], match["field"] or "") if match else (str(error), "")
        where = f"{field}: " if field else ""
        raise Failure(INVALID_BODY, f"{where}{what}", parameter=field or "body", allowed=what) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Failure(INVALID_BODY, f"The body is no JSON: {error}") from None
