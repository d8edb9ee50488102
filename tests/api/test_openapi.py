from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from stats_api import schema
from stats_api.app import ROUTES
from stats_api.examples import examples
from stats_api.openapi import document_of
from stats_api.operations import Operation
from stats_api.problems import KINDS
from stats_api.replies import ALWAYS
from stats_core.insights import STATISTICS
from stats_core.security.keys import key_digest, short_id
from tests.api.server import ApiServer

ISSUE = {
    "/v1/listeners": {"get", "post"},
    "/v1/listeners/{user}": {"get", "patch", "delete"},
    **{f"/v1/listeners/{{user}}/{name}": {"get"} for name in STATISTICS},
    "/v1/listeners/{user}/imports": {"get", "post"},
    "/v1/listeners/{user}/imports/{digest}": {"get"},
    "/v1/listeners/{user}/spotify": {"delete"},
    "/v1/listeners/{user}/spotify/login": {"post"},
    "/v1/listeners/{user}/spotify/callback": {"post"},
    "/v1/listeners/{user}/sync": {"get", "post"},
    "/v1/spotify/callback": {"get"},
    "/v1/cache": {"get", "delete"},
    "/metrics": {"get"},
    "/v1/listeners/{user}/links": {"post"},
    "/v1/listeners/{user}/comparisons": {"get"},
    "/v1/listeners/{user}/comparisons/{other}": {"put", "delete"},
    "/v1/keys": {"get", "post"},
    "/v1/keys/{key}": {"get", "delete"},
    "/health/live": {"get"},
    "/health/ready": {"get"},
}


@pytest.fixture
def document(server: ApiServer) -> dict[str, Any]:
    answer = server.client().get("/schema/openapi.json")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def _operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["operationId"]: each for methods in document["paths"].values() for each in methods.values()}


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_every_route_is_in_it(document: dict[str, Any]) -> None:
    for path, methods in ISSUE.items():
        assert set(document["paths"][path]) == methods
    assert len(_operations(document)) == len(ROUTES)


@pytest.mark.parametrize("name", STATISTICS)
def test_every_parameter_is_told_with_unit_and_default(document: dict[str, Any], name: str) -> None:
    [operation] = document["paths"][f"/v1/listeners/{{user}}/{name}"].values()
    told = {each["name"]: each for each in operation["parameters"] if each["in"] == "query"}
    written = ["format"] if STATISTICS[name].listed else []
    assert list(told) == [*(parameter.name for parameter in STATISTICS[name].parameters), *written]
    in_path = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
    assert in_path == ["user", *(parameter.name for parameter in STATISTICS[name].path_parameters)]
    for parameter in STATISTICS[name].parameters:
        here = told[parameter.name]
        assert here["description"].startswith(parameter.description)
        assert parameter.allowed in here["description"]
        assert here.get("x-unit") == parameter.unit
        default = here["schema"].get("default", "None")
        assert (str(default).lower() if isinstance(default, bool) else str(default)) == str(parameter.default)
        OAS31Validator(here["schema"]).validate(here["example"])


def test_every_answer_has_an_example_of_its_schema(document: dict[str, Any]) -> None:
    for identity, operation in _operations(document).items():
        for status, response in operation["responses"].items():
            for media, content in response.get("content", {}).items():
                if media == "text/html" or (identity == "get_openapi" and status == "200"):
                    continue
                found = [content["example"]] if "example" in content else []
                found += [each["value"] for each in content.get("examples", {}).values()]
                assert found, (identity, status)
                whole = {**content["schema"], "components": document["components"]}
                for example in found:
                    OAS31Validator(whole).validate(example)


def test_bodies_have_examples_of_their_schema(document: dict[str, Any]) -> None:
    bodies = [each["requestBody"]["content"] for each in _operations(document).values() if "requestBody" in each]
    contents = [body["application/json"] for body in bodies if "application/json" in body]
    assert len(contents) == sum(handler.opt["operation"].body is not None for handler in ROUTES)
    for content in contents:
        OAS31Validator({**content["schema"], "components": document["components"]}).validate(content["example"])


def test_every_keyed_operation_names_its_failures(document: dict[str, Any]) -> None:
    for identity, operation in _operations(document).items():
        open_to_all = operation.get("security") == []
        assert open_to_all == (operation["tags"][0] in {"health", "documentation"} or identity == "end_spotify_login")
        assert {"400", "405", "500"} <= set(operation["responses"])
        assert ({"401", "403", "429", "503"} <= set(operation["responses"])) or open_to_all


@pytest.mark.parametrize("name", STATISTICS)
def test_every_statistic_says_how_it_is_written_kept_and_refused(document: dict[str, Any], name: str) -> None:
    responses = document["paths"][f"/v1/listeners/{{user}}/{name}"]["get"]["responses"]
    assert {"304", "406", "429", "503"} <= set(responses)
    listed = ["text/csv", "application/x-ndjson"] if STATISTICS[name].listed else []
    assert list(responses["200"]["content"]) == ["application/json", *listed]
    for status in ("200", "304"):
        assert {"ETag", "Vary", "Cache-Control"} <= set(responses[status]["headers"])
    assert "content" not in responses["304"]
    for status in ("429", "503"):
        assert "Retry-After" in responses[status]["headers"]
    assert all("X-Request-ID" in response["headers"] for response in responses.values())


def test_what_an_answer_says_in_headers_is_declared(server: ApiServer, document: dict[str, Any]) -> None:
    always = {name.decode() for name, _ in ALWAYS} | {"content-type", "content-length", "date", "server"}
    client, operations = server.client("admin"), _operations(document)
    answers = {f"get_{name}": client.get(f"/v1/listeners/ada/{name}") for name in ("plays", "clock")}
    answers["get_summary"] = client.get("/v1/listeners/ada/summary", headers={"If-None-Match": "*"})
    answers["make_listener"] = client.post("/v1/listeners", json={"user": f"u{uuid4().hex[:12]}"})
    answers["get_cache"] = server.client().get("/v1/cache")
    assert "link" in answers["get_plays"].headers
    for identity, answer in answers.items():
        declared = {name.lower() for name in operations[identity]["responses"][str(answer.status_code)]["headers"]}
        assert set(answer.headers) - always <= declared, identity


def test_a_real_answer_fits_its_schema(server: ApiServer, document: dict[str, Any]) -> None:
    unlike = {"/v1/listeners/{user}/imports/{digest}", "/metrics", "/v1/spotify/callback"}
    client = server.client("admin")
    for path in [path for path, methods in ISSUE.items() if "get" in methods and path not in unlike]:
        named = {"key": short_id(key_digest(server.keys["ada"].encode()))}
        if "{id}" in path:
            of = path.split("/")[-2]
            named["id"] = client.get(f"/v1/listeners/ada/top/{of}").json()["items"][0]["id"]
        answer = client.get(path.format(user="ada", **named))
        content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        OAS31Validator({**content["schema"], "components": document["components"]}).validate(answer.json())


def test_statistics_answer_what_they_declare() -> None:
    assert set(examples()) == {
        operation.id
        for handler in ROUTES
        if (operation := handler.opt["operation"]).tag != "documentation"
        and any(answer.body is not None for answer in operation.answers.values())
    }


def test_the_document_follows_its_operations() -> None:
    operation = Operation(id="x", tag="health", summary="X", description="Y.", opens="anyone", answers={})
    assert document_of([("GET", "/x", operation)], {})["paths"]["/x"]["get"]["operationId"] == "x"  # type: ignore[index]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.elsewhere: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids |= {values["id"] or ""} if "id" in values else set()
        self.links |= {values["href"] or ""} if "href" in values else set()
        self.elsewhere |= {tag} & {"script", "link", "img", "iframe"}


def test_the_page_needs_nothing_from_elsewhere(server: ApiServer, document: dict[str, Any]) -> None:
    answer = server.client().get("/schema")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = _Page()
    page.feed(answer.text)
    assert not page.elsewhere
    assert {kind.name for kind in KINDS} | set(_operations(document)) <= page.ids
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.ids
    assert {link for link in page.links if not link.startswith("#")} == {"/schema/openapi.json"}


def test_no_module_is_too_long() -> None:
    folder = Path(schema.__file__).parent
    assert all(len(file.read_text().splitlines()) < 300 for file in folder.glob("*.py"))
