"""Response schemas are closed around all properties that they name, and omit write-only ones."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.openapi.schemas import ResponseSchemas, compile_schema

Schema = dict[str, Any]

COMPONENTS: Schema = {
    "Named": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
    "Aged": {
        "type": "object",
        "properties": {"age": {"type": "integer"}, "home": {"$ref": "#/components/schemas/Named"}},
    },
    "Login": {
        "type": "object",
        "required": ["user", "password"],
        "properties": {
            "user": {"type": "string"},
            "password": {"type": "string", "writeOnly": True},
            "pin": {"$ref": "#/components/schemas/Pin"},
        },
    },
    "Pin": {"type": "string", "writeOnly": True},
}
NAMED, AGED, LOGIN = (
    {"$ref": f"#/components/schemas/{name}"} for name in ("Named", "Aged", "Login")
)


def allows(schema: Schema, value: Any) -> bool:
    return compile_schema(schema, COMPONENTS, closed=True).is_valid(value)


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [NAMED, AGED]},
        {"allOf": [{"allOf": [NAMED]}, {"anyOf": [AGED, {"type": "string"}]}]},
        {"type": "object", "properties": {"age": {}, "home": NAMED}, "anyOf": [NAMED]},
    ],
    ids=["parts", "parts of parts", "properties beside a choice"],
)
def test_a_composition_is_closed_around_the_properties_of_its_parts(schema: Schema) -> None:
    """Properties of any part are allowed; properties that no part names are not."""
    assert allows(schema, {"name": "A", "age": 3, "home": {"name": "B"}})
    assert not allows(schema, {"name": "A", "nickname": "a"})
    assert not allows(schema, {"name": "A", "home": {"name": "B", "street": "C"}})


def test_an_open_part_keeps_the_composition_open() -> None:
    """A part with additionalProperties allows any name in the whole composition."""
    assert (
        allows(
            {"allOf": [NAMED, {"type": "object", "additionalProperties": {"type": "integer"}}]},
            {"name": "A"},
        )
        is False
    )
    assert allows(
        {"allOf": [NAMED, {"type": "object", "additionalProperties": True}]},
        {"name": "A", "more": 1},
    )


def test_one_of_counts_the_branches_as_the_contract_writes_them() -> None:
    """A value of two open branches is invalid, even if only one matches when closed."""
    schema = {
        "oneOf": [
            NAMED,
            {"type": "object", "required": ["name", "age"], "properties": {"name": {}, "age": {}}},
        ]
    }
    assert allows(schema, {"name": "A"})
    assert not allows(schema, {"name": "A", "age": 3})
    assert not allows(schema, {"name": "A", "more": 3})


def test_a_required_property_is_allowed() -> None:
    """A required property need not be described in ``properties``."""
    assert allows({"type": "object", "required": ["b"], "properties": {"a": {}}}, {"b": 1})
    assert not allows(
        {
            "type": "object",
            "required": ["b"],
            "properties": {"a": {}},
            "additionalProperties": False,
        },
        {"b": 1},
    )


def test_write_only_properties_are_neither_required_nor_allowed() -> None:
    """In OpenAPI 3.0 write-only properties are not sent in responses, even if they are required."""
    assert allows(LOGIN, {"user": "A"})
    assert not allows(LOGIN, {"user": "A", "password": "B"})
    assert not allows(LOGIN, {"user": "A", "pin": "1"})
    assert not compile_schema(LOGIN, COMPONENTS).is_valid({"user": "A"})


def test_a_recursive_composition_is_closed_at_every_level() -> None:
    """Parts that contain the composition again are closed too."""
    tree: Schema = {
        "allOf": [
            {"$ref": "#/components/schemas/Node"},
            {"properties": {"label": {"type": "string"}}},
        ]
    }
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Tree"}}}
    validator = compile_schema(
        {"$ref": "#/components/schemas/Tree"}, {"Tree": tree, "Node": node}, closed=True
    )
    assert validator.is_valid({"label": "a", "next": {"label": "b", "next": {}}})
    assert not validator.is_valid({"label": "a", "next": {"label": "b", "next": {"more": 1}}})


def test_enum_values_are_not_read_as_schemas() -> None:
    """Enum values may have members named like keywords, and patterns may begin with ``x-``."""
    assert allows({"enum": [{"title": "a", "nullable": True}]}, {"title": "a", "nullable": True})
    assert not allows(
        {"type": "object", "patternProperties": {"x-": {"type": "integer"}}}, {"x-a": "b"}
    )


def test_response_schemas_have_the_components_of_the_contract() -> None:
    """Component names are kept, and each component is restricted once."""
    schemas = ResponseSchemas(COMPONENTS)
    assert set(schemas) == set(COMPONENTS)
    assert len(schemas) == len(COMPONENTS)
    assert schemas["Login"] is schemas["Login"]
