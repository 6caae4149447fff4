"""What a schema requires of a value, with ``allOf`` merged and references followed."""

from __future__ import annotations

import contextlib
from typing import Any
from urllib.parse import unquote

from msgspec import Struct, field

from mockserver.generator import keywords
from mockserver.generator.errors import NoValue, Unsatisfiable
from mockserver.generator.keywords import all_of
from mockserver.generator.numbers import Bounds
from mockserver.generator.patterns import matches
from mockserver.generator.strings import StringConstraints
from mockserver.openapi.schemas import Schema

TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
_HINT_KEYWORDS = ("example", "default", "const", "x-faker")
# The type that a keyword implies if the schema has no ``type``.
_KEYWORDS_OF_TYPE = {
    "object": (
        "properties",
        "required",
        "additionalProperties",
        "patternProperties",
        "minProperties",
        "maxProperties",
        "propertyNames",
        "dependentRequired",
        "dependentSchemas",
        "unevaluatedProperties",
    ),
    "array": ("items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"),
    "string": ("minLength", "maxLength", "pattern"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
_CHECKED = frozenset(
    {
        "oneOf",
        "not",
        "if",
        "contains",
        "propertyNames",
        "dependentRequired",
        "dependentSchemas",
        "unevaluatedProperties",
        "unevaluatedItems",
    }
)
"""Keywords that can only be checked on a finished value."""
_NUMERIC_FORMATS = frozenset({"int32", "int64", "float", "double"})


class BranchGroup(Struct, frozen=True):
    """Schemas of which at least one must match."""

    branches: list[Any]
    discriminator: Any = None


class Constraints(Struct):
    """The merged constraints of one or more schemas."""

    types: frozenset[str] | None = None
    """None allows any type."""
    implied_types: frozenset[str] = frozenset()
    """Types that the keywords are about. They are preferred if any type is allowed."""
    enum: list[Any] | None = None
    bounds: Bounds = field(default_factory=Bounds)
    integer_format: str | None = None
    string: StringConstraints = field(default_factory=StringConstraints)
    items: Schema = field(default_factory=dict)
    prefix: tuple[Any, ...] = ()
    """The schemas of the first items."""
    min_items: int = 0
    max_items: int | None = None
    unique_items: bool = False
    properties: dict[str, Schema] = field(default_factory=dict)
    pattern_properties: dict[str, Schema] = field(default_factory=dict)
    additional: Schema | None = field(default_factory=dict)
    """Schema of properties that are not named, or None if no others are allowed."""
    names: Schema | None = None
    """Schema of the names of properties that are not named."""
    required: frozenset[str] = frozenset()
    min_properties: int = 0
    max_properties: int | None = None
    groups: list[BranchGroup] = field(default_factory=list)
    needs_check: bool = False
    """Whether some constraints can only be checked on a finished value."""
    hints: list[tuple[str, Any]] = field(default_factory=list)
    """Values suggested by the author: ``example``, ``default``, ``x-faker``, ..."""

    def intersect(self, other: Constraints) -> Constraints:
        """Return the constraints of both. Raise Unsatisfiable if they clearly contradict."""
        types = _common_types(self.types, other.types)
        enum = _common_values(self.enum, other.enum)
        if types == frozenset() or enum == []:
            raise Unsatisfiable("no type or value is allowed by all parts of allOf")
        properties, forbidden = _common_properties(self, other)
        required = self.required | other.required
        if required & forbidden:
            raise Unsatisfiable(f"{min(required & forbidden)!r} is required but not allowed")
        return Constraints(
            types=types,
            implied_types=self.implied_types | other.implied_types,
            enum=enum,
            bounds=self.bounds.intersect(other.bounds),
            integer_format=self.integer_format
            if other.integer_format in {None, "int64"}
            else other.integer_format,
            string=self.string.intersect(other.string),
            items=all_of(self.items, other.items),
            prefix=_common_prefix(self, other),
            min_items=max(self.min_items, other.min_items),
            max_items=_lower_limit(self.max_items, other.max_items),
            unique_items=self.unique_items or other.unique_items,
            properties=properties,
            pattern_properties=_common_patterns(self, other),
            additional=None
            if self.additional is None or other.additional is None
            else all_of(self.additional, other.additional),
            names=self.names if other.names is None else all_of(self.names or {}, other.names),
            required=required,
            min_properties=max(self.min_properties, other.min_properties),
            max_properties=_lower_limit(self.max_properties, other.max_properties),
            groups=[*self.groups, *other.groups],
            needs_check=self.needs_check
            or other.needs_check
            or bool(self.pattern_properties and other.pattern_properties),
            hints=[*self.hints, *other.hints],
        )

    def schema_for(self, name: str) -> Schema | None:
        """Return the schema of a property, or None if the property is not allowed."""
        schema = self.properties.get(name)
        parts = [
            schema for pattern, schema in self.pattern_properties.items() if matches(pattern, name)
        ]
        if schema is None and not parts:
            return self.additional
        joined: Schema = all_of(*([] if schema is None else [schema]), *parts)
        return joined


class ConstraintReader:
    """Reads the schemas of one document and follows their references."""

    def __init__(self, document: Schema) -> None:
        self.document = document

    def read(self, schema: Any) -> Constraints:
        """Return the constraints of a schema.

        Raise Unsatisfiable if they contradict each other, and NoValue if a reference has no target.
        """
        return self._read(schema, ())

    def follow(self, reference: str) -> Any:
        """Return the target of a reference. Raise NoValue if it does not exist."""
        found: Any = self.document
        try:
            for part in reference.removeprefix("#").split("/")[1:]:
                found = found[unquote(part).replace("~1", "/").replace("~0", "~")]
        except (KeyError, TypeError):
            raise NoValue(f"the reference {reference!r} has no target") from None
        return found

    def _read(self, schema: Any, visited: tuple[str, ...]) -> Constraints:
        if schema is False or schema == {"not": {}}:
            raise Unsatisfiable("the schema allows no value")
        if not isinstance(schema, dict):
            return Constraints()
        if isinstance(schema.get("$ref"), str):
            if schema["$ref"] in visited:
                raise Unsatisfiable(f"{schema['$ref']!r} refers only to itself")
            return self._component(schema["$ref"], visited)
        constraints = _own_constraints(schema)
        for part in schema.get("allOf", ()):
            constraints = constraints.intersect(self._read(part, visited))
        return constraints

    def _component(self, reference: str, visited: tuple[str, ...]) -> Constraints:
        """Read a component, with the discriminator value that its base schema assigns to it."""
        schema = self.follow(reference)
        constraints = self._read(schema, (*visited, reference))
        for part in schema.get("allOf", ()) if isinstance(schema, dict) else ():
            base = self.follow(part["$ref"]) if isinstance(part, dict) and "$ref" in part else None
            if (
                isinstance(base, dict)
                and "discriminator" in base
                and not base.keys() & {"oneOf", "anyOf"}
            ):
                with contextlib.suppress(Unsatisfiable):
                    constraints = constraints.intersect(
                        _own_constraints(
                            _discriminator_schema(component_name(reference), base["discriminator"])
                        )
                    )
        return constraints

    def branch(self, schema: Any, discriminator: Any) -> Any:
        """Return a branch of a choice, with its discriminator value if that is compatible."""
        if (
            not isinstance(discriminator, dict)
            or not isinstance(schema, dict)
            or "$ref" not in schema
        ):
            return schema
        identified = all_of(
            schema, _discriminator_schema(component_name(schema["$ref"]), discriminator)
        )
        try:
            self.read(identified)
        except Unsatisfiable:
            return schema
        return identified


def component_name(reference: str) -> str:
    """Return the name of the component that a reference names, without the part suffix."""
    return reference.rsplit("/", 1)[-1].partition("+")[0]


def json_equal(first: Any, second: Any) -> bool:
    """Return whether two JSON values are equal. ``true`` and 1 are different."""
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(json_equal, first, second))
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(
            json_equal(first[key], second[key]) for key in first
        )
    return bool(first == second)


def _discriminator_schema(name: str, discriminator: Schema) -> Schema:
    """Return the schema of a component's discriminator property.

    It allows the mapped keys, or the component's own name if no key is mapped to it.
    """
    mapping = discriminator.get("mapping") or {}
    keys = [key for key, target in mapping.items() if component_name(str(target)) == name]
    return {"properties": {discriminator["propertyName"]: {"enum": keys or [name]}}}


def _own_constraints(schema: Schema) -> Constraints:
    """Return the constraints of a schema itself, without those of its parts."""
    types = schema.get("type")
    format = schema.get("format")
    textual = isinstance(format, str) and format not in _NUMERIC_FORMATS
    implied_types = {
        type
        for type, keywords in _KEYWORDS_OF_TYPE.items()
        if any(keyword in schema for keyword in keywords)
    }
    return Constraints(
        types=None if types is None else frozenset([types] if isinstance(types, str) else types),
        implied_types=frozenset(implied_types | ({"string"} if textual else set())),
        enum=schema.get("enum"),
        bounds=keywords.bounds(schema),
        integer_format=format if format in {"int32", "int64"} else None,
        string=StringConstraints(
            int(schema.get("minLength", 0)),
            schema.get("maxLength"),
            (schema["pattern"],) if "pattern" in schema else (),
            (str(format),) if textual else (),
        ),
        items=schema.get("items", {}),
        prefix=keywords.prefix(schema),
        min_items=max(int(schema.get("minItems", 0)), keywords.wanted_items(schema)),
        max_items=schema.get("maxItems"),
        unique_items=schema.get("uniqueItems", False),
        properties=schema.get("properties", {}),
        pattern_properties=schema.get("patternProperties", {}),
        additional=keywords.additional(schema),
        names=schema.get("propertyNames"),
        required=frozenset(schema.get("required", ())),
        min_properties=int(schema.get("minProperties", 0)),
        max_properties=schema.get("maxProperties"),
        groups=[
            BranchGroup(schema[key], schema.get("discriminator"))
            for key in ("oneOf", "anyOf")
            if key in schema
        ]
        + [BranchGroup(branches) for branches in keywords.dependencies(schema)],
        needs_check=not _CHECKED.isdisjoint(schema),
        hints=[(key, schema[key]) for key in _HINT_KEYWORDS if key in schema],
    )


def _common_types(
    first: frozenset[str] | None, second: frozenset[str] | None
) -> frozenset[str] | None:
    """Return the types that both allow; None allows any type. Every integer is a number."""
    if first is None or second is None:
        return first if second is None else second
    wider = [types | ({"integer"} if "number" in types else set()) for types in (first, second)]
    common = wider[0] & wider[1]
    return common - {"integer"} if "number" in common else common


def _common_values(first: list[Any] | None, second: list[Any] | None) -> list[Any] | None:
    """Return the enum values that both allow; None allows any value."""
    if first is None or second is None:
        return first if second is None else second
    return [value for value in first if any(json_equal(value, other) for other in second)]


def _common_properties(
    first: Constraints, second: Constraints
) -> tuple[dict[str, Schema], set[str]]:
    """Return the named properties of two schemas, and the names that one of them forbids."""
    properties: dict[str, Schema] = {}
    forbidden: set[str] = set()
    for name in (
        *first.properties,
        *(name for name in second.properties if name not in first.properties),
    ):
        schemas = first.schema_for(name), second.schema_for(name)
        if schemas[0] is None or schemas[1] is None:
            forbidden.add(name)
        else:
            properties[name] = all_of(*schemas)
    return properties, forbidden


def _common_patterns(first: Constraints, second: Constraints) -> dict[str, Schema]:
    patterns: dict[str, Schema] = {}
    for mine, other in ((first, second), (second, first)):
        for pattern, schema in mine.pattern_properties.items():
            rest = other.pattern_properties.get(pattern, other.additional)
            if rest is not None:
                patterns[pattern] = all_of(schema, rest)
    return patterns


def _common_prefix(first: Constraints, second: Constraints) -> tuple[Any, ...]:
    length = max(len(first.prefix), len(second.prefix))
    return tuple(
        all_of(
            *(
                side.prefix[index] if index < len(side.prefix) else side.items
                for side in (first, second)
            )
        )
        for index in range(length)
    )


def _lower_limit(first: int | None, second: int | None) -> int | None:
    return first if second is None else second if first is None else min(first, second)
