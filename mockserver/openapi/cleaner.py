"""Removes the parts of a document that have the wrong shape, so that its readers need no checks.

Each part that is removed or replaced is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

from mockserver.openapi import normal_form, patterns
from mockserver.openapi.problems import Pointer, Problems
from mockserver.openapi.references import Place, is_schema, pointer_of, references, target
from mockserver.openapi.shape import (
    KINDS,
    REQUIRED,
    SCHEMA,
    Kind,
    ListOf,
    MapOf,
    Shape,
    Value,
)

Node = dict[str, Any]
Root = tuple[Pointer, Node]
_STATUS = re.compile(r"[1-5]([0-9]{2}|XX)|default|x-.*")
_MAY_BE_FLAGS = ("additionalProperties", "unevaluatedProperties", "unevaluatedItems")
_CONTAINERS = {Kind: dict, MapOf: dict, ListOf: list}
_SHOWN = 40


def clean(document: Node, problems: Problems, *, is_json_schema: bool) -> list[Root]:
    """Remove wrong parts in place. Return the schemas that are in no other schema.

    ``is_json_schema`` brings schemas of OpenAPI 3.1 and later into normal form.
    """
    cleaner = _Cleaner(problems, is_json_schema)
    cleaner.run(document)
    return cleaner.roots


class _Part(NamedTuple):
    """A part of a document that is still to be cleaned."""

    place: Place
    node: Any
    shape: Shape
    is_within_schema: bool


class _Cleaner:
    """Cleans a document part by part, with a stack instead of recursion for deep documents."""

    def __init__(self, problems: Problems, is_json_schema: bool) -> None:
        self.roots: list[Root] = []
        self._problems = problems
        self._is_json_schema = is_json_schema
        self._seen: set[tuple[int, str]] = set()

    def run(self, document: Node) -> None:
        """Clean the document, then the schemas that only references lead to."""
        self._clean(_Part(None, document, Kind("document"), False))
        if self._is_json_schema:
            for part in self._elsewhere(document):
                self._clean(part)

    def _elsewhere(self, document: Node) -> Iterator[_Part]:
        """Yield the targets of references that are no schema by their place."""
        for place, node in [*references(document)]:
            reference = node["$ref"]
            if not is_schema(place) or not reference.startswith("#/"):
                continue
            try:
                found = target(document, reference)
            except (LookupError, TypeError, ValueError):
                continue
            if isinstance(found, dict):
                yield _Part(_place_of(reference), found, SCHEMA, True)

    def _clean(self, whole: _Part) -> None:
        pending = [whole]
        while pending:
            part = pending.pop()
            place, node, shape, _ = part
            if isinstance(shape, Kind):
                # Aliases of YAML make one object of several places.
                if (id(node), shape.name) in self._seen:
                    continue
                self._seen.add((id(node), shape.name))
                if "$ref" in node and not isinstance(node["$ref"], str):
                    self._warn((place, "$ref"), "must be text", is_left_out=True)
                    del node["$ref"]
                if shape is SCHEMA:
                    self._schema(place, node)
                elif "itemSchema" in node and "schema" not in node:
                    problem = "itemSchema: one item is served, not a stream"
                    self._problems.warn(pointer_of(place), problem)
                    node["schema"] = node["itemSchema"]
            pending.extend(reversed(list(self._parts(part))))

    def _parts(self, whole: _Part) -> Iterator[_Part]:
        """Yield the parts of an object or list that have the right shape. Remove the others."""
        place, node, shape, _ = whole
        is_within = whole.is_within_schema or shape is SCHEMA
        is_spoilt = False
        for key, of in _fields(node, shape):
            part = node[key]
            wrong = _wrong(part, of)
            if wrong is None:
                if of is SCHEMA and isinstance(part, bool) and key not in _MAY_BE_FLAGS:
                    node[key] = part = normal_form.as_object(part)
                if not isinstance(of, Value) and not isinstance(part, bool):
                    if of is SCHEMA and not is_within:
                        self.roots.append((tuple(pointer_of((place, key))), part))
                    yield _Part((place, key), part, of, is_within)
                continue
            replacement = _replacement(part, of)
            self._warn((place, key), wrong, is_left_out=replacement is None)
            node[key] = replacement
            is_spoilt = is_spoilt or replacement is None
        if is_spoilt and isinstance(node, dict):
            for key in [key for key, of in _fields(node, shape) if node[key] is None]:
                del node[key]
        elif is_spoilt:
            node[:] = [item for item in node if item is not None]

    def _schema(self, place: Place, schema: Node) -> None:
        def warn(keyword: str, problem: str) -> None:
            self._problems.warn([*pointer_of(place), keyword], problem)

        if self._is_json_schema:
            normal_form.normalize(schema, warn)
        elif isinstance(schema.get("type"), list):
            warn("type", "a list of types is not part of OpenAPI 3.0")
            normal_form.separate_types(schema, warn)
        for keyword in ("enum", "allOf", "anyOf", "oneOf"):
            if schema.get(keyword) == []:
                warn(keyword, "is empty; it is left out")
                del schema[keyword]
        patterned = schema.get("patternProperties")
        for expression in list(patterned) if isinstance(patterned, dict) else ():
            if isinstance(expression, str) and not patterns.is_usable(expression):
                warn("patternProperties", f"{expression!r} is no pattern; it is left out")
                del schema["patternProperties"][expression]
        required = schema.get("required")
        if isinstance(required, list) and not required and not self._is_json_schema:
            del schema["required"]

    def _warn(self, place: Place, wrong: str, *, is_left_out: bool) -> None:
        end = "; it is left out" if is_left_out else ""
        self._problems.warn(pointer_of(place), f"{wrong}{end}")


def _place_of(reference: str) -> Place:
    """Return the place that a reference names."""
    place: Place = None
    for part in unquote(reference).removeprefix("#/").split("/"):
        place = (place, part.replace("~1", "/").replace("~0", "~"))
    return place


def _fields(node: Any, shape: Shape) -> list[tuple[Any, Shape]]:
    """Return the keys of an object or list, with the shape that the part must have."""
    if isinstance(shape, Kind):
        if "$ref" in node and shape is not SCHEMA:
            return []
        kind = KINDS[shape.name]
        return [(key, kind[key]) for key in node if key in kind]
    if isinstance(shape, ListOf):
        return [(index, shape.of) for index in range(len(node))]
    if isinstance(shape, MapOf):
        skipped = ("x-", "$") if shape.extensible else ()
        return [(name, shape.of) for name in node if not name.startswith(skipped)]
    return []


def _wrong(part: Any, shape: Shape) -> str | None:
    """Return what is wrong with the type of a part, or with a field that it lacks."""
    if isinstance(shape, Value):
        fits = bool in shape.types if isinstance(part, bool) else isinstance(part, shape.types)
        if fits and (not shape.allowed or part in shape.allowed):
            return None
        return f"must be {shape.words}, not {_shown(part)}"
    if shape is SCHEMA and isinstance(part, bool):
        return None
    if not isinstance(part, _CONTAINERS[type(shape)]):
        word = "a list" if isinstance(shape, ListOf) else "an object"
        return f"must be {word}, not {_shown(part)}"
    return _lacking(part, shape.name) if isinstance(shape, Kind) and "$ref" not in part else None


def _lacking(part: Node, kind: str) -> str | None:
    """Return which field an object lacks, or has with a value that cannot be used."""
    for name in REQUIRED.get(kind, ()):
        if name not in part:
            return f"lacks '{name}', which a {kind} requires"
        of = KINDS[kind][name]
        wrong = _wrong(part[name], of)
        if wrong is not None and _replacement(part[name], of) is None:
            return f"its '{name}' {wrong}"
    return None


def _replacement(part: Any, shape: Shape) -> Any:
    """Return what a wrong part most probably means; None if it is unknown."""
    if isinstance(shape, Value):
        if str in shape.types and isinstance(part, int | float) and not shape.allowed:
            return str(part).lower() if isinstance(part, bool) else str(part)
        if bool in shape.types and part in ("true", "false"):
            return part == "true"
        is_whole = isinstance(part, float) and part.is_integer()
        return int(part) if is_whole and int in shape.types else None
    if part is None and isinstance(shape, ListOf | MapOf):
        return [] if isinstance(shape, ListOf) else {}
    if part is None and isinstance(shape, Kind) and not REQUIRED.get(shape.name):
        return {}
    return None


def _shown(part: Any) -> str:
    if part is None:
        return "empty"
    if isinstance(part, dict | list):
        return "an object" if isinstance(part, dict) else "a list"
    text = str(part).lower() if isinstance(part, bool) else repr(part)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
