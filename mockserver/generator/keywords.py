"""Keywords of schemas, read one by one."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from mockserver.generator.numbers import Bounds, fraction
from mockserver.openapi.schemas import SIBLING_PROPERTY, Schema

_NOTHING: Schema = {"not": {}}
_MAX_WANTED = 100
"""The number of items that are made for ``contains``. Values with too few are refused."""


def all_of(*schemas: Any) -> Any:
    """Return a schema that requires everything that the given schemas require."""
    parts: list[Any] = []
    for schema in schemas:
        nested = (
            schema["allOf"] if isinstance(schema, dict) and list(schema) == ["allOf"] else [schema]
        )
        parts += [
            part
            for part in nested
            if part not in ({}, True, SIBLING_PROPERTY) and part not in parts
        ]
    if not parts:
        return SIBLING_PROPERTY if SIBLING_PROPERTY in schemas else {}
    return {"allOf": parts} if len(parts) > 1 else parts[0]


def wanted_items(schema: Schema) -> int:
    """Return how many items ``contains`` requires."""
    wanted = int(schema.get("minContains", 1)) if "contains" in schema else 0
    return min(wanted, _MAX_WANTED)


def prefix(schema: Schema) -> tuple[Any, ...]:
    """Return the schemas of the first items. Those that ``contains`` requires come first."""
    prefix = schema.get("prefixItems", [])
    if "contains" not in schema:
        return tuple(prefix)
    wanted = wanted_items(schema)
    following = [schema.get("items", {})] * max(0, wanted - len(prefix))
    items = [*prefix, *following]
    return tuple(
        all_of(item, schema["contains"]) if index < wanted else item
        for index, item in enumerate(items)
    )


def dependencies(schema: Schema) -> Iterator[list[Any]]:
    """Yield the alternatives of each dependency and condition."""
    for name, names in schema.get("dependentRequired", {}).items():
        yield [{"required": [name, *names]}, {"properties": {name: _NOTHING}}]
    for name, dependent in schema.get("dependentSchemas", {}).items():
        yield [all_of(dependent, {"required": [name]}), {"properties": {name: _NOTHING}}]
    if "if" in schema and ("then" in schema or "else" in schema):
        yield [
            {"allOf": [schema["if"], schema.get("then", {})]},
            {"allOf": [{"not": schema["if"]}, schema.get("else", {})]},
        ]


def bounds(schema: Schema) -> Bounds:
    """Return the interval of a number."""
    minimum, maximum, multiple_of = (
        fraction(schema[key]) if key in schema else None
        for key in ("minimum", "maximum", "multipleOf")
    )
    exclusive_minimum, exclusive_maximum = (
        schema.get("exclusiveMinimum") is True,
        schema.get("exclusiveMaximum") is True,
    )
    inclusive = Bounds(
        minimum,
        exclusive_minimum and minimum is not None,
        maximum,
        exclusive_maximum and maximum is not None,
        multiple_of,
    )
    least, most = exclusive(schema)
    if least is None and most is None:
        return inclusive
    return inclusive.intersect(Bounds(least, least is not None, most, most is not None))


def exclusive(schema: Schema) -> tuple[Fraction | None, Fraction | None]:
    """Return the exclusive bounds of 2020-12, which are numbers. Those of draft 4 are flags."""
    least, most = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    return (
        None if least is None or isinstance(least, bool) else fraction(least),
        None if most is None or isinstance(most, bool) else fraction(most),
    )


def additional(schema: Schema) -> Schema | None:
    """Return the schema of properties that are not named; None if no others are allowed."""
    additional = schema.get("additionalProperties", {})
    return None if additional in (False, {"not": {}}) else {} if additional is True else additional
