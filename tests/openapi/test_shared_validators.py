"""Schemas that reach many component schemas are compiled together."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.openapi.schemas import DRAFT_4, Components
from mockserver.openapi.shared_validators import MANY_COMPONENTS, SharedValidator

COUNT = MANY_COMPONENTS + 5


def ring(**last: Any) -> dict[str, Any]:
    """Return component schemas of which each one refers to the next."""
    schemas: dict[str, Any] = {
        f"S{number}": {
            "type": "object",
            "properties": {
                "n": {"type": "integer"},
                "next": {"$ref": f"#/components/schemas/S{(number + 1) % COUNT}"},
            },
        }
        for number in range(COUNT)
    }
    schemas[f"S{COUNT - 1}"] |= last
    return schemas


@pytest.mark.parametrize("schema", [{"$ref": "#/components/schemas/S3"}, {"type": "array"}])
def test_a_shared_validator_finds_what_another_finds(schema: dict[str, Any]) -> None:
    """Values, undocumented fields and the places of errors are judged alike."""
    schema = schema if "$ref" in schema else schema | {"items": {"$ref": "#/components/schemas/S0"}}
    small = Components(ring() | {}, DRAFT_4)
    validator = small.validator(schema, closed=True)
    assert isinstance(validator, SharedValidator)
    good, bad = {"n": 1, "next": {"next": {"n": 2}}}, {"n": 1, "next": {"next": {"n": "x"}}}
    is_array = "items" in schema
    assert validator.is_valid([good] if is_array else good)
    assert not list(validator.iter_errors([good] if is_array else good))
    for value in (bad, {"unknown": 1}, {"next": {"unknown": 1}}):
        assert not validator.is_valid([value] if is_array else value)
    (error,) = validator.iter_errors([bad] if is_array else bad)
    assert error.instance_path[-3:] == ["next", "next", "n"]


def test_a_schema_that_cannot_be_compiled_leaves_the_others_alone() -> None:
    """Each schema is compiled by itself where all of them together cannot be."""
    broken = {"type": "array", "items": {"$ref": "#/components/schemas/S0"}, "minItems": -1}
    components = Components(ring(), DRAFT_4, lambda: [broken])
    validator = components.validator({"$ref": "#/components/schemas/S1"}, closed=True)
    assert validator.is_valid({"n": 1})
    assert not validator.is_valid({"n": "x"})


def test_small_schemas_have_validators_of_their_own() -> None:
    """They cost little, and most documents have no others."""
    components = Components({"S": {"type": "integer"}}, DRAFT_4)
    validator = components.validator({"$ref": "#/components/schemas/S"}, closed=True)
    assert not isinstance(validator, SharedValidator)
