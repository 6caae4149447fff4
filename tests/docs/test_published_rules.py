"""The rules of the published page are the format's: they hold for what this contract does not use."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.docs.published import NO_SCHEMA, Row
from tests.docs.specs import (
    Json,
    answering,
    markdown,
    of_get,
    only_operation,
    reference,
    spec,
    taking,
    to,
)

NULL = {"type": "null"}


def type_of(schema: Any, schemas: Json | None = None) -> str:
    """The type that a parameter of a schema is shown with."""
    parameter = {"name": "x", "in": "query", "schema": schema}
    published, operation = only_operation(
        spec({"/things": {"get": {"parameters": [parameter]}}}, schemas)
    )
    (row,) = published.rows(operation)
    return row.type


def answer_of(schema: Any, schemas: Json | None = None) -> Any:
    published, operation = only_operation(
        spec({"/things": {"get": {"responses": answering(schema)}}}, schemas)
    )
    return published.response(operation)


def posting(schema: Any, schemas: Json | None = None, method: str = "post") -> str:
    """The curl command of an operation that takes a body of a schema."""
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
    """Arrays with brackets, enums as their values, references as what they lead to; nothing else."""
    schemas = {
        "Color": {"type": "string", "enum": ["red", "blü"]},
        "Alias": to("Color"),
        "Node": {"type": "object", "properties": {"next": to("Node")}},
        "Tree": {"type": "array", "items": to("Tree")},
    }
    assert type_of(schema, schemas) == shown


# --- Rows


def test_rows_go_by_place_and_then_in_the_order_of_the_document() -> None:
    """Path, query and header parameters, then the body's properties; those of the path item are among them."""
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


def test_a_parameter_of_the_operation_replaces_that_of_its_path() -> None:
    """The same name in the same place is the same parameter."""
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
def test_a_property_is_described_by_the_first_that_there_is(schema: Any, description: str) -> None:
    """Its description, else its title; a nullable one without a description shows its bare name."""
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
    """A default of null is none."""
    (row,) = rows_of({"properties": {"x": {"default": default}}})
    assert row.default == shown


def test_properties_of_all_parts_are_rows() -> None:
    """An object that is made up of others (`allOf`) has their properties, each once."""
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


def test_an_object_that_is_a_part_of_itself_is_shown() -> None:
    """Nothing goes round and round."""
    schemas = {"Odd": {"allOf": [to("Odd"), {"properties": {"a": {"type": "string"}}}]}}
    assert [row.name for row in rows_of(to("Odd"), schemas)] == ["a"]


# --- Requests


def test_required_query_parameters_are_appended_and_others_never_appear() -> None:
    """Nor do headers, required or not."""
    parameters = [
        {"name": "from", "in": "query", "required": True},
        {"name": "limit", "in": "query"},
        {"name": "to", "in": "query", "required": True},
        {"name": "X-Trace", "in": "header", "required": True},
    ]
    published, operation = of_get(parameters=parameters)
    assert published.curl(operation).splitlines() == [
        "curl -X GET https://api.example.com/things?from=<from>&to=<to> \\",
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


def test_a_path_parameter_is_written_between_angle_brackets() -> None:
    """Every one of them."""
    published, operation = only_operation(spec({"/a/{b}/c/{d-e}": {"get": {}}}))
    assert (
        published.curl(operation).splitlines()[0]
        == "curl -X GET https://api.example.com/a/<b>/c/<d-e> \\"
    )


def test_the_first_server_is_asked_with_its_variables_filled_in() -> None:
    """That of the operation before that of the document."""
    servers = [
        {"url": "https://{region}.example.com/v1/", "variables": {"region": {"default": "eu"}}}
    ]
    published, operation = only_operation(spec({"/x": {"get": {}}}, servers=servers))
    assert published.curl(operation).startswith("curl -X GET https://eu.example.com/v1/x ")
    own = {"servers": [{"url": "https://own.example.com"}]}
    published, operation = only_operation(spec({"/x": {"get": own}}, servers=servers))
    assert published.curl(operation).startswith("curl -X GET https://own.example.com/x ")


def test_the_body_has_those_of_the_first_five_properties_that_are_required_or_have_a_default() -> (
    None
):
    """Each as its type says; a boolean is false, whatever its default."""
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


def test_other_types_have_placeholders_too() -> None:
    """Lists and objects are empty, a number is 0.0, and what may be anything is a text."""
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
def test_methods_that_send_nothing_have_no_body(method: str) -> None:
    """Only POST, PUT and PATCH have."""
    assert "-d" not in posting(
        {"required": ["a"], "properties": {"a": {"type": "string"}}}, method=method
    )


def test_there_is_no_body_without_a_property_to_send() -> None:
    """Nothing required and no default: no `-d`."""
    assert "-d" not in posting({"properties": {"a": {"type": "string", "default": None}}})
    assert "-d" not in posting({"type": "array", "items": {"type": "string"}})


def test_a_quote_in_a_name_does_not_end_the_body() -> None:
    """The command stays one that a shell understands."""
    assert "\"it'\\''s\": " in posting(
        {"required": ["it's"], "properties": {"it's": {"type": "string"}}}
    )


# --- Answers


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
def test_fields_of_an_answer_have_placeholders(schema: Any, shown: Any) -> None:
    """Text, nullable fields and references give "example"; numbers 0, booleans true, arrays nothing."""
    assert answer_of({"properties": {"x": schema}}, {"Thing": {"type": "object"}}) == {"x": shown}


def test_an_answer_shows_its_first_six_fields() -> None:
    """In the order of the schema."""
    properties = {name: {"type": "integer"} for name in "gfedcba"}
    assert list(answer_of(to("Thing"), {"Thing": {"properties": properties}})) == list("gfedcb")


@pytest.mark.parametrize(
    "schema", [{}, True, {"type": "object"}, {"type": "object", "additionalProperties": True}]
)
def test_an_answer_without_fields_is_ok(schema: Any) -> None:
    """As if it had no schema."""
    assert answer_of(schema) == NO_SCHEMA


@pytest.mark.parametrize(
    "responses",
    [
        {},
        {"default": {"description": "It."}},
        {"204": {"description": "Nothing."}},
        {"200": {"description": "It.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
        {"404": answering({"properties": {"detail": {}}})["200"]},
    ],
)
def test_an_operation_without_a_json_answer_is_ok(responses: Json) -> None:
    """No responses at all, none that means success, none in JSON."""
    published, operation = of_get(responses=responses)
    assert published.response(operation) == NO_SCHEMA


def test_another_success_stands_in_for_a_missing_200() -> None:
    """A 201 is an answer too."""
    published, operation = of_get(
        responses={"201": answering({"properties": {"id": {"type": "integer"}}})["200"]}
    )
    assert published.response(operation) == {"id": 0}


# --- Order and marks


def test_paths_are_sorted_with_braces_after_letters_and_methods_are_not() -> None:
    """Whatever order the document has its paths in."""
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


def test_what_is_not_documented_is_left_out() -> None:
    """Operations, parameters, properties and descriptions, by their own mark or by what is around them."""
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
                    "responses": answering(to("Thing")),
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


def test_each_tag_is_a_page_of_its_own() -> None:
    """Declared tags first and in their order, then others, and last what has none."""
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
