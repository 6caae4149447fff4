"""Values for schemas, and values that break them; deterministic by seed.

A small generator that shares nothing with the mock's. A value is used only if jsonschema-rs says
that it is valid, and a broken one only if jsonschema-rs says that it is not.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Iterator
from typing import Any

from benchmarks.documents.patterns import text_for
from benchmarks.documents.reading import Schemas

_TRIES = 24
_DEEPEST = 6
_FORMATS = {
    "date": "2026-03-{day:02d}",
    "date-time": "2026-03-{day:02d}T10:00:00Z",
    "time": "10:00:{day:02d}Z",
    "duration": "PT{day}M",
    "email": "user{day}@example.com",
    "idn-email": "user{day}@example.com",
    "uri": "https://example.com/{day}",
    "url": "https://example.com/{day}",
    "iri": "https://example.com/{day}",
    "uri-reference": "/things/{day}",
    "uuid": "3f1c2f6e-6a0e-4b7a-9d3e-2f7f5f1c00{day:02d}",
    "ipv4": "192.0.2.{day}",
    "ipv6": "2001:db8::{day}",
    "hostname": "host{day}.example.com",
    "byte": "YWJj",
    "json-pointer": "/a/{day}",
    "regex": "a{day}",
    "decimal": "{day}.50",
}


class NoValue(Exception):
    """No valid value was found."""


class Values:
    """Makes values of the schemas of one document."""

    def __init__(self, schemas: Schemas, chance: random.Random) -> None:
        """Take the request direction of a document and the source of all choices."""
        self._schemas = schemas
        self._chance = chance

    def valid(self, schema: Any, *, full: bool = False, example: Any = None) -> Any:
        """Return a valid value, with optional properties if it is full. Raises NoValue."""
        for number in range(_TRIES):
            share = (0.7 if number < _TRIES // 2 else 0.0) if full else 0.0
            value = self._make(schema, share, 0)
            if value is not None and self._schemas.accepts(schema, value):
                return value
        plain = self._schemas.follow(schema)
        candidates = [example]
        if isinstance(plain, dict):
            candidates += [plain.get("example"), plain.get("default")]
        for value in candidates:
            if value is not None and self._schemas.accepts(schema, value):
                return value
        raise NoValue

    def broken(self, schema: Any, value: Any) -> Iterator[tuple[str, Any]]:
        """Return changed copies of a valid object that are invalid, with what was changed."""
        plain = self._merged(schema)
        if not isinstance(value, dict):
            return
        for name in plain.get("required") or []:
            if name in value:
                shorter = {key: inner for key, inner in value.items() if key != name}
                if not self._schemas.accepts(schema, shorter):
                    yield f"without {name}", shorter
        for name in value:
            changed = copy.deepcopy(value)
            for other in ({"not": ["wanted"]}, ["x"], "not a value", -1e9 - 0.5):
                if isinstance(other, type(value[name])):
                    continue
                changed[name] = other
                if not self._schemas.accepts(schema, changed):
                    yield f"{name} of another type", changed
                    break

    def _make(self, schema: Any, share: float, depth: int) -> Any:
        plain = self._merged(schema)
        choices = [plain["const"]] if "const" in plain else plain.get("enum")
        if isinstance(choices, list):
            return self._chance.choice([item for item in choices if item is not None] or [0])
        kind = _kind_of(plain)
        if kind == "object":
            return self._object(plain, share, depth)
        if kind == "array":
            return self._array(plain, share, depth)
        return self._scalar(plain, kind)

    def _scalar(self, schema: dict[str, Any], kind: str) -> Any:
        if kind in {"integer", "number"}:
            return self._number(schema, kind)
        if kind == "boolean":
            return self._chance.random() < 0.5
        return None if kind == "null" else self._string(schema)

    def _merged(self, schema: Any, depth: int = 0) -> dict[str, Any]:
        """Return a schema with its references, parts and one alternative in one level."""
        plain = self._schemas.follow(schema)
        if not isinstance(plain, dict) or depth > _DEEPEST:
            return {}
        parts = list(plain.get("allOf") or [])
        for keyword in ("oneOf", "anyOf"):
            choices = [
                part for part in plain.get(keyword) or [] if part not in ({"enum": [None]}, _NULL)
            ]
            if choices:
                parts.append(self._chance.choice(choices))
        if isinstance(plain.get("if"), dict):
            parts += [plain["if"], plain.get("then") or {}]
        found = {name: value for name, value in plain.items() if name not in _PARTS}
        for part in parts:
            found = _joined(found, self._merged(part, depth + 1))
        return found

    def _object(self, schema: dict[str, Any], share: float, depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        required = [name for name in schema.get("required") or [] if isinstance(name, str)]
        found: dict[str, Any] = {}
        for name, inner in properties.items():
            plain = self._schemas.follow(inner)
            if isinstance(plain, dict) and plain.get("readOnly") is True:
                continue
            wanted = depth < _DEEPEST and self._chance.random() < share / (depth + 1)
            if name in required or wanted:
                value = self._make(inner, share, depth + 1) if depth < 12 else None
                if value is not None or name in required:
                    found[name] = value
        for name in required:
            if name not in properties:
                found[name] = self._additional(schema, depth)
        fewest = schema.get("minProperties") or 0
        optional = [name for name in properties if name not in found]
        while len(found) < fewest and optional:
            name = optional.pop(0)
            found[name] = self._make(properties[name], 0.0, depth + 1)
        while len(found) < fewest:
            found[f"key{len(found)}"] = self._additional(schema, depth)
        return found

    def _additional(self, schema: dict[str, Any], depth: int) -> Any:
        extra = schema.get("additionalProperties")
        return self._make(extra, 0.0, depth + 1) if isinstance(extra, dict) and extra else "value"

    def _array(self, schema: dict[str, Any], share: float, depth: int) -> list[Any]:
        fewest = schema.get("minItems") or 0
        most = schema.get("maxItems")
        wanted = max(fewest, 1 if depth < _DEEPEST else 0)
        if isinstance(most, int):
            wanted = min(wanted, max(most, fewest))
        prefix = schema.get("prefixItems") or []
        items = schema.get("items")
        found: list[Any] = [self._make(inner, share, depth + 1) for inner in prefix]
        for _ in range(4 * wanted):
            if len(found) >= wanted:
                break
            inner = items if isinstance(items, dict) else {"type": "string"}
            value = self._make(inner, share, depth + 1)
            if value is not None and (not schema.get("uniqueItems") or value not in found):
                found.append(value)
        return found

    def _number(self, schema: dict[str, Any], kind: str) -> int | float:
        low, high = _bounds(schema, kind)
        step = schema.get("multipleOf")
        if step:
            first, last = math.ceil(low / step), math.floor(high / step)
            value = self._chance.randint(first, max(first, min(last, first + 50))) * step
            return int(value) if float(value).is_integer() else round(value, 6)
        if kind == "integer":
            first = math.ceil(low)
            return self._chance.randint(first, max(first, min(math.floor(high), first + 50)))
        return round(low + (min(high, low + 50) - low) * self._chance.uniform(0.1, 0.9), 6)

    def _string(self, schema: dict[str, Any]) -> str | None:
        shortest = schema.get("minLength") or 0
        longest = schema.get("maxLength")
        pattern = schema.get("pattern")
        if isinstance(pattern, str):
            return text_for(pattern, self._chance, shortest)
        form = _FORMATS.get(str(schema.get("format")))
        if form is not None:
            return form.format(day=self._chance.randint(10, 28))
        word = "".join(self._chance.choices("abcdefghijkmnpqrstuvwxyz", k=max(shortest, 8)))
        return word[:longest] if isinstance(longest, int) else word


_NULL = {"type": "null"}
_PARTS = {"allOf", "oneOf", "anyOf", "if", "then", "else"}


def _kind_of(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), "null")
    if isinstance(kind, str):
        return kind
    if "properties" in schema or "additionalProperties" in schema or "required" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    return "number" if "minimum" in schema or "maximum" in schema else "string"


def _joined(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    found = {**left, **right}
    if "properties" in left and "properties" in right:
        found["properties"] = {**left["properties"], **right["properties"]}
    if "required" in left and "required" in right:
        found["required"] = [*left["required"], *right["required"]]
    if "enum" in left and "enum" in right:
        found["enum"] = [item for item in left["enum"] if item in right["enum"]]
    return found


def _bounds(schema: dict[str, Any], kind: str) -> tuple[float, float]:
    low: Any
    high: Any
    low, high = schema.get("minimum"), schema.get("maximum")
    step = 1 if kind == "integer" else 0.01
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if above is not None and above is not False:
        low = (low or 0 if above is True else above) + step
    if below is not None and below is not False:
        high = (high or 0 if below is True else below) - step
    if low is None:
        return (1, 50) if high is None else (min(1, high - 50), high)
    return low, low + 50 if high is None else high
