"""Text of a request as values: numbers, booleans, lists and objects by the types of a schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from math import isfinite
from typing import Any

import orjson

from mockserver.openapi.contract import Contract
from mockserver.openapi.schemas import Schema

Raw = Any
"""A text, a list of texts, or texts by name. Lists and objects may be nested."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,300}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_BRANCHES = ("allOf", "oneOf", "anyOf")
_SCALARS = ("integer", "number", "boolean", "string", "null")
"""The types of single values, in the order in which a text is read as one of them."""
_NONE = object()


class Coercion:
    """Reads texts as values of the schemas that may describe them.

    A text that cannot be read stays text, and fails validation.
    """

    def __init__(self, schemas: Sequence[Schema], contract: Contract) -> None:
        self._schemas = schemas
        self._contract = contract

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The types that a value may have; empty if the schemas name none."""
        types = {name for part in self._parts for name in _types(part)}
        if not types - {"null"}:
            types |= {_type_of(value) for part in self._parts for value in part.get("enum", ())}
            types |= {"object" for part in self._parts if "properties" in part}
            types |= {"array" for part in self._parts if "items" in part}
        return frozenset(types)

    @cached_property
    def scalar(self) -> Callable[[str], Any]:
        """Reads a text that is neither a list nor an object."""
        kinds = [kind for kind in _SCALARS if kind in self.kinds]
        if not kinds or kinds == ["string"]:
            return str if self.kinds.isdisjoint({"array", "object"}) else self.best
        if len(kinds) == 1 and self.kinds == {kinds[0]}:
            read = _READERS[kinds[0]]
            return lambda text: text if (value := read(text)) is _NONE else value
        return self.best

    def best(self, *raws: Raw) -> Any:
        """Return the first valid value of what was read; else the first value."""
        values = [value for raw in raws for value in self._values(raw)]
        if len(values) == 1:
            return values[0]
        is_valid = self._is_valid
        return next((value for value in values if is_valid(value)), values[0])

    def of_property(self, name: str) -> Coercion:
        """Return the coercion of a property of an object."""
        return self._properties.get(name) or self._others

    def schema_of(self, name: str) -> Schema:
        """Return the schema of a property of an object."""
        schemas = list(self.of_property(name)._schemas)
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas} if schemas else {}

    @property
    def property_names(self) -> frozenset[str]:
        """Names of the properties that the schemas describe."""
        return frozenset(self._properties)

    @cached_property
    def items(self) -> Coercion:
        """The coercion of the items of a list."""
        schemas = [part["items"] for part in self._parts if isinstance(part.get("items"), dict)]
        return Coercion(schemas, self._contract)

    def _values(self, raw: Raw) -> Iterator[Any]:
        if raw is None or not isinstance(raw, str | list | dict):
            yield raw  # from a part of a form that is JSON
        elif isinstance(raw, list) and (not self.kinds or "array" in self.kinds):
            yield [self.items.best(item) for item in raw]
        elif isinstance(raw, list):
            yield from self._values(raw[-1]) if raw else [""]
        elif isinstance(raw, dict):
            yield {name: self.of_property(name).best(value) for name, value in raw.items()}
        else:
            yield from self._values_of_text(raw)

    def _values_of_text(self, text: str) -> Iterator[Any]:
        found = False
        for kind in _SCALARS:
            if kind in self.kinds and (value := _READERS[kind](text)) is not _NONE:
                found = True
                yield value
        if text[:1] in ("{", "[") and not self.kinds.isdisjoint({"array", "object"}):
            try:
                yield orjson.loads(text)
                found = True
            except orjson.JSONDecodeError:
                pass
        if "array" in self.kinds:  # a form has one field for a list of one
            found = True
            yield [self.items.best(text)]
        if not found:
            yield text

    @cached_property
    def _is_valid(self) -> Callable[[Any], bool]:
        schemas = list(self._schemas)
        schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas} if schemas else {}
        return self._contract.validator(schema).is_valid

    @cached_property
    def _properties(self) -> Mapping[str, Coercion]:
        schemas: dict[str, list[Schema]] = {}
        for part in self._parts:
            for name, schema in part.get("properties", {}).items():
                schemas.setdefault(name, []).append(schema)
        return {name: Coercion(found, self._contract) for name, found in schemas.items()}

    @cached_property
    def _others(self) -> Coercion:
        """The coercion of properties that the schemas do not name."""
        others = [part.get("additionalProperties") for part in self._parts]
        return Coercion([part for part in others if isinstance(part, dict)], self._contract)

    @cached_property
    def _parts(self) -> list[Schema]:
        return parts_of(self._schemas, self._contract)


def parts_of(schemas: Sequence[Schema], contract: Contract) -> list[Schema]:
    """Return schemas with their references followed and their compositions taken apart."""
    parts: list[Schema] = []
    pending = list(schemas)
    seen: set[int] = set()
    while pending:
        schema = pending.pop(0)
        if not isinstance(schema, dict):
            continue  # 3.1 allows true and false
        schema = contract.follow(schema)
        if isinstance(schema, dict) and id(schema) not in seen:
            seen.add(id(schema))
            parts.append(schema)
            pending += [branch for key in _BRANCHES for branch in schema.get(key, ())]
    return parts


def _types(schema: Schema) -> list[str]:
    """Return the types that a schema names: one, or a list of them."""
    types = schema.get("type", [])
    named = [types] if isinstance(types, str) else list(types)
    return [*named, "null"] if schema.get("nullable") else named


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "number" if isinstance(value, float) else "null" if value is None else "string"


def _integer(text: str) -> Any:
    return int(text) if _INTEGER.fullmatch(text) else _NONE


def _number(text: str) -> Any:
    value = float(text) if _NUMBER.fullmatch(text) else float("inf")
    return value if isfinite(value) else _NONE


def _boolean(text: str) -> Any:
    return _BOOLEANS.get(text.lower(), _NONE)


def _null(text: str) -> Any:
    return None if text in ("", "null") else _NONE


_READERS: Mapping[str, Callable[[str], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "string": str,
    "null": _null,
}
