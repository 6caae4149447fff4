"""Values of schemas of OpenAPI 3.1, which are JSON Schema 2020-12."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from mockserver.generator import Generator, NoValue
from mockserver.openapi import cleaner
from mockserver.openapi.problems import Problems
from mockserver.openapi.schemas import DRAFT_2020_12, Components

SEEDS = range(30)

SCHEMAS: dict[str, dict[str, Any]] = {
    "types": {"type": ["string", "integer"], "minimum": 5, "minLength": 3},
    "nullable": {"type": ["string", "null"], "maxLength": 4},
    "const": {"const": {"a": [1, None]}},
    "constant property": {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"const": "cat"}},
        "additionalProperties": False,
    },
    "exclusive bounds": {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
    "exclusive real bounds": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5},
    "a tuple": {
        "type": "array",
        "prefixItems": [{"type": "string"}, {"type": "integer"}],
        "items": False,
        "minItems": 2,
    },
    "a tuple with more": {
        "prefixItems": [{"type": "integer"}],
        "items": {"type": "boolean"},
        "type": "array",
        "minItems": 3,
    },
    "contains": {
        "type": "array",
        "items": {"type": ["integer", "string"]},
        "contains": {"type": "string", "pattern": "^x"},
        "minContains": 2,
    },
    "true": {"type": "object", "required": ["a"], "properties": {"a": True, "b": False}},
    "null or": {"anyOf": [{"type": "integer", "minimum": 2}, {"type": "null"}]},
    "a condition": {
        "type": "object",
        "required": ["country", "code"],
        "properties": {
            "country": {"enum": ["US", "DE"]},
            "code": {"type": "string"},
        },
        "if": {"properties": {"country": {"const": "US"}}},
        "then": {"properties": {"code": {"pattern": "^[0-9]{5}$"}}},
        "else": {"properties": {"code": {"pattern": "^D-[0-9]{4}$"}}},
    },
    "dependent required": {
        "type": "object",
        "properties": {"card": {"type": "string"}, "address": {"type": "string"}},
        "dependentRequired": {"card": ["address"]},
    },
    "dependent schemas": {
        "type": "object",
        "properties": {"card": {"type": "string"}, "zip": {}},
        "dependentSchemas": {
            "card": {"required": ["zip"], "properties": {"zip": {"type": "integer"}}}
        },
    },
    "unevaluated": {
        "type": "object",
        "allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}],
        "properties": {"b": {"type": "string"}},
        "unevaluatedProperties": False,
    },
    "patterns of names": {
        "type": "object",
        "patternProperties": {"^x-[a-z]+$": {"type": "integer"}},
        "additionalProperties": False,
        "minProperties": 2,
    },
    "names": {
        "type": "object",
        "propertyNames": {"pattern": "^[a-z]{2}$"},
        "additionalProperties": {"type": "string"},
        "minProperties": 1,
    },
    "examples": {"type": "string", "examples": ["one", "two"]},
    "encoded": {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"},
    "formats": {
        "type": "object",
        "required": ["a", "b", "c", "d", "e"],
        "properties": {
            "a": {"type": "string", "format": "uuid"},
            "b": {"type": "string", "format": "duration"},
            "c": {"type": "string", "format": "time"},
            "d": {"type": "string", "format": "idn-email"},
            "e": {"type": "string", "format": "no-such-format"},
        },
    },
    "a reference with siblings": {
        "$ref": "#/components/schemas/Base",
        "properties": {"more": {"type": "integer"}},
        "required": ["more"],
        "description": "A base with more.",
    },
    "a list that ends": {"$ref": "#/components/schemas/Link"},
    "a nullable choice": {
        "oneOf": [{"$ref": "#/components/schemas/Base"}, {"type": "null"}],
        "title": "Base or nothing",
    },
    "an annotated nullable": {
        "anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}],
        "title": "Paid at",
    },
    "one type": {"type": ["array"], "items": {"type": ["number"]}},
}
COMPONENTS: dict[str, Any] = {
    "Base": {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "integer", "exclusiveMinimum": 0}},
    },
    "Link": {
        "type": "object",
        "required": ["next"],
        "properties": {
            "next": {"anyOf": [{"$ref": "#/components/schemas/Link"}, {"type": "null"}]}
        },
    },
}


def copied(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: copied(value) for key, value in schema.items()}
    return [copied(item) for item in schema] if isinstance(schema, list) else schema


def generator_of(schema: dict[str, Any]) -> tuple[Generator, dict[str, Any]]:
    """Return a generator and the schema in the form in which documents are loaded."""
    document = {"components": {"schemas": {**copied(COMPONENTS), "Wanted": copied(schema)}}}
    cleaner.clean(document, Problems([]), is_json_schema=True)
    schemas = document["components"]["schemas"]
    return Generator(Components(schemas, DRAFT_2020_12), 1), schemas["Wanted"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_values_satisfy_the_schema_as_it_is_written(name: str) -> None:
    """Another validator judges them by the schema of the document."""
    generator, schema = generator_of(SCHEMAS[name])
    document = {**SCHEMAS[name], "components": {"schemas": COMPONENTS}}
    validator = Draft202012Validator(document, format_checker=Draft202012Validator.FORMAT_CHECKER)
    maker = generator.compile(schema)
    values = [maker.make(seed) for seed in SEEDS]
    for value in values:
        assert not [*validator.iter_errors(value)], value
    assert values == [maker.make(seed) for seed in SEEDS]


@pytest.mark.parametrize(
    "schema",
    [
        {"not": {}},
        {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 4},
        {"const": 1, "type": "string"},
    ],
)
def test_an_impossible_schema_has_no_value(schema: dict[str, Any]) -> None:
    """The generator says so and does not try for ever."""
    generator, wanted = generator_of(schema)
    with pytest.raises(NoValue):
        generator.compile(wanted)


def test_null_is_generated_where_it_is_allowed() -> None:
    """A nullable value is null from time to time."""
    generator, schema = generator_of(SCHEMAS["nullable"])
    maker = generator.compile(schema)
    values = [maker.make(seed) for seed in range(100)]
    assert None in values
    assert any(isinstance(value, str) for value in values)
