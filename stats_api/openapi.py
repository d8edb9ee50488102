"""The OpenAPI 3.1 document, made of what the operations, parameters, structs and problems declare of themselves."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from stats_api.operations import OPENS, Answer, Operation
from stats_api.problems import (
    INTERNAL,
    INVALID_BODY,
    INVALID_PARAMETER,
    MEDIA_TYPE,
    NO_ACCESS,
    OUTSIDE_KEY,
    TOO_LARGE,
    TOO_MANY_FAILURES,
    TOO_MANY_REQUESTS,
    UNAVAILABLE,
    WRONG_METHOD,
    Kind,
    Problem,
)
from stats_core.insights.parameters import Json, Parameter

VERSION: Final = "1"
_REF: Final = "#/components/schemas/{name}"
_TAGS: Final = {
    "listeners": "Who has a history here, and what counts as a play for them.",
    "keys": "Who may ask what: keys and sharing links.",
    "comparisons": "With whom a listener agrees to be compared.",
    "statistics": "Questions about a listener's history. Every period is half-open, every answer exact.",
    "imports": "The files a listener dropped or uploaded, each with its ledger.",
    "operation": "What the service counts and keeps, for whoever runs it.",
    "health": "For supervisors; needs no key.",
    "documentation": "This document.",
}
_ID: Final[Mapping[str, Json]] = {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}
_WITH_ID: Final[Mapping[str, Json]] = {"X-Request-ID": {"$ref": "#/components/headers/X-Request-ID"}}
_READ_AS: Final[Mapping[str, Callable[[str], Json]]] = {"integer": int, "boolean": "true".__eq__}
"""JSON Schema's type -> the JSON value of a parameter's text."""
_PATH_PARAMETERS: Final[Mapping[str, tuple[str, Json]]] = {
    "user": ("The listener's name.", "ada"),
    "other": ("The other listener's name.", "bob"),
    "key": ("What the key is called in the list of keys: 16 hexadecimal digits.", "5f" * 8),
    "digest": ("The import's id: SHA-256 of the file, in hexadecimal.", "5f" * 32),
}

Described = tuple[str, str, Operation]
"""Method, path as OpenAPI writes it, operation."""


def document_of(described: Iterable[Described], examples: Mapping[str, object]) -> dict[str, object]:
    """The document of these operations; `examples` maps an operation's id to its JSON answer."""
    operations = list(described)
    types: list[object] = [Problem]
    types += [operation.body for _, _, operation in operations if operation.body]
    types += [body for _, _, each in operations for answer in each.answers.values() if (body := answer.body)]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    schema_of = dict(zip(map(id, types), schemas, strict=True))
    paths: dict[str, dict[str, object]] = {}
    for method, path, operation in operations:
        written = _operation(path, operation, schema_of, examples.get(operation.id))
        paths.setdefault(path, {})[method.lower()] = written
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Spotify Stats",
            "version": VERSION,
            "summary": "A person's whole listening history, and any question about it.",
            "description": "Every error is `application/problem+json` (RFC 9457). `HEAD` works wherever `GET` does. "
            "Bodies of more than a kilobyte are compressed where `Accept-Encoding` allows it, statistics' ones are not "
            "sent again where `If-None-Match` names them. `X-Request-ID` may be given (1 to 64 letters, digits, dots, "
            "dashes and underscores); it is answered, and stands in the log.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": description} for name, description in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": components,
            "headers": {"X-Request-ID": {"description": "What the log calls this request.", "schema": _ID}},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A key, or the admin key."},
                "link": {
                    "type": "apiKey",
                    "in": "query",
                    "name": "share",
                    "description": "A sharing link's key, where it is not sent as a bearer key: it opens the "
                    "statistics that it names.",
                },
            },
        },
        "security": [{"key": []}],
    }


def _operation(path: str, operation: Operation, schema_of: Mapping[int, object], example: object) -> dict[str, object]:
    written: dict[str, object] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": f"{operation.description} {OPENS[operation.opens]}",
        "parameters": [
            *(_path_parameter(name, *told) for name, told in _PATH_PARAMETERS.items() if f"{{{name}}}" in path),
            *(_path_parameter(each.name, each.description, each.example) for each in operation.path_parameters),
            *(_query_parameter(parameter) for parameter in operation.parameters),
        ],
        "responses": {
            **{str(status): _answer(answer, schema_of, example) for status, answer in operation.answers.items()},
            **_problems(operation, schema_of),
        },
    }
    if operation.opens == "anyone":
        written["security"] = []
    elif operation.statistic is not None:
        written["security"] = [{"key": []}, {"link": []}]
    if operation.body is not None:
        content: dict[str, object] = {"schema": schema_of[id(operation.body)]}
        if operation.example is not None:
            content["example"] = operation.example
        written["requestBody"] = {"required": True, "content": {"application/json": content}}
    elif operation.raw_body is not None:
        schema = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
        written["requestBody"] = {
            "required": True,
            "description": operation.raw_body,
            "content": {"application/octet-stream": {"schema": schema}},
        }
    return written


def _path_parameter(name: str, description: str, example: Json) -> dict[str, object]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string"},
        "example": example,
    }


def _query_parameter(parameter: Parameter[object]) -> dict[str, object]:
    schema = dict(parameter.schema)
    as_json = _READ_AS.get(str(schema.get("type")), str)
    if parameter.default is not None:
        schema["default"] = as_json(parameter.default)
    unit = f" Unit: {parameter.unit}." if parameter.unit else ""
    written: dict[str, object] = {
        "name": parameter.name,
        "in": "query",
        "required": False,
        "description": f"{parameter.description}{unit} Allowed: {parameter.allowed}.",
        "schema": schema,
        "example": as_json(parameter.example),
    }
    if parameter.unit:
        written["x-unit"] = parameter.unit
    return written


def _answer(answer: Answer, schema_of: Mapping[int, object], example: object) -> dict[str, object]:
    headers = {
        name: {"description": description, "schema": {"type": "string"}} for name, description in answer.headers.items()
    }
    written: dict[str, object] = {"description": answer.description, "headers": {**headers, **_WITH_ID}}
    if answer.body is not None:
        content: dict[str, object] = {"schema": schema_of[id(answer.body)]}
        if example is not None:
            content["example"] = example
        others = {
            media_type: {"schema": {"type": "string"}, "example": written_in(example)}
            for media_type, written_in in answer.alternatives.items()
        }
        written["content"] = {answer.media_type: content, **others}
    elif answer.media_type != "application/json":
        written["content"] = {answer.media_type: {"schema": {"type": "string"}} | _example_of(answer)}
    return written


def _example_of(answer: Answer) -> dict[str, object]:
    return {} if answer.example is None else {"example": answer.example}


def kinds_of(operation: Operation) -> list[Kind]:
    """Every way an operation can fail, its own and those that its access, query and body bring, by status."""
    kinds = {INVALID_PARAMETER, WRONG_METHOD, INTERNAL, *operation.problems}
    if operation.opens != "anyone":
        kinds |= {NO_ACCESS, OUTSIDE_KEY, TOO_MANY_FAILURES, TOO_MANY_REQUESTS, UNAVAILABLE}
    if operation.body is not None:
        kinds |= {INVALID_BODY, TOO_LARGE}
    return sorted(kinds, key=lambda kind: (kind.status, kind.name))


def _problems(operation: Operation, schema_of: Mapping[int, object]) -> dict[str, object]:
    written: dict[str, object] = {}
    kinds = kinds_of(operation)
    for status in sorted({kind.status for kind in kinds}):
        here = [kind for kind in kinds if kind.status == status]
        examples = {kind.name: {"summary": kind.title, "value": _example(kind)} for kind in here}
        response: dict[str, object] = {
            "description": " ".join(f"{kind.title}. {kind.description}" for kind in here),
            "content": {MEDIA_TYPE: {"schema": schema_of[id(Problem)], "examples": examples}},
        }
        headers = {name: {"schema": schema} for name, schema in _HEADERS.get(status, {}).items()}
        response["headers"] = {**headers, **_WITH_ID}
        written[str(status)] = response
    return written


_HEADERS: Final[Mapping[int, Mapping[str, Json]]] = {
    401: {"WWW-Authenticate": {"type": "string"}},
    405: {"Allow": {"type": "string"}},
    429: {"Retry-After": {"type": "integer"}},
    503: {"Retry-After": {"type": "integer"}},
}


def _example(kind: Kind) -> Problem:
    problem = Problem(kind.type, kind.title, kind.status, kind.description, "/v1/listeners/ada/top/tracks")
    if kind is INVALID_PARAMETER:
        problem.detail = "limit='1000' is not allowed; allowed: a whole number from 1 to 100"
        problem.parameter, problem.value, problem.allowed = "limit", "1000", "a whole number from 1 to 100"
    return problem
