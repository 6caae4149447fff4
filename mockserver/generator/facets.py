"""What a schema asks of a value, its parts joined: ``allOf`` met, references followed, bounds as one interval."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from mockserver.generator.errors import DeadEnd, NoValue
from mockserver.generator.numbers import Bounds, fraction
from mockserver.generator.patterns import matches
from mockserver.generator.strings import Demands
from mockserver.schemas import ELSEWHERE, Schema

TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
_HINTS = ("example", "default", "const", "x-faker")
# What a keyword is about, where no type is said.
_ABOUT = {
    "object": (
        "properties",
        "required",
        "additionalProperties",
        "patternProperties",
        "minProperties",
        "maxProperties",
    ),
    "array": ("items", "minItems", "maxItems", "uniqueItems"),
    "string": ("minLength", "maxLength", "pattern"),
    "number": ("minimum", "maximum", "multipleOf"),
}
_NUMERIC_FORMATS = frozenset({"int32", "int64", "float", "double"})


@dataclass(frozen=True, slots=True)
class Group:
    """Schemas of which at least one must hold."""

    branches: list[Any]
    discriminator: Any = None


@dataclass(slots=True)
class Facets:
    """The joined demands of one or more schemas."""

    types: frozenset[str] | None = None
    """None: any."""
    about: frozenset[str] = frozenset()
    """The types that the keywords speak of: the likely ones where any type is allowed."""
    enum: list[Any] | None = None
    bounds: Bounds = field(default_factory=Bounds)
    width: str | None = None
    text: Demands = field(default_factory=Demands)
    items: Schema = field(default_factory=dict)
    fewest: int = 0
    highest: int | None = None
    unique: bool = False
    properties: dict[str, Schema] = field(default_factory=dict)
    by_pattern: dict[str, Schema] = field(default_factory=dict)
    others: Schema | None = field(default_factory=dict)
    """The schema of properties that are not named; None where there may be none."""
    required: frozenset[str] = frozenset()
    fewest_properties: int = 0
    highest_properties: int | None = None
    groups: list[Group] = field(default_factory=list)
    checked: bool = False
    """Whether there are demands that a value can only be checked for: ``not``, exactly one of several, ..."""
    hints: list[tuple[str, Any]] = field(default_factory=list)
    """What the author offers as values: an ``example``, a Faker provider, ..."""

    def meet(self, other: Facets) -> Facets:
        """What both demand. Raises DeadEnd where they plainly contradict each other."""
        if self.types is None or other.types is None:
            types = self.types if other.types is None else other.types
        else:
            types = _common_types(self.types, other.types)
        enum = self.enum if other.enum is None else other.enum
        if self.enum is not None and other.enum is not None:
            enum = [value for value in self.enum if any(same(value, one) for one in other.enum)]
        if (types is not None and not types) or (enum is not None and not enum):
            raise DeadEnd("no type or no value is allowed by all parts of allOf")
        properties, forbidden = _common_properties(self, other)
        required = self.required | other.required
        if required & forbidden:
            raise DeadEnd(f"{min(required & forbidden)!r} is required and not allowed")
        return Facets(
            types=types,
            about=self.about | other.about,
            enum=enum,
            bounds=self.bounds.meet(other.bounds),
            width=self.width if other.width in {None, "int64"} else other.width,
            text=self.text.meet(other.text),
            items=both(self.items, other.items),
            fewest=max(self.fewest, other.fewest),
            highest=_least(self.highest, other.highest),
            unique=self.unique or other.unique,
            properties=properties,
            by_pattern=_common_patterns(self, other),
            others=None
            if self.others is None or other.others is None
            else both(self.others, other.others),
            required=required,
            fewest_properties=max(self.fewest_properties, other.fewest_properties),
            highest_properties=_least(self.highest_properties, other.highest_properties),
            groups=[*self.groups, *other.groups],
            checked=self.checked or other.checked or bool(self.by_pattern and other.by_pattern),
            hints=[*self.hints, *other.hints],
        )

    def of_name(self, name: str) -> Schema | None:
        """What a property of that name must be; None where it may not be there."""
        schema = self.properties.get(name)
        parts = [schema for pattern, schema in self.by_pattern.items() if matches(pattern, name)]
        if schema is None and not parts:
            return self.others
        joined: Schema = both(*([] if schema is None else [schema]), *parts)
        return joined


class Reader:
    """Reads schemas of one document, in which their references lead."""

    def __init__(self, document: Schema) -> None:
        self.document = document

    def read(self, schema: Any) -> Facets:
        """All that a schema demands. Raises DeadEnd, and NoValue for a reference that leads nowhere."""
        return self._read(schema, ())

    def follow(self, reference: str) -> Any:
        """What a reference names."""
        found: Any = self.document
        try:
            for part in reference.removeprefix("#").split("/")[1:]:
                found = found[unquote(part).replace("~1", "/").replace("~0", "~")]
        except (KeyError, TypeError):
            raise NoValue(f"the reference {reference!r} leads nowhere") from None
        return found

    def _read(self, schema: Any, on_the_way: tuple[str, ...]) -> Facets:
        if schema is False or schema == {"not": {}}:
            raise DeadEnd("nothing is allowed")
        if not isinstance(schema, dict):
            return Facets()
        if isinstance(schema.get("$ref"), str):
            if schema["$ref"] in on_the_way:
                raise DeadEnd(f"{schema['$ref']!r} refers to nothing but itself")
            return self._component(schema["$ref"], on_the_way)
        facets = _own(schema)
        for part in schema.get("allOf", ()):
            facets = facets.meet(self._read(part, on_the_way))
        return facets

    def _component(self, reference: str, on_the_way: tuple[str, ...]) -> Facets:
        """A component is what the discriminator of a schema that it is made of calls it."""
        schema = self.follow(reference)
        facets = self._read(schema, (*on_the_way, reference))
        for part in schema.get("allOf", ()) if isinstance(schema, dict) else ():
            base = self.follow(part["$ref"]) if isinstance(part, dict) and "$ref" in part else None
            if (
                isinstance(base, dict)
                and "discriminator" in base
                and not base.keys() & {"oneOf", "anyOf"}
            ):
                with contextlib.suppress(DeadEnd):
                    facets = facets.meet(
                        _own(_called(component_name(reference), base["discriminator"]))
                    )
        return facets

    def branch(self, schema: Any, discriminator: Any) -> Any:
        """The branch of a choice, with the value by which the discriminator knows it."""
        if (
            not isinstance(discriminator, dict)
            or not isinstance(schema, dict)
            or "$ref" not in schema
        ):
            return schema
        called = both(schema, _called(component_name(schema["$ref"]), discriminator))
        try:
            self.read(called)
        except DeadEnd:
            return schema
        return called


def component_name(reference: str) -> str:
    """The name of the component that a reference names, whether as itself or as part of a whole."""
    return reference.rsplit("/", 1)[-1].partition("+")[0]


def both(*schemas: Any) -> Any:
    """A schema that asks for what all of these ask."""
    parts: list[Any] = []
    for schema in schemas:
        nested = (
            schema["allOf"] if isinstance(schema, dict) and list(schema) == ["allOf"] else [schema]
        )
        parts += [
            part for part in nested if part not in ({}, True, ELSEWHERE) and part not in parts
        ]
    if not parts:
        return ELSEWHERE if ELSEWHERE in schemas else {}
    return {"allOf": parts} if len(parts) > 1 else parts[0]


def same(one: Any, two: Any) -> bool:
    """Whether two JSON values are equal; true is not 1."""
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    return bool(one == two)


def _called(name: str, discriminator: Schema) -> Schema:
    """What the discriminator's property says of a component: the keys that are mapped to it, or else its name."""
    mapping = discriminator.get("mapping") or {}
    keys = [key for key, target in mapping.items() if component_name(str(target)) == name]
    return {"properties": {discriminator["propertyName"]: {"enum": keys or [name]}}}


def _own(schema: Schema) -> Facets:
    """What a schema demands by itself, without its parts."""
    types = schema.get("type")
    format = schema.get("format")
    textual = isinstance(format, str) and format not in _NUMERIC_FORMATS
    about = {
        type for type, keywords in _ABOUT.items() if any(keyword in schema for keyword in keywords)
    }
    return Facets(
        types=None if types is None else frozenset([types] if isinstance(types, str) else types),
        about=frozenset(about | ({"string"} if textual else set())),
        enum=schema.get("enum"),
        bounds=_bounds(schema),
        width=format if format in {"int32", "int64"} else None,
        text=Demands(
            int(schema.get("minLength", 0)),
            schema.get("maxLength"),
            (schema["pattern"],) if "pattern" in schema else (),
            (str(format),) if textual else (),
        ),
        items=schema.get("items", {}),
        fewest=int(schema.get("minItems", 0)),
        highest=schema.get("maxItems"),
        unique=schema.get("uniqueItems", False),
        properties=schema.get("properties", {}),
        by_pattern=schema.get("patternProperties", {}),
        others=_others(schema),
        required=frozenset(schema.get("required", ())),
        fewest_properties=int(schema.get("minProperties", 0)),
        highest_properties=schema.get("maxProperties"),
        groups=[
            Group(schema[key], schema.get("discriminator"))
            for key in ("oneOf", "anyOf")
            if key in schema
        ],
        checked="oneOf" in schema or "not" in schema,
        hints=[(key, schema[key]) for key in _HINTS if key in schema],
    )


def _bounds(schema: Schema) -> Bounds:
    least, most, step = (
        fraction(schema[key]) if key in schema else None
        for key in ("minimum", "maximum", "multipleOf")
    )
    above, below = schema.get("exclusiveMinimum") is True, schema.get("exclusiveMaximum") is True
    return Bounds(least, above and least is not None, most, below and most is not None, step)


def _others(schema: Schema) -> Schema | None:
    others = schema.get("additionalProperties", {})
    return None if others in (False, {"not": {}}) else {} if others is True else others


def _common_types(one: frozenset[str], two: frozenset[str]) -> frozenset[str]:
    wider = [types | ({"integer"} if "number" in types else set()) for types in (one, two)]
    common = wider[0] & wider[1]
    return common - {"integer"} if "number" in common else common


def _common_properties(one: Facets, two: Facets) -> tuple[dict[str, Schema], set[str]]:
    """The named properties of two schemas, and the names that one of them does not allow."""
    properties: dict[str, Schema] = {}
    forbidden: set[str] = set()
    for name in (*one.properties, *(name for name in two.properties if name not in one.properties)):
        schemas = one.of_name(name), two.of_name(name)
        if schemas[0] is None or schemas[1] is None:
            forbidden.add(name)
        else:
            properties[name] = both(*schemas)
    return properties, forbidden


def _common_patterns(one: Facets, two: Facets) -> dict[str, Schema]:
    patterns: dict[str, Schema] = {}
    for mine, other in ((one, two), (two, one)):
        for pattern, schema in mine.by_pattern.items():
            rest = other.by_pattern.get(pattern, other.others)
            if rest is not None:
                patterns[pattern] = both(schema, rest)
    return patterns


def _least(one: int | None, two: int | None) -> int | None:
    return one if two is None else two if one is None else min(one, two)
