"""Schemas of OpenAPI 3.0 as JSON Schema of draft 4, closed to undeclared fields."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema_rs

CHOICES = ("oneOf", "anyOf")
"""Keywords of which a value fits one part."""
_ANNOTATIONS = frozenset(
    {"description", "title", "example", "examples", "nullable", "default", "deprecated"}
)
_CONDITIONS = ("if", "then", "else", "not")
_DATA = ("enum", "const")
_OPEN = ("allOf", "patternProperties", "unevaluatedProperties", "if", *CHOICES)
"""Keywords beside which other properties may be declared."""
_CLOSED = "x-closed"
"""Marks converted schemas that do not forbid undeclared fields themselves."""


def convert(schema: Any, *, is_open: bool = False) -> Any:
    """Return a schema of OpenAPI 3.0 as JSON Schema of draft 4, closed unless it is open.

    A closed schema refuses undeclared fields. The parts of ``allOf`` are open, as each declares its
    own fields. In draft 4 ``1.0`` is no integer.
    """
    if isinstance(schema, list):
        return [convert(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        return {"$ref": schema["$ref"]}
    converted = {
        key: {name: convert(child) for name, child in value.items()}
        if key == "properties"
        else [convert(item, is_open=True) for item in value]
        if key == "allOf" or (key in CHOICES and "properties" in schema)
        else value
        if key in _DATA
        else convert(value, is_open=True)
        if key in _CONDITIONS
        else convert(value)
        for key, value in schema.items()
        if key not in _ANNOTATIONS and not key.startswith("x-") and _can_be_judged(key, value)
    }
    if schema.get("nullable") is True:
        if "type" in converted:
            converted["type"] = [converted["type"], "null"]
        if "enum" in converted and None not in converted["enum"]:
            converted["enum"] = [*converted["enum"], None]
    is_open = is_open or any(key in schema for key in _OPEN)
    properties = converted.get("properties")
    if isinstance(properties, dict) and not is_open:
        for name in schema.get("required") or ():
            properties.setdefault(name, {})  # it is declared by being required
        converted.setdefault("additionalProperties", False)
        converted[_CLOSED] = "additionalProperties" not in schema
    return converted


def opened(schema: Any) -> Any:
    """Return a converted schema that accepts undeclared fields everywhere."""
    if isinstance(schema, list):
        return [opened(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value if key in _DATA else opened(value)
        for key, value in schema.items()
        if not (key == "additionalProperties" and schema.get(_CLOSED) is True)
    }


def _can_be_judged(key: str, value: Any) -> bool:
    """Return whether a keyword is no pattern that the validator cannot read."""
    return key != "pattern" or not isinstance(value, str) or is_pattern(value)


@cache
def is_pattern(text: str) -> bool:
    """Return whether the validator can read a pattern."""
    try:
        jsonschema_rs.Draft202012Validator({"pattern": text})
    except jsonschema_rs.ValidationError:
        return False
    return True
