"""The examples of requests and responses on the published page."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.docs.published import NO_SCHEMA
from tests.docs.specs import Json, of_get, only_operation, responding, spec, taking, to

NULL = {"type": "null"}


def response_of(schema: Any, schemas: Json | None = None) -> Any:
    """Return the response that is shown for a schema."""
    published, operation = only_operation(
        spec({"/things": {"get": {"responses": responding(schema)}}}, schemas)
    )
    return published.response(operation)


def posting(schema: Any, schemas: Json | None = None, method: str = "post") -> str:
    """Return the curl command of an operation whose body has a schema."""
    published, operation = only_operation(
        spec({"/things": {method: {"requestBody": taking(schema)}}}, schemas)
    )
    return published.curl(operation)


# --- Requests


def test_only_required_query_parameters_are_in_the_url() -> None:
    """Header parameters are not sent, even if they are required."""
    parameters = [
        {"name": "from", "in": "query", "required": True},
        {"name": "limit", "in": "query"},
        {"name": "to", "in": "query", "required": True},
        {"name": "X-Trace", "in": "header", "required": True},
    ]
    published, operation = of_get(parameters=parameters)
    assert published.curl(operation).splitlines() == [
        "curl -X GET http://127.0.0.1:8080/things?from=<from>&to=<to> \\",
        '  -H "Content-Type: application/json"',
    ]


@pytest.mark.parametrize(
    ("scheme", "header"),
    [
        ({"type": "apiKey", "in": "header", "name": "X-Small-Key"}, "X-Small-Key: YOUR_API_KEY"),
        ({"type": "http", "scheme": "bearer"}, "Authorization: Bearer YOUR_API_KEY"),
        ({"type": "http", "scheme": "basic"}, "Authorization: Basic YOUR_API_KEY"),
        ({"type": "oauth2", "flows": {}}, "Authorization: Bearer YOUR_API_KEY"),
    ],
)
def test_credentials_follow_the_security_schemes(scheme: Json, header: str) -> None:
    """The header comes from the document; without a scheme there is none."""
    document = spec({"/x": {"get": {}}})
    document["components"]["securitySchemes"] = {"Key": scheme}
    published, operation = only_operation(document)
    assert published.curl(operation).splitlines()[1] == f'  -H "{header}" \\'


def test_path_parameters_are_in_angle_brackets() -> None:
    """Every parameter of the path is replaced."""
    published, operation = only_operation(spec({"/a/{b}/c/{d-e}": {"get": {}}}))
    assert (
        published.curl(operation).splitlines()[0]
        == "curl -X GET http://127.0.0.1:8080/a/<b>/c/<d-e> \\"
    )


def test_the_first_server_is_used_with_its_variables_filled_in() -> None:
    """An operation's server overrides that of the document."""
    servers = [
        {"url": "https://{region}.example.com/v1/", "variables": {"region": {"default": "eu"}}}
    ]
    published, operation = only_operation(spec({"/x": {"get": {}}}, servers=servers))
    assert published.curl(operation).startswith("curl -X GET https://eu.example.com/v1/x ")
    own = {"servers": [{"url": "https://own.example.com"}]}
    published, operation = only_operation(spec({"/x": {"get": own}}, servers=servers))
    assert published.curl(operation).startswith("curl -X GET https://own.example.com/x ")


def test_the_body_has_the_required_and_default_ones_of_five_properties() -> None:
    """Values follow from the types. A boolean is false whatever its default."""
    properties = {
        "name": {"type": "string"},
        "mode": {"type": "string", "default": "fast"},
        "skipped": {"type": "string"},
        "count": {"type": "integer", "default": 7},
        "on": {"type": "boolean", "default": True},
        "sixth": {"type": "string"},
    }
    body = posting({"required": ["name", "sixth"], "properties": properties}).partition("-d ")[2]
    assert body.splitlines() == [
        "'{",
        '    "name": "example_name",',
        '    "mode": "example_mode",',
        '    "count": 7,',
        '    "on": false',
        "  }'",
    ]


def test_all_types_have_placeholders() -> None:
    """Lists and objects are empty, numbers are 0.0, untyped values are strings."""
    kinds = {
        "l": {"type": "array"},
        "o": {"type": "object"},
        "n": {"type": "number"},
        "a": {},
        "i": {"type": "integer"},
    }
    body = posting({"required": list(kinds), "properties": kinds})
    assert '"l": [],' in body
    assert '"o": {},' in body
    assert '"n": 0.0,' in body
    assert '"a": "example_a",' in body
    assert '"i": 0\n' in body


@pytest.mark.parametrize("method", ["get", "delete", "head", "options"])
def test_methods_without_a_body_send_none(method: str) -> None:
    """Only POST, PUT and PATCH send a body."""
    assert "-d" not in posting(
        {"required": ["a"], "properties": {"a": {"type": "string"}}}, method=method
    )


def test_without_a_property_to_send_there_is_no_body() -> None:
    """No property is required or has a default, so there is no ``-d``."""
    assert "-d" not in posting({"properties": {"a": {"type": "string", "default": None}}})
    assert "-d" not in posting({"type": "array", "items": {"type": "string"}})


def test_a_quote_in_a_name_does_not_end_the_body() -> None:
    """The command remains valid shell syntax."""
    assert "\"it'\\''s\": " in posting(
        {"required": ["it's"], "properties": {"it's": {"type": "string"}}}
    )


# --- Responses


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({"type": "string"}, "example"),
        ({"type": "integer"}, 0),
        ({"type": "boolean"}, True),
        ({"type": "array", "items": {"type": "string"}}, []),
        ({"type": "integer", "nullable": True}, "example"),
        ({"type": ["integer", "null"]}, "example"),
        ({"anyOf": [{"type": "boolean"}, NULL]}, "example"),
        ({"type": "string", "enum": ["a"]}, "example"),
        (to("Thing"), "example"),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, "example"),
    ],
)
def test_response_fields_have_placeholders(schema: Any, shown: Any) -> None:
    """Each type has a placeholder; nullable fields and references show "example"."""
    assert response_of({"properties": {"x": schema}}, {"Thing": {"type": "object"}}) == {"x": shown}


def test_a_response_shows_its_first_six_fields() -> None:
    """The order is that of the schema."""
    properties = {name: {"type": "integer"} for name in "gfedcba"}
    assert list(response_of(to("Thing"), {"Thing": {"properties": properties}})) == list("gfedcb")


@pytest.mark.parametrize(
    "schema", [{}, True, {"type": "object"}, {"type": "object", "additionalProperties": True}]
)
def test_a_response_without_fields_is_ok(schema: Any) -> None:
    """An object without fields is shown as if it had no schema."""
    assert response_of(schema) == NO_SCHEMA


@pytest.mark.parametrize(
    "responses",
    [
        {},
        {"default": {"description": "It."}},
        {"204": {"description": "Nothing."}},
        {"200": {"description": "It.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
        {"404": responding({"properties": {"detail": {}}})["200"]},
    ],
)
def test_an_operation_without_a_json_response_is_ok(responses: Json) -> None:
    """There are no responses, no successful ones, or none in JSON."""
    published, operation = of_get(responses=responses)
    assert published.response(operation) == NO_SCHEMA


def test_another_success_replaces_a_missing_200() -> None:
    """A 201 is a successful response."""
    published, operation = of_get(
        responses={"201": responding({"properties": {"id": {"type": "integer"}}})["200"]}
    )
    assert published.response(operation) == {"id": 0}
