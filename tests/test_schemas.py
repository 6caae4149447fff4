"""Schemas as answers keep them: closed around all that they name, and without what is only ever sent."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.schemas import ResponseSchemas, compile_schema

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
def test_a_whole_is_closed_around_what_its_parts_name(schema: Schema) -> None:
    """Each part by itself would forbid what the others ask for; what none names is still not allowed."""
    assert allows(schema, {"name": "A", "age": 3, "home": {"name": "B"}})
    assert not allows(schema, {"name": "A", "nickname": "a"})
    assert not allows(schema, {"name": "A", "home": {"name": "B", "street": "C"}})


def test_a_part_that_asks_for_more_keeps_the_whole_open() -> None:
    """Then any name is one that the contract allows."""
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


def test_exactly_one_is_counted_as_the_contract_has_it() -> None:
    """A value that two branches allow is wrong for every client, though it is right for one of them when closed."""
    schema = {
        "oneOf": [
            NAMED,
            {"type": "object", "required": ["name", "age"], "properties": {"name": {}, "age": {}}},
        ]
    }
    assert allows(schema, {"name": "A"})
    assert not allows(schema, {"name": "A", "age": 3})
    assert not allows(schema, {"name": "A", "more": 3})


def test_a_required_name_is_named() -> None:
    """Also where no property describes it."""
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
    """OpenAPI 3.0: they are not sent in answers, and `required` is about requests then."""
    assert allows(LOGIN, {"user": "A"})
    assert not allows(LOGIN, {"user": "A", "password": "B"})
    assert not allows(LOGIN, {"user": "A", "pin": "1"})
    assert not compile_schema(LOGIN, COMPONENTS).is_valid({"user": "A"})


def test_a_recursive_whole_is_closed_at_every_level() -> None:
    """Parts of a whole that hold the whole again."""
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


def test_values_of_an_enum_are_no_schemas() -> None:
    """They may have members that are named like keywords, and patterns may begin like extensions."""
    assert allows({"enum": [{"title": "a", "nullable": True}]}, {"title": "a", "nullable": True})
    assert not allows(
        {"type": "object", "patternProperties": {"x-": {"type": "integer"}}}, {"x-a": "b"}
    )


def test_answers_have_the_components_of_the_contract() -> None:
    """By their names, and each is narrowed once."""
    answers = ResponseSchemas(COMPONENTS)
    assert set(answers) == set(COMPONENTS)
    assert len(answers) == len(COMPONENTS)
    assert answers["Login"] is answers["Login"]
