"""The rows of parameters and properties on the published page."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.docs.published import Row
from tests.docs.specs import Json, only_operation, responding, spec, taking, to

NULL = {"type": "null"}


def type_of(schema: Any, schemas: Json | None = None) -> str:
    """Return the type that is shown for a parameter of a schema."""
    parameter = {"name": "x", "in": "query", "schema": schema}
    published, operation = only_operation(
        spec({"/things": {"get": {"parameters": [parameter]}}}, schemas)
    )
    (row,) = published.rows(operation)
    return row.type


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
