"""The published page's rules also apply to what the contract does not use."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.docs.published import NO_SCHEMA, Row
from tests.docs.specs import (
    Json,
    markdown,
    of_get,
    only_operation,
    reference,
    responding,
    spec,
    taking,
    to,
)

NULL = {"type": "null"}


def type_of(schema: Any, schemas: Json | None = None) -> str:
    """Return the type that is shown for a parameter of a schema."""
    parameter = {"name": "x", "in": "query", "schema": schema}
    published, operation = only_operation(
        spec({"/things": {"get": {"parameters": [parameter]}}}, schemas)
    )
    (row,) = published.rows(operation)
    return row.type


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


def rows_of(schema: Any, schemas: Json | None = None) -> list[Row]:
    published, operation = only_operation(
        spec({"/things": {"post": {"requestBody": taking(schema)}}}, schemas)
    )
    return published.rows(operation)


# --- Types


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({"type": "string", "format": "uuid", "maxLength": 3}, "string"),
        ({"type": "integer", "nullable": True, "minimum": 1}, "integer"),
        ({"type": "array", "items": {"type": "string"}}, "string[]"),
        (
            {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
            "object[]",
        ),
        (
            {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
            "integer[][]",
        ),
        ({"type": "array", "items": to("Color")}, '("red" | "blü")[]'),
        ({"type": "array"}, "any[]"),
        ({"type": "string", "enum": ["a", "b"]}, '"a" | "b"'),
        ({"type": "string", "enum": ["a", None], "nullable": True}, '"a"'),
        ({"type": "integer", "enum": [1, 2]}, "1 | 2"),
        ({"const": "only"}, '"only"'),
        (to("Color"), '"red" | "blü"'),
        (to("Alias"), '"red" | "blü"'),
        (to("Node"), "object"),
        (to("Tree"), "object[]"),
        ({"anyOf": [to("Color"), NULL]}, '"red" | "blü"'),
        ({"type": ["string", "null"]}, "string"),
        ({"type": ["string", "integer"]}, "string | integer"),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}, NULL]}, "string | integer"),
        ({"anyOf": [to("Node"), {"type": "object"}]}, "object"),
        ({"allOf": [to("Node"), {"properties": {"more": {"type": "string"}}}]}, "object"),
        ({"allOf": [to("Color")], "nullable": True}, '"red" | "blü"'),
        ({}, "any"),
        (True, "any"),
    ],
)
def test_types_are_written_as_on_the_page(schema: Any, shown: str) -> None:
    """Arrays have brackets, enums are listed, and references are shown as their targets."""
    schemas = {
        "Color": {"type": "string", "enum": ["red", "blü"]},
        "Alias": to("Color"),
        "Node": {"type": "object", "properties": {"next": to("Node")}},
        "Tree": {"type": "array", "items": to("Tree")},
    }
    assert type_of(schema, schemas) == shown


# --- Rows


def test_rows_are_sorted_by_location_and_document_order() -> None:
    """Path, query, header parameters and body properties follow, the path item's included."""
    document = spec(
        {
            "/things/{id}": {
                "parameters": [
                    {"name": "X-Trace", "in": "header"},
                    {"name": "id", "in": "path", "required": True},
                ],
                "patch": {
                    "parameters": [
                        {"name": "b", "in": "query"},
                        {"name": "a", "in": "query"},
                        {"name": "c", "in": "cookie"},
                    ],
                    "requestBody": taking({"properties": {"z": {}, "y": {}}}),
                },
            }
        }
    )
    published, operation = only_operation(document)
    assert [row.name for row in published.rows(operation)] == ["id", "b", "a", "X-Trace", "z", "y"]


def test_an_operation_parameter_overrides_that_of_the_path_item() -> None:
    """Parameters are identified by name and location."""
    shared = {"name": "a", "in": "query", "description": "Of the path."}
    own = {"name": "a", "in": "query", "description": "Its own."}
    published, operation = only_operation(
        spec({"/x": {"parameters": [shared], "get": {"parameters": [own]}}})
    )
    assert [row.description for row in published.rows(operation)] == ["Its own."]


@pytest.mark.parametrize(
    ("schema", "description"),
    [
        ({"type": "string", "title": "Price Id", "description": "In words."}, "In words."),
        ({"type": "string", "title": "Price Id"}, "Price Id"),
        ({"type": "string", "title": "Price Id", "nullable": True}, "price_id"),
        ({"anyOf": [{"type": "string"}, NULL], "title": "Price Id"}, "price_id"),
        ({"type": ["string", "null"], "title": "Price Id"}, "price_id"),
        ({"type": "string"}, "price_id"),
        (to("Price"), "Of the shared one."),
    ],
)
def test_a_property_is_described_by_its_description_title_or_name(
    schema: Any, description: str
) -> None:
    """A nullable property without a description shows its name."""
    (row,) = rows_of(
        {"type": "object", "properties": {"price_id": schema}},
        {"Price": {"type": "string", "description": "Of the shared one."}},
    )
    assert row.description == description


@pytest.mark.parametrize(
    ("default", "shown"),
    [
        (True, "True"),
        (False, "False"),
        (0, "0"),
        (1.5, "1.5"),
        ("a b", "a b"),
        (None, None),
        ([], "[]"),
    ],
)
def test_defaults_are_shown_as_python_prints_them(default: Any, shown: str | None) -> None:
    """A default of null is not shown."""
    (row,) = rows_of({"properties": {"x": {"default": default}}})
    assert row.default == shown


def test_properties_of_all_of_parts_are_rows() -> None:
    """The properties of ``allOf`` parts are listed, each name once."""
    schemas = {
        "Base": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    }
    rows = rows_of(
        {
            "allOf": [
                to("Base"),
                to("Base"),
                {"properties": {"id": {}, "more": {"type": "integer"}}},
            ]
        },
        schemas,
    )
    assert [(row.name, row.required) for row in rows] == [("id", True), ("more", False)]


def test_an_object_that_contains_itself_is_shown() -> None:
    """Cycles end."""
    schemas = {"Odd": {"allOf": [to("Odd"), {"properties": {"a": {"type": "string"}}}]}}
    assert [row.name for row in rows_of(to("Odd"), schemas)] == ["a"]


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


# --- Order and marks


def test_paths_are_sorted_with_braces_after_letters_and_methods_are_not() -> None:
    """The order of paths in the document does not matter."""
    document = spec(
        {
            "/b": {"post": {}, "get": {}},
            "/a/{id}": {"delete": {}},
            "/a/zz": {"get": {}},
            "/a/ü": {"get": {}},
            "/a": {"put": {}},
        }
    )
    assert [operation.heading for operation in reference(document).operations] == [
        "PUT /a",
        "GET /a/zz",
        "GET /a/ü",
        "DELETE /a/{id}",
        "POST /b",
        "GET /b",
    ]


def test_undocumented_parts_are_left_out() -> None:
    """Operations, parameters, properties and descriptions have a mark or inherit it."""
    document = spec(
        {
            "/a": {
                "post": {
                    "parameters": [
                        {
                            "name": "kept",
                            "in": "query",
                            "description": "Ours.",
                            "x-description-provenance": "assumed",
                        },
                        {"name": "dropped", "in": "query", "x-provenance": "observed"},
                    ],
                    "requestBody": taking(
                        {"properties": {"dropped": {}, "kept_too": {"x-provenance": "documented"}}},
                        **{"x-provenance": "assumed"},
                    ),
                    "responses": responding(to("Thing")),
                },
                "get": {"x-provenance": "assumed", "summary": "Nobody knows"},
            }
        },
        {"Thing": {"properties": {"a": {"type": "integer"}, "b": {"x-provenance": "assumed"}}}},
        **{"x-provenance": "documented"},
    )
    page = markdown(document, "documented", "placeholder")
    assert "| kept | any | Optional | kept |" in page
    assert "| kept\\_too" not in page  # an underscore within a word means nothing in Markdown
    assert "| kept_too | any | Optional | kept_too |" in page
    assert "dropped" not in page
    assert "Nobody knows" not in page
    assert '```json\n{\n  "a": 0\n}\n```' in page


def test_a_document_without_marks_is_documented() -> None:
    """It has nothing to leave out."""
    page = markdown(spec({"/a": {"get": {"summary": "Get it"}}}), "documented", "placeholder")
    assert "## GET /a\n\n`GET` `/a`\n\nGet it\n\n### Request Example" in page
    assert '```json\n{\n  "status": "ok"\n}\n```' in page


def test_each_tag_is_a_page() -> None:
    """Every tag has its own chapter."""
    paths = {
        "/1": {"get": {}},
        "/2": {"get": {"tags": ["New"]}},
        "/3": {"get": {"tags": ["B", "A"]}},
        "/4": {"get": {"tags": ["A"]}},
    }
    tags = [{"name": "A", "description": "First."}, {"name": "Unused"}, {"name": "B"}]
    page = markdown(spec(paths, tags=tags), "documented", "placeholder")
    heads = [line for line in page.splitlines() if line.startswith(("# ", "## "))]
    assert heads == [
        "# A",
        "## GET /4",
        "# B",
        "## GET /3",
        "# New",
        "## GET /2",
        "# Other",
        "## GET /1",
    ]
    assert "# A\n\nFirst.\n\n> This page" in page


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_optional_fields_are_read_as_fastapi_writes_them(version: str) -> None:
    """The type is that of the choice, the title is not shown, and the response is a placeholder."""
    fields = {
        "code": {"anyOf": [{"type": "string"}, NULL], "title": "Code"},
        "count": {"anyOf": [{"type": "integer", "minimum": 1}, NULL], "title": "Count"},
        "names": {"anyOf": [{"type": "array", "items": {"type": "string"}}, NULL]},
        "plan": {"anyOf": [to("Plan"), NULL]},
        "mode": {"anyOf": [{"type": "string", "enum": ["a", "b"]}, NULL], "default": "a"},
    }
    body = {"type": "object", "properties": fields}
    post = {"requestBody": taking(body), "responses": responding(body)}
    schemas = {"Plan": {"type": "object", "properties": {"id": {"type": "string"}}}}
    published, operation = only_operation(
        spec({"/things": {"post": post}}, schemas, version=version)
    )
    assert [(row.type, row.required, row.description) for row in published.rows(operation)] == [
        ("string", False, "code"),
        ("integer", False, "count"),
        ("string[]", False, "names"),
        ("object", False, "plan"),
        ('"a" | "b"', False, "mode"),
    ]
    assert published.response(operation) == dict.fromkeys(fields, "example")


def test_a_tag_without_a_description_has_the_subtitle_of_the_vendor() -> None:
    """A description that is not documented is none."""
    tags = [
        {"name": "Account"},
        {"name": "Jobs", "description": "Of jobs.", "x-description-provenance": "assumed"},
        {"name": "Keys", "description": "About keys."},
    ]
    paths = {f"/{tag['name']}": {"get": {"tags": [tag["name"]]}} for tag in tags}
    page = markdown({**spec(paths), "tags": tags}, provenance="documented")
    assert "# Account\n\nAPI reference for account endpoints.\n" in page
    assert "# Jobs\n\nAPI reference for jobs endpoints.\n" in page
    assert "# Keys\n\nAbout keys.\n" in page
