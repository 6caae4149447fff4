"""Makes large schemas small, so that values of them are generated fast.

Some documents have schemas that all refer to each other. A generator for one of them takes seconds
to compile, and its values are huge. A reduced schema leaves out optional objects that are nested
deeply, and allows the id of an object where it may stand for the object. Its values are valid
against the whole schema, too.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from mockserver.openapi.schemas import Schema

MANY_COMPONENTS = 40
"""Schemas that reach fewer component schemas are small enough."""
_NO_SCHEMAS = frozenset({"example", "examples", "default", "enum", "const"})
_DEPTH = 2
_BRANCHES = ("oneOf", "anyOf")
_SCALARS = frozenset({"string", "integer", "number", "boolean"})


class Reduction:
    """Reduces the schemas of one document."""

    def __init__(self, follow: Callable[[Schema], Schema]) -> None:
        self._follow = follow

    def is_large(self, schema: Schema) -> bool:
        """Return whether a schema reaches many component schemas."""
        seen: set[str] = set()
        left: list[Any] = [schema]
        while left and len(seen) <= MANY_COMPONENTS:
            node = left.pop()
            if isinstance(node, list):
                left += node
            elif isinstance(node, dict):
                reference = node.get("$ref")
                if isinstance(reference, str) and reference not in seen:
                    seen.add(reference)
                    with suppress(LookupError, TypeError, ValueError):  # of a property "$ref"
                        left.append(self._follow(node))
                left += [
                    part
                    for name, part in node.items()
                    if name not in _NO_SCHEMAS and isinstance(part, dict | list)
                ]
        return len(seen) > MANY_COMPONENTS

    def reduced(
        self, schema: Schema, depth: int = _DEPTH, above: frozenset[str] = frozenset()
    ) -> Schema:
        """Return a smaller schema. ``above`` are the references that lead to it."""
        reference = schema.get("$ref")
        node = self._follow(schema)
        if "allOf" in node or reference in above:
            return schema
        above |= {reference} if isinstance(reference, str) else set()
        if depth <= 0 and not self._is_scalar(schema):
            if node.get("nullable") and "type" in node:
                return {"nullable": True, "enum": [None]}
            if node.get("type") == "array" and not node.get("minItems"):
                return {"type": "array", "maxItems": 0, "items": {}}
        reduced = dict(node)
        for key in _BRANCHES:
            if key in node:
                reduced[key] = self._branches(node[key], depth, above)
        if isinstance(node.get("items"), dict):
            reduced["items"] = self.reduced(node["items"], depth - 1, above)
        if "properties" in node and not any(key in node for key in _BRANCHES):
            required = node.get("required", ())
            reduced["properties"] = {
                name: self.reduced(property, depth - 1, above)
                for name, property in node["properties"].items()
                if depth > 0 or name in required or self._is_scalar(property)
            }
        return reduced

    def _branches(self, branches: list[Schema], depth: int, above: frozenset[str]) -> list[Schema]:
        """Return the scalar branches, if there are any; at depth, one of the others."""
        kept = [branch for branch in branches if self._is_scalar(branch)] or branches
        kept = kept if depth > 0 else kept[:1]
        return [self.reduced(branch, depth - 1, above) for branch in kept]

    def _is_scalar(self, schema: Schema) -> bool:
        node = self._follow(schema)
        if any(isinstance(branch, dict) for key in _BRANCHES for branch in node.get(key, ())):
            return any(self._is_scalar(branch) for key in _BRANCHES for branch in node.get(key, ()))
        kind = node.get("type")
        kinds = kind if isinstance(kind, list) else [kind]
        return all(kind in _SCALARS or kind == "null" for kind in kinds)
