"""Small values for errors, made in no time: a generator of a large schema takes seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mockserver.engine.coercion import parts_of
from mockserver.openapi.contract import Contract
from mockserver.openapi.schemas import Schema

_MAX_DEPTH = 8
_HINTS = ("example", "default")
_TEXT = "error"
"""The value of required texts, such as a code."""


def minimal_value(
    schema: Any, contract: Contract, wanted: Sequence[str] = (), depth: int = 0
) -> Any:
    """Return a value with the required properties, and one of the ``wanted`` that is a text.

    It is a guess: formats, patterns and choices are not looked at, so it may be invalid.
    """
    parts = schema_parts(schema, contract)
    for part in parts:
        for name in _HINTS:
            if name in part:
                return part[name]
        if part.get("enum"):
            return part["enum"][0]
    kind = next((part["type"] for part in parts if "type" in part), None)
    if kind == "array":
        return _array(parts, contract, wanted, depth)
    if kind in ("integer", "number"):
        return max((part["minimum"] for part in parts if "minimum" in part), default=0)
    if kind in ("string", "boolean"):
        return _TEXT if kind == "string" else False
    is_object = kind == "object" or any("properties" in part for part in parts)
    return _object(parts, contract, wanted, depth) if is_object else None


def schema_parts(schema: Any, contract: Contract) -> list[Schema]:
    """Return the parts of a schema that a value satisfies, with the first of its choices."""
    if not isinstance(schema, dict):
        return []
    schema = contract.follow(schema)
    if "oneOf" in schema or "anyOf" in schema:
        first = (schema.get("oneOf") or schema.get("anyOf") or [{}])[0]
        rest = {name: value for name, value in schema.items() if name not in ("oneOf", "anyOf")}
        return parts_of([rest, first], contract)
    return parts_of([schema], contract)


def _array(parts: list[Schema], contract: Contract, wanted: Sequence[str], depth: int) -> list[Any]:
    least = max((part.get("minItems", 0) for part in parts), default=0)
    if least == 0 or depth > _MAX_DEPTH:
        return []
    items: Any = next((part["items"] for part in parts if "items" in part), {})
    return [minimal_value(items, contract, wanted, depth + 1)] * min(least, _MAX_DEPTH)


def _object(
    parts: list[Schema], contract: Contract, wanted: Sequence[str], depth: int
) -> dict[str, Any]:
    properties: Schema = {}
    for part in reversed(parts):
        properties |= part.get("properties", {})
    required = {name for part in parts for name in part.get("required", ())}
    texts = [name for name in wanted if _is_text(properties.get(name), contract)][:1]
    if not required.isdisjoint(wanted):
        texts = []
    names = [name for name in properties if name in required or name in texts]
    names += sorted(required - properties.keys())
    if depth > _MAX_DEPTH:
        return {}
    return {
        name: minimal_value(properties.get(name, {}), contract, wanted, depth + 1) for name in names
    }


def _is_text(schema: Any, contract: Contract) -> bool:
    return isinstance(schema, dict) and contract.follow(schema).get("type") == "string"
