"""What is wrong with a document, and can be lived with, is a warning."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from mockserver.openapi.yaml_file import FileError
from tests.openapi.documents import INFO, Json, loaded, of_version, operation, paths, problems_of

PATH_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
LENIENT: dict[str, tuple[Json, str]] = {
    "unknown field": (
        paths({"get": operation()}, info={**INFO, "externalDocs": {}}),
        "externalDocs",
    ),
    "no info": ({"openapi": "3.0.3", "paths": {"/a": {"get": operation()}}}, "info"),
    "no operationId": (
        paths({"get": {"responses": {"200": {"description": "A."}}}}),
        "no operationId",
    ),
    "no responses": (paths({"get": {"operationId": "get_a"}}), "responses"),
    "status without a meaning": (
        paths({"get": operation(responses={"200": {"description": "A."}, "ok": {}})}),
        "no status",
    ),
    "status range in lower case": (
        paths(
            {"get": operation(responses={"200": {"description": "A."}, "4xx": {"description": ""}})}
        ),
        "4XX",
    ),
    "no description": (paths({"get": operation(responses={"200": {}})}), "description"),
    "path item of another kind": (
        {**of_version("3.1.0", {}), "paths": {"$ref": ["a"], "/a": {"get": operation()}}},
        "path item",
    ),
    "reference of a path that is named like a keyword": (
        {
            **of_version("3.1.0", {}),
            "paths": {"default": {"$ref": "#/nope"}, "/a": {"get": operation()}},
        },
        "has no target",
    ),
    "patterns of another kind": (
        of_version("3.1.0", {"patternProperties": 1.5}),
        "patternProperties",
    ),
    "path without slash": (paths({"get": operation()}, path="a"), "slash"),
    "path with a query": (
        {**paths({"get": operation()}), "paths": {"/a": {"get": operation()}, "/b?c=d": {}}},
        "no query",
    ),
    "parameter that is not described": (paths({"get": operation()}, path="/a/{id}"), "'id'"),
    "parameter that is not in the path": (paths({"get": operation(parameters=[PATH_ID])}), "'id'"),
    "parameter that is not required": (
        paths({"get": operation(parameters=[{**PATH_ID, "required": False}])}, path="/a/{id}"),
        "required",
    ),
    "parameter in a wrong place": (
        paths({"get": operation(parameters=[{"name": "b", "in": "body", "schema": {}}])}),
        "body",
    ),
    "parameter without a name": (
        paths({"get": operation(parameters=[{"in": "query", "schema": {}}])}),
        "name",
    ),
    "wrong type of a schema": (
        paths(
            {"get": operation(parameters=[{"name": "q", "in": "query", "schema": {"type": "int"}}])}
        ),
        "int",
    ),
    "schema that is no object": (
        paths({"get": operation(parameters=[{"name": "q", "in": "query", "schema": "string"}])}),
        "schema",
    ),
    "pattern": (
        paths(
            {
                "get": operation(
                    parameters=[{"name": "q", "in": "query", "schema": {"pattern": "*"}}]
                )
            }
        ),
        "pattern",
    ),
    "security scheme that is not defined": (
        paths({"get": operation(security=[{"nobody": []}])}),
        "'nobody'",
    ),
    "scopes that are empty": (
        paths(
            {"get": operation(security=[{"key": None}])},
            components={
                "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "K"}}
            },
        ),
        "list",
    ),
    "server variable without a value": (
        paths({"get": operation()}, servers=[{"url": "https://example.com/{v}"}]),
        "'v'",
    ),
    "reference without a target": (
        paths({"get": operation(parameters=[{"$ref": "#/components/parameters/Nothing"}])}),
        "has no target",
    ),
    "operation that is no object": (paths({"get": operation(), "post": "later"}), "object"),
    "parameters that are no list": (paths({"get": operation(parameters={})}), "list"),
    "schema with a negative length": (
        paths(
            {
                "get": operation(
                    parameters=[{"name": "q", "in": "query", "schema": {"minLength": -1}}]
                )
            },
            version="3.1.0",
        ),
        "minLength",
    ),
    "flag of 3.0 in 3.1": (
        paths(
            {
                "get": operation(
                    parameters=[
                        {
                            "name": "q",
                            "in": "query",
                            "schema": {"minimum": 1, "exclusiveMinimum": True},
                        }
                    ]
                )
            },
            version="3.1.0",
        ),
        "exclusiveMinimum",
    ),
}


@pytest.mark.parametrize(
    ("url", "base_path"),
    [
        ("https://example.com", ""),
        ("https://example.com/v1/", "/v1"),
        ("/", ""),
        ("v1", "/v1"),
        ("./v1", "/v1"),
        ("../api//v1", "/api/v1"),
        ("https://{host}/v{version}", "/v2"),
    ],
)
def test_the_base_path_is_that_of_the_first_server(
    tmp_path: Path, url: str, base_path: str
) -> None:
    """Variables have their defaults, and relative URLs begin at the root."""
    variables = {"host": {"default": "a.b"}, "version": {"default": "2"}}
    servers = [{"url": url, "variables": variables}, {"url": "https://other.test/x"}]
    assert loaded(tmp_path, paths({"get": operation()}, servers=servers)).base_path == base_path


@pytest.mark.parametrize("name", LENIENT)
def test_what_can_be_lived_with_is_a_warning(tmp_path: Path, name: str) -> None:
    """It has a line, and the operation is served all the same."""
    document, expected = LENIENT[name]
    contract = loaded(tmp_path, document)
    assert len(contract.operations) == 1, problems_of(contract)
    assert any(expected in problem for problem in problems_of(contract)), problems_of(contract)
    assert all((line or 0) >= 1 for _, line, _ in contract.problems.lines())
    served = next(iter(contract.operations.values()))
    assert served.statuses == [200]
    for parameter in served.parameters:
        contract.validator(parameter["schema"])


def test_a_parameter_of_path_and_operation_is_that_of_the_operation(tmp_path: Path) -> None:
    """To repeat it is legal."""
    mine = {**PATH_ID, "description": "Mine."}
    item = {"parameters": [PATH_ID], "get": operation(parameters=[mine])}
    contract = loaded(tmp_path, paths(item, path="/a/{id}"))
    assert problems_of(contract) == []
    assert contract.operations["get_a"].parameters == [mine]


def test_missing_operation_ids_are_made_and_said_once(tmp_path: Path) -> None:
    """They are made of method and path, and differ from those of the document."""
    responses = {"responses": {"200": {"description": "A."}}}
    document = {
        "openapi": "3.0.3",
        "info": INFO,
        "paths": {
            "/a/{b}/c": {
                "get": responses,
                "post": responses,
                "parameters": [{**PATH_ID, "name": "b"}],
            },
            "/a-b/c": {"get": responses},
            "/": {"get": responses},
            "/x": {"get": {**responses, "operationId": "get_a_b_c"}},
        },
    }
    contract = loaded(tmp_path, document)
    assert list(contract.operations) == [
        *("get_a_b_c_2", "post_a_b_c", "get_a_b_c_3", "get", "get_a_b_c"),
    ]
    assert len(contract.problems.warnings) == 1
    assert "as 3 more" in problems_of(contract)[0]


def test_a_repeated_operation_id_gets_a_suffix(tmp_path: Path) -> None:
    """The first operation keeps the name."""
    contract = loaded(tmp_path, paths({"get": operation(), "post": operation()}))
    assert list(contract.operations) == ["get_a", "get_a_2"]
    assert "'get_a_2'" in problems_of(contract)[0]


def test_the_same_path_twice_is_served_once(tmp_path: Path) -> None:
    """The names of parameters do not tell paths apart."""
    document = paths({"get": operation(parameters=[PATH_ID])}, path="/a/{id}")
    named = {**PATH_ID, "name": "name"}
    document["paths"]["/a/{name}"] = {"get": operation(operationId="get_b", parameters=[named])}
    contract = loaded(tmp_path, document)
    assert list(contract.operations) == ["get_a"]
    assert len(contract.problems.warnings) == 1


WRONG: tuple[Any, ...] = (None, 7, [], {"x": [None]})
"""Values in place of any part."""


@pytest.mark.parametrize("version", ["2.0", "3.0.3", "3.1.0", "3.2.0"])
def test_anything_in_place_of_a_part_is_survived(tmp_path: Path, version: str) -> None:
    """A part of the wrong type is left out, wherever it is."""
    if version == "2.0":
        whole: Json = {
            "swagger": "2.0",
            "info": INFO,
            "parameters": {"q": {"name": "q", "in": "query", "type": "string"}},
            "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "K"}},
            "paths": {
                "/a/{id}": {
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "type": "string"}
                    ],
                    "post": {
                        "parameters": [{"in": "body", "name": "b", "schema": {"type": "object"}}],
                        "responses": {"200": {"description": "A.", "schema": {"type": "object"}}},
                    },
                }
            },
            "definitions": {"A": {"type": "object", "properties": {"b": {"type": "string"}}}},
        }
    else:
        schema = {
            "type": "object",
            "required": ["b"],
            "properties": {"b": {"type": "array", "items": {"type": "string"}}},
            "allOf": [{"minProperties": 1}],
        }
        whole = of_version(
            version,
            schema,
            components={
                "schemas": {"A": {"oneOf": [{"type": "string"}]}},
                "parameters": {"q": {"name": "q", "in": "query", "schema": {}}},
                "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "K"}},
            },
            servers=[{"url": "/{v}", "variables": {"v": {"default": "1"}}}],
            security=[{"key": []}],
            tags=[{"name": "a"}],
        )
        whole["paths"]["/a"]["get"]["parameters"] = [{"$ref": "#/components/parameters/q"}]
        whole["paths"]["/a"]["get"]["requestBody"] = {"content": {"text/plain": {"schema": {}}}}
    begun = time.monotonic()
    for place in places(whole):
        for wrong in WRONG:
            if place in ((), ("openapi",), ("swagger",)):
                continue
            document = json.loads(json.dumps(whole))
            put(document, place, wrong)
            try:
                contract = loaded(tmp_path, document)
            except FileError:
                continue
            for found in contract.operations.values():
                assert found.success
                for parameter in found.parameters:
                    contract.validator(parameter.get("schema", {}))
                for response in found.node["responses"].values():
                    for media in contract.follow(response).get("content", {}).values():
                        contract.validator(media.get("schema", {}), closed=True)
            assert contract.base_path is not None
            assert contract.for_routing()
    assert time.monotonic() - begun < 60


@pytest.mark.slow
def test_the_beginnings_of_many_paths_are_found_soon(tmp_path: Path) -> None:
    """The start of a mock needs them. One that begins with another is left out."""
    operation = {"responses": {"200": {"description": "A."}}}
    names = [
        "a",
        "a/b",
        "ab",
        "ab{c}",
        "ab{c}/d",
        "b{c}",
        "bc/d",
        *(f"r{n}/x" for n in range(9_000)),
    ]
    document = {
        "openapi": "3.0.3",
        "info": INFO,
        "paths": {f"/{name}": {"get": operation} for name in names},
    }
    contract = loaded(tmp_path, document)
    begun = time.process_time()
    prefixes = contract.prefixes
    assert time.process_time() - begun < 2
    assert prefixes[:2] == ("/a", "/b")
    assert len(prefixes) == 9_002


def places(node: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the places of all parts of a document."""
    items = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    return [at, *(place for key, part in items for place in places(part, (*at, key)))]


def put(document: Any, place: tuple[Any, ...], value: Any) -> None:
    for key in place[:-1]:
        document = document[key]
    document[place[-1]] = value


def test_an_extension_beside_responses_is_no_response(tmp_path: Path) -> None:
    """It may have any value, and is not served."""
    responses = {"200": {"description": "A."}, "x-sunset": 0, "x-note": {"$ref": True}}
    contract = loaded(tmp_path, paths({"get": operation(responses=responses)}))
    assert [*contract.operations["get_a"].node["responses"]] == ["200"]
