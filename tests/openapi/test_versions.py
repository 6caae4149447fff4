"""Documents of all versions are read in one form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver.openapi.contract import Contract
from tests.openapi.documents import INFO, Json, loaded, of_version, problems_of


def schema_of(contract: Contract) -> Json:
    content = contract.operations["get_a"].node["responses"]["200"]["content"]
    found: Json = content["application/json"]["schema"]
    return found


@pytest.mark.parametrize("version", ["3.0.0", "3.0.4", "3.1.0", "3.1.1", "3.2.0"])
def test_a_document_of_each_version_is_read(tmp_path: Path, version: str) -> None:
    """Nothing is wrong with it."""
    contract = loaded(tmp_path, of_version(version, {"type": "string"}))
    assert problems_of(contract) == []
    assert list(contract.operations) == ["get_a"]


def test_whole_floats_are_integers_since_3_1(tmp_path: Path) -> None:
    """OpenAPI 3.0 follows draft 4 of JSON Schema, in which 1.0 is no integer."""
    integer = {"type": "integer"}
    old = loaded(tmp_path, of_version("3.0.3", integer)).validator(integer)
    new = loaded(tmp_path, of_version("3.1.0", integer)).validator(integer)
    assert not old.is_valid(1.0)
    assert new.is_valid(1.0)


@pytest.mark.parametrize(
    ("schema", "normal"),
    [
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"type": ["integer"]}, {"type": "integer"}),
        (
            {"type": ["integer", "string"]},
            {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        ),
        (
            {"type": ["string", "null"], "enum": ["a"]},
            {"type": "string", "enum": ["a"]},
        ),
        (
            {"type": ["string", "null"], "enum": ["a", None]},
            {"type": "string", "enum": ["a", None], "nullable": True},
        ),
        ({"const": 3}, {"const": 3, "enum": [3]}),
        (
            {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}], "title": "A"},
            {"title": "A", "type": "string", "maxLength": 3, "nullable": True},
        ),
        (
            {"type": "string", "examples": ["a", "b"]},
            {"type": "string", "examples": ["a", "b"], "example": "a"},
        ),
        (
            {"type": "object", "properties": {"a": True, "b": False}},
            {"type": "object", "properties": {"a": {}, "b": {"not": {}}}},
        ),
        (
            {"type": "string", "contentEncoding": "base64"},
            {"type": "string", "contentEncoding": "base64", "format": "byte"},
        ),
        (True, {}),
    ],
)
def test_schemas_have_one_form(tmp_path: Path, schema: Any, normal: Json) -> None:
    """Readers of a contract need to know one way to say a thing."""
    contract = loaded(tmp_path, of_version("3.1.0", schema))
    assert problems_of(contract) == []
    assert schema_of(contract) == normal


def test_the_published_document_is_plain_3_1(tmp_path: Path) -> None:
    """The form of the mock does not show."""
    contract = loaded(tmp_path, of_version("3.1.0", {"type": ["string", "null"]}))
    published = json.loads(contract.json)
    content = published["paths"]["/a"]["get"]["responses"]["200"]["content"]
    assert content["application/json"]["schema"] == {"type": ["string", "null"]}


def test_responses_of_3_1_are_closed(tmp_path: Path) -> None:
    """The mock sends only what the schema names, in conditions and dependencies, too."""
    schema = {
        "type": "object",
        "properties": {"kind": {"enum": ["a", "b"]}},
        "if": {"properties": {"kind": {"const": "a"}}},
        "then": {"properties": {"more": {"type": "integer"}}},
        "dependentSchemas": {"more": {"properties": {"most": {"type": "integer"}}}},
    }
    contract = loaded(tmp_path, of_version("3.1.0", schema))
    validator = contract.validator(schema_of(contract), closed=True)
    assert validator.is_valid({"kind": "a", "more": 1, "most": 2})
    assert not validator.is_valid({"kind": "a", "more": "x"})
    assert not validator.is_valid({"kind": "a", "other": 1})


def test_a_reference_with_siblings_keeps_them(tmp_path: Path) -> None:
    """In 3.1 what stands beside a reference counts."""
    schema = {"$ref": "#/components/schemas/Base", "required": ["b"]}
    base = {"type": "object", "required": ["a"], "properties": {"a": {}, "b": {}}}
    components = {"schemas": {"Base": base}}
    contract = loaded(tmp_path, of_version("3.1.0", schema, components=components))
    validator = contract.validator(schema_of(contract), closed=True)
    assert validator.is_valid({"a": 1, "b": 1})
    assert not validator.is_valid({"a": 1})
    assert not validator.is_valid({"a": 1, "b": 1, "c": 1})


def test_definitions_within_a_schema_are_found(tmp_path: Path) -> None:
    """Tools embed whole JSON Schema documents."""
    schema = {
        "$defs": {"Name": {"type": "string", "minLength": 2}},
        "type": "object",
        "properties": {"name": {"$ref": "#/$defs/Name"}},
    }
    contract = loaded(tmp_path, of_version("3.1.0", schema))
    assert problems_of(contract) == []
    validator = contract.validator(schema_of(contract))
    assert validator.is_valid({"name": "ab"})
    assert not validator.is_valid({"name": "a"})


@pytest.mark.parametrize(
    "reference",
    [
        {"$ref": "#name"},
        {"$dynamicRef": "#any"},
        {"$ref": "https://example.com/schemas/name"},
        {"$ref": "#/components/schemas/Name"},
    ],
)
def test_schemas_are_found_by_anchor_and_identifier(tmp_path: Path, reference: Json) -> None:
    """No other server is asked for a schema that the document has."""
    name = {
        "$id": "https://example.com/schemas/name",
        "$anchor": "name",
        "$dynamicAnchor": "any",
        "type": "string",
    }
    schema = {"type": "object", "properties": {"name": reference}}
    components = {"schemas": {"Name": name}}
    contract = loaded(tmp_path, of_version("3.1.0", schema, components=components))
    assert problems_of(contract) == []
    validator = contract.validator(schema_of(contract))
    assert validator.is_valid({"name": "a"})
    assert not validator.is_valid({"name": 1})


def test_a_document_without_paths_is_legal_since_3_1(tmp_path: Path) -> None:
    """It may describe webhooks only."""
    webhooks = {"paid": {"post": {"responses": {"200": {"description": "A."}}}}}
    contract = loaded(tmp_path, {"openapi": "3.1.0", "info": INFO, "webhooks": webhooks})
    assert problems_of(contract) == []
    assert contract.operations == {}


def test_operations_of_3_2(tmp_path: Path) -> None:
    """QUERY and further methods are operations; what the server cannot read is a warning."""
    operation = {"responses": {"200": {"description": "A."}}}
    item = {
        "query": {**operation, "operationId": "query_a"},
        "additionalOperations": {
            "COPY": {**operation, "operationId": "copy_a"},
            "FROBNICATE": {**operation, "operationId": "frobnicate_a"},
        },
    }
    contract = loaded(tmp_path, {"openapi": "3.2.0", "info": INFO, "paths": {"/a": item}})
    assert {name: found.method for name, found in contract.operations.items()} == {
        "query_a": "query",
        "copy_a": "copy",
    }
    assert [warning.pointer[-1] for warning in contract.problems.warnings] == ["FROBNICATE"]


def test_references_to_media_types_of_3_2_are_followed(tmp_path: Path) -> None:
    """Their schemas are in the normal form, and responses are closed."""
    document = of_version("3.2.0", {})
    response = document["paths"]["/a"]["get"]["responses"]["200"]
    response["content"] = {"application/json": {"$ref": "#/components/mediaTypes/A"}}
    schema = {"type": ["object", "null"], "properties": {"b": {"type": "string"}}}
    document["components"] = {"mediaTypes": {"A": {"schema": schema}}}
    contract = loaded(tmp_path, document)
    validator = contract.validator(schema_of(contract), closed=True)
    assert [validator.is_valid(value) for value in ({"b": "c"}, None, {"c": 1})] == [
        True,
        True,
        False,
    ]


def test_items_of_a_stream_are_a_warning(tmp_path: Path) -> None:
    """The mock sends a body, not a stream."""
    document = of_version("3.2.0", {})
    content = document["paths"]["/a"]["get"]["responses"]["200"]["content"]
    content["application/jsonl"] = {"itemSchema": {"type": "integer"}}
    contract = loaded(tmp_path, document)
    assert len(contract.problems.warnings) == 1
    assert "itemSchema" in problems_of(contract)[0]


def test_null_is_accepted_beside_a_composition(tmp_path: Path) -> None:
    """Authors mean it so, though the letter of OpenAPI 3.0 wants a type beside ``nullable``."""
    schema = {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Base"}]}
    components = {"schemas": {"Base": {"type": "object", "required": ["a"]}}}
    contract = loaded(tmp_path, of_version("3.0.3", schema, components=components))
    for closed in (True, False):
        validator = contract.validator(schema_of(contract), closed=closed)
        assert validator.is_valid(None)
        assert not validator.is_valid({})
