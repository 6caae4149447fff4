"""Reads what schemas say of values: properties through compositions, types, items of arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mockserver.openapi.schemas import Schema

_BRANCHES = ("allOf", "oneOf", "anyOf")
_MAX_BRANCHES = 200
_SAYING = frozenset({*_BRANCHES, "properties", "additionalProperties", "enum", "const"})
"""Keywords that say what an object holds."""


class Shape:
    """A schema, read once: the properties of an object, the items of an array."""

    def __init__(self, parts: list[Schema], properties: dict[str, Schema]) -> None:
        self.parts = parts
        """The schema and the branches of its compositions, references followed."""
        self.properties = properties
        """The properties of all parts, without those that are write-only."""
        self.types = {kind for part in parts for kind in _types(part)}
        self.is_open = not self.names or any(
            part.get("additionalProperties", False) is not False for part in parts
        )
        """Whether other properties are allowed in a response."""

    @property
    def names(self) -> set[str]:
        """The names of the properties, those that are merely required included."""
        return self.properties.keys() | self.required

    @property
    def required(self) -> set[str]:
        """The names of the properties that a part requires."""
        return {name for part in self.parts for name in part.get("required", ())}

    @property
    def is_object(self) -> bool:
        """Whether values are objects."""
        return "object" in self.types or (not self.types and bool(self.properties))

    @property
    def items(self) -> Schema | None:
        """The schema of the items of an array; None for other values."""
        found = (part["items"] for part in self.parts if isinstance(part.get("items"), dict))
        return next(found, {} if self.types == {"array"} else None)

    @property
    def format(self) -> str | None:
        """The format of a string."""
        return next((part["format"] for part in self.parts if "format" in part), None)

    @property
    def is_scalar(self) -> bool:
        """Whether values can be compared with the text of a path parameter."""
        return not self.types or bool(self.types & {"string", "integer", "number"})

    def first(self, keyword: str) -> Any:
        """Return the value of a keyword in the first part that has it; None without one."""
        return next((part[keyword] for part in self.parts if keyword in part), None)


class Shapes:
    """The shapes of the schemas of one document, each read once."""

    def __init__(self, follow: Callable[[Schema], Schema]) -> None:
        self._follow = follow
        self._known: dict[int, tuple[Schema, Shape]] = {}

    def of(self, schema: Any) -> Shape:
        """Return the shape of a schema."""
        schema = schema if isinstance(schema, dict) else {}
        known = self._known.get(id(schema))
        if known is None:
            # The schema is kept, so that no other gets the same identity.
            known = self._known[id(schema)] = (schema, self._read(schema))
        return known[1]

    def annotated(self, schema: Any, keyword: str) -> set[str]:
        """Return the names of the properties that a keyword marks, such as ``readOnly``."""
        return {
            str(name)
            for part in self.of(schema).parts
            for name, property in part.get("properties", {}).items()
            if isinstance(property, dict)
            and (property.get(keyword) is True or self._follow(property).get(keyword) is True)
        }

    def _read(self, schema: Schema) -> Shape:
        parts: list[Schema] = []
        for part in self._parts(schema):
            parts.append(part)
            if len(parts) >= _MAX_BRANCHES:
                break
        properties: dict[str, Schema] = {}
        for part in parts:
            for name, property in part.get("properties", {}).items():
                if not isinstance(property, dict) or self._follow(property).get("writeOnly"):
                    continue
                known = properties.get(str(name))
                if known is None or self._is_vague(known):
                    properties[str(name)] = property
        return Shape(parts, properties)

    def _is_vague(self, property: Schema) -> bool:
        """Return whether a schema allows any object, or an array of any objects.

        Schemas of envelopes do, and another part of the composition says what they hold.
        """
        node = self._follow(property)
        if node.get("type") == "array" and isinstance(node.get("items", {}), dict):
            node = self._follow(node.get("items", {}))
        says = {keyword for keyword in _SAYING if node.get(keyword, {}) != {}}
        return node.get("type") in (None, "object") and not says

    def _parts(self, schema: Schema) -> Iterator[Schema]:
        """Yield a schema and the branches of its compositions, each once."""
        seen: set[int] = set()
        left = [schema]
        while left:
            part = left.pop(0)
            if not isinstance(part, dict):
                continue
            followed = self._follow(part)
            if id(followed) in seen:
                continue
            seen.add(id(followed))
            yield followed
            left += [branch for key in _BRANCHES for branch in followed.get(key, ())]


def _types(part: Schema) -> list[str]:
    kind = part.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    return [kind for kind in kinds if isinstance(kind, str) and kind != "null"]
