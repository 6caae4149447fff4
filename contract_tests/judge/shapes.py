"""Shapes of JSON values: what the schemas of one document can tell apart.

A value is split into its nodes. The shape of an object is its names, that of a list its length, and
that of a number or string the facts that some keyword of the document depends on: which patterns
and formats it matches, between which bounds it or its length is, which member of an enumeration it
is. A schema without combinators accepts a value if it accepts each node, so a value whose nodes
were all seen in accepted values is accepted, too.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from openapi_schema_validator import oas30_format_checker

from contract_tests.openapi.contract import escape

_REMEMBERED = 50_000
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_SIZES = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_MACHINE = (-(2**63), -(2**31), 0, 2**31, 2**63)
"""Bounds of the formats int32 and int64, and of parsers."""
_ALTERNATIVES = ("anyOf", "oneOf")
_OF_SEVERAL_NODES = frozenset(
    {"not", "if", "contains", "prefixItems", "dependentSchemas", "multipleOf", "uniqueItems"}
    | {"unevaluatedProperties", "unevaluatedItems", "$dynamicRef"}
)
"""Keywords that shapes do not express."""
_SCALARS = ("string", "integer", "number", "boolean", "null")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")


class Number(NamedTuple):
    """The shape of a number."""

    kind: Hashable
    between: int
    """Which bounds it is between."""
    is_member: bool
    """Whether it is a member of any enumeration."""


@dataclass(eq=False, slots=True)
class Place:
    """A place in values, lists generalised, and the shapes that were accepted there."""

    pointer: str = ""
    inner: dict[str, Place] = field(default_factory=dict)
    accepted_values: set[bytes] = field(default_factory=set)
    """Digests of whole values of which all nodes were accepted."""
    _accepted: set[Hashable] = field(default_factory=set)
    _spans: dict[Hashable, tuple[int, int]] = field(default_factory=dict)
    """The least and the greatest number that is no member of an enumeration, by their kind.

    Where such a number is accepted there is no enumeration, so all numbers between two are.
    """

    def accepts(self, shape: Hashable) -> bool:
        """Return whether a shape was accepted before."""
        if isinstance(shape, Number) and shape.kind in self._spans:
            low, high = self._spans[shape.kind]
            return low <= shape.between <= high or shape in self._accepted
        return shape in self._accepted

    def accept(self, shape: Hashable) -> None:
        """Remember a shape that is accepted."""
        if isinstance(shape, Number) and not shape.is_member:
            low, high = self._spans.get(shape.kind, (shape.between, shape.between))
            self._spans[shape.kind] = min(low, shape.between), max(high, shape.between)
        else:
            self._accepted.add(shape)


Node = tuple[Place, Hashable]
"""The shape of one node, and its place."""


class Shapes:
    """The shapes of values, for one document."""

    def __init__(self, document: dict[str, Any]) -> None:
        schemas = list(nodes(document))
        self._members = _enumerated(schemas)[0]
        self._numbers = sorted({*_MACHINE, *_values(schemas, _NUMBERS), *self._members})
        self._sizes = sorted({0, *_values(schemas, _SIZES)})
        self._special = _enumerated(schemas)[1] | {"true", "false"}
        self._patterns = _patterns(schemas)
        formats = {node["format"] for node in schemas if isinstance(node.get("format"), str)}
        self._formats = [
            oas30_format_checker.checkers[name]
            for name in sorted(formats & set(oas30_format_checker.checkers))
        ]
        """The check of each format, and the errors that it raises for other texts."""
        self.can_split = self._patterns is not None and all(map(_is_simple, schemas))
        """Whether the nodes of a value say whether it is accepted."""
        self.places = 0
        """How many places were made."""
        self._texts: dict[str, Hashable] = {}

    def unknown(self, value: Any, place: Place, part: str) -> set[Node]:
        """Return the nodes of a value, a part of something, that were not accepted yet."""
        found: set[Node] = set()
        self._collect(value, self._inner(place, part), found)
        return found

    def unknown_texts(self, pairs: Iterable[tuple[str, str]], place: Place, part: str) -> set[Node]:
        """Return the same for parameters or headers. Each is text that may be cast."""
        place = self._inner(place, part)
        texts: dict[str, Hashable] = {}
        for name, text in pairs:
            shape = self.of_parameter(text)
            texts[name] = (texts[name], shape) if name in texts else shape
        found: set[Node] = {(place, tuple(texts))}
        found |= {(self._inner(place, name), shape) for name, shape in texts.items()}
        return {(place, shape) for place, shape in found if not place.accepts(shape)}

    def of_parameter(self, text: str) -> Hashable:
        """Return the shape of a parameter: a string that may be cast to another type."""
        if _INTEGER.fullmatch(text):
            return self._number(self._of_text(text), int(text))
        try:
            float(text.replace("_", ""))
        except ValueError:
            return self._of_text(text)
        return text

    def _collect(self, value: Any, place: Place, found: set[Node]) -> None:
        shape: Hashable
        if isinstance(value, str):
            shape = self._of_text(value)
        elif isinstance(value, dict):
            shape = tuple(value)
            for name, inner in value.items():
                self._collect(inner, self._inner(place, name), found)
        elif isinstance(value, list):
            shape = "list", self._between(self._sizes, len(value))
            items = self._inner(place, "*")
            for item in value:
                self._collect(item, items, found)
        else:
            shape = self._of_scalar(value)
        if not place.accepts(shape):
            found.add((place, shape))

    def _inner(self, place: Place, name: str) -> Place:
        """Return the place of a property, or of all items."""
        found = place.inner.get(name)
        if found is None:
            self.places += 1
            found = place.inner[name] = Place(f"{place.pointer}/{escape(name)}")
        return found

    def _of_scalar(self, value: float | None) -> Hashable:
        if value is None or isinstance(value, bool):
            return "constant", value
        is_whole = isinstance(value, int) or value.is_integer()
        return self._number((type(value).__name__, is_whole), value)

    def _number(self, kind: Hashable, value: float) -> Number:
        between = self._between(self._numbers, value)
        return Number(kind, between, value in self._members)

    def _of_text(self, text: str) -> Hashable:
        shape = self._texts.get(text)
        if shape is None:
            if len(self._texts) >= _REMEMBERED:
                self._texts.clear()
            shape = self._texts[text] = self._facts(text)
        return shape

    def _facts(self, text: str) -> Hashable:
        # Validators differ about \\d and $ where text is neither ASCII nor of one line.
        if text in self._special or not (text.isascii() and text.isprintable()):
            return text
        matched = [pattern.search(text) is not None for pattern in self._patterns or ()]
        formats = [_has_format(text, *checker) for checker in self._formats]
        return self._between(self._sizes, len(text)), *matched, *formats

    def _between(self, bounds: list[Any], value: float) -> int:
        """Return where a number is among bounds: odd results are the bounds themselves."""
        index = bisect_left(bounds, value)
        is_bound = index < len(bounds) and bounds[index] == value
        return 2 * index + is_bound


def _has_format(text: str, check: Callable[[object], bool], errors: Any) -> bool:
    """Return whether a text has a format, as ``FormatChecker.conforms`` does, but faster."""
    try:
        return bool(check(text))
    except errors:
        return False


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a document, among them its schemas."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from nodes(value)


def _is_simple(schema: dict[str, Any]) -> bool:
    """Return whether a schema judges nodes one by one. Alternatives must be of one node."""
    if not _OF_SEVERAL_NODES.isdisjoint(schema):
        return False
    alternatives = [alternative for name in _ALTERNATIVES for alternative in schema.get(name) or ()]
    return all(
        isinstance(alternative, dict)
        and alternative.get("type") in _SCALARS
        and alternative.keys().isdisjoint((*_NUMBERS, "enum"))
        for alternative in alternatives
    )


def _values(schemas: list[dict[str, Any]], keywords: tuple[str, ...]) -> set[float]:
    found = (schema.get(keyword) for schema in schemas for keyword in keywords)
    return {item for item in found if isinstance(item, int | float) and not isinstance(item, bool)}


def _enumerated(schemas: list[dict[str, Any]]) -> tuple[set[float], set[str]]:
    """Return the numbers and the strings of all enumerations and constants."""
    found = [schema["const"] for schema in schemas if "const" in schema]
    for schema in schemas:
        members = schema.get("enum")
        found += members if isinstance(members, list) else []
    numbers = {item for item in found if isinstance(item, int | float)}
    return numbers, {item for item in found if isinstance(item, str)}


def _patterns(schemas: list[dict[str, Any]]) -> list[re.Pattern[str]] | None:
    """Return all patterns; None if one of them is of another kind than Python's."""
    texts = {schema["pattern"] for schema in schemas if isinstance(schema.get("pattern"), str)}
    try:
        return [re.compile(text) for text in sorted(texts)]
    except re.error:
        return None
