"""One form for each schema, so that two ways to write the same restriction are no difference.

The form is that of the newest version: exclusive bounds are numbers. Those of integers are
inclusive. Keywords that restrict nothing are left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeGuard

Node = dict[str, Any]

_EXCLUSIVE = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_UNRESTRICTED = ("additionalProperties", "unevaluatedProperties", "unevaluatedItems")
_UNRESTRICTED_SCHEMAS = ("items", "propertyNames", "contentSchema")
_ENCODED = {
    "byte": ("contentEncoding", "base64"),
    "binary": ("contentMediaType", "application/octet-stream"),
}
"""How 3.1 writes the formats of 3.0 for content that is not text."""
_CHANGED = frozenset(
    {*_EXCLUSIVE, *_UNRESTRICTED, *_UNRESTRICTED_SCHEMAS, "minimum", "maximum", "examples"}
)
_TYPED = frozenset({"type", "enum", "const", "allOf", "anyOf", "oneOf", "$ref"})
"""Keywords of which a schema has one that does not allow null by itself."""

Moved = Mapping[str, tuple[str | int, ...]]
"""The place of a keyword in the schema as it was written, if it has another one."""


def one_form(schema: Node) -> tuple[Node, Moved]:
    """Return a schema in the form that is compared, with the places of what was moved."""
    is_encoded = schema.get("format") in _ENCODED and not isinstance(schema["format"], list)
    if _CHANGED.isdisjoint(schema) and not is_encoded:
        return schema, {}
    changed, moved = {**schema}, dict[str, tuple[str | int, ...]]()
    _flags(changed, moved)
    if changed.get("type") == "integer":
        _integer_bounds(changed, moved)
    _example(changed, moved)
    for keyword in _UNRESTRICTED:
        if changed.get(keyword) is True or changed.get(keyword) == {}:
            del changed[keyword]
    for keyword in _UNRESTRICTED_SCHEMAS:
        if changed.get(keyword) == {}:
            del changed[keyword]
    if is_encoded:
        keyword, value = _ENCODED[changed["format"]]
        if changed.get(keyword) == value:
            del changed[keyword]
    return changed, moved


def _flags(schema: Node, moved: dict[str, tuple[str | int, ...]]) -> None:
    """Replace the exclusive flags of 3.0 by numbers."""
    for exclusive, inclusive in _EXCLUSIVE.items():
        is_flag = isinstance(schema.get(exclusive), bool)
        if is_flag and schema.pop(exclusive) and inclusive in schema:
            schema[exclusive] = schema.pop(inclusive)
            moved[exclusive] = (inclusive,)


def _integer_bounds(schema: Node, moved: dict[str, tuple[str | int, ...]]) -> None:
    """Replace the bounds of integers by inclusive ones."""
    for exclusive, inclusive in _EXCLUSIVE.items():
        sign = 1 if inclusive == "minimum" else -1
        bounds: dict[int, str] = {}
        for keyword in (inclusive, exclusive):
            value = schema.get(keyword)
            if is_number(value):
                signed = math.ceil(sign * value)
                is_excluded = keyword == exclusive and signed == sign * value
                bounds[signed + is_excluded] = keyword
        if not bounds:
            continue
        strictest = max(bounds)
        written = bounds[strictest]
        schema.pop(exclusive, None)
        schema[inclusive] = sign * strictest
        if written == exclusive:
            moved[inclusive] = moved.get(exclusive, (exclusive,))


def _example(schema: Node, moved: dict[str, tuple[str | int, ...]]) -> None:
    """Write one example as ``example``, and several as ``examples`` alone."""
    examples = schema.get("examples")
    if not isinstance(examples, list) or not examples:
        return
    if len(examples) > 1:
        schema.pop("example", None)
    else:
        del schema["examples"]
        schema["example"] = examples[0]
        moved["example"] = ("examples",)


def is_number(value: Any) -> TypeGuard[int | float]:
    """Return whether a value is a finite number."""
    is_numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return is_numeric and math.isfinite(value)


def allows_null(schema: Node) -> bool:
    """Return whether null is valid: because a schema says so, or because it allows any type."""
    if schema.get("nullable") is True or schema.get("type") == "null" or is_untyped(schema):
        return True
    branches = [*(schema.get("anyOf") or ()), *(schema.get("oneOf") or ())]
    return any(isinstance(branch, dict) and branch.get("type") == "null" for branch in branches)


def is_untyped(schema: Node) -> bool:
    """Return whether a schema allows values of any type."""
    return _TYPED.isdisjoint(schema)
