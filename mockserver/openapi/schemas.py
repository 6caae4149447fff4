"""Compiles the schemas of a document into JSON Schema validators.

OpenAPI 3.0 schemas are JSON Schema draft 4 apart from ``nullable``, which becomes a type union. In
draft 4 ``1.0`` is not an integer, so amounts of money are never floats. Schemas of OpenAPI 3.1 and
later are JSON Schema 2020-12, in the normal form of ``normal_form``. Response schemas are closed:
the mock may send only what the contract names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import orjson
from msgspec import Struct

from mockserver.json_bytes import kept
from mockserver.openapi.shared_validators import (
    MANY_COMPONENTS,
    Compiled,
    SharedValidator,
    SharedValidators,
)

Schema = dict[str, Any]
Validator = jsonschema_rs.Draft4Validator | jsonschema_rs.Draft202012Validator | SharedValidator


class Dialect(Struct, frozen=True):
    """The draft of JSON Schema that the schemas of a document follow."""

    validator: type[Compiled]
    draft: int
    """The number of the draft in jsonschema-rs."""

    def compile(self, schema: Schema) -> Compiled:
        """Return a validator of a JSON Schema document. Known formats are asserted."""
        return self.validator(schema, validate_formats=True)


DRAFT_4 = Dialect(jsonschema_rs.Draft4Validator, jsonschema_rs.Draft4)
DRAFT_2020_12 = Dialect(jsonschema_rs.Draft202012Validator, jsonschema_rs.Draft202012)


class Components(dict[str, Any]):
    """The component schemas of a document, by name, with the dialect that they follow."""

    def __init__(
        self,
        schemas: Mapping[str, Any],
        dialect: Dialect,
        responses: Callable[[], Iterable[Schema]] = tuple,
    ) -> None:
        """Take component schemas by name, and what returns the schemas of all responses."""
        super().__init__(schemas)
        self.dialect = dialect
        self._responses = responses
        self.converted = ConvertedSchemas(self)
        self._validators: dict[tuple[bytes, bool], Validator] = {}

    @cached_property
    def closed(self) -> ResponseSchemas:
        """The component schemas as they are in responses."""
        return ResponseSchemas(self)

    def validator(self, schema: Schema, *, closed: bool = False) -> Validator:
        """Return a compiled schema. Equal schemas, such as those of errors, are compiled once."""
        key = (kept(orjson.dumps(schema)), closed)
        if key not in self._validators:
            components = self.closed if closed else self
            shared = self._shared.validator(schema) if closed and self._is_large(schema) else None
            self._validators[key] = shared or compile_schema(schema, components)
        return self._validators[key]

    def _is_large(self, schema: Schema) -> bool:
        """Return whether a response reaches so many schemas that it is compiled with others."""
        if len(self) <= MANY_COMPONENTS:
            return False
        return len(self.closed.converted.needed(self.closed.restrict(schema))) > MANY_COMPONENTS

    @cached_property
    def _shared(self) -> SharedValidators:
        """The schemas of large responses, compiled together."""

        def large() -> Iterator[Schema]:
            yield from filter(self._is_large, self._responses())

        def compile_all(schemas: Mapping[str, Any]) -> Compiled:
            return compile_together(schemas, self.closed)

        return SharedValidators(
            lambda schema: compile_schema(schema, self.closed), compile_all, large
        )


class ConvertedSchemas:
    """Component schemas as JSON Schema, each converted when it is first needed."""

    def __init__(self, components: Mapping[str, Any]) -> None:
        self._components = components
        self._schemas: dict[tuple[str, bool], Any] = {}
        self._needed: dict[str, list[str]] = {}

    def get(self, name: str, *, hints: bool) -> Any:
        """Return the schema of a name. See ``convert``."""
        schema = self._schemas.get((name, hints))
        if schema is None:
            schema = convert(self._components[name], hints=hints)
            self._schemas[name, hints] = schema
        return schema

    def needed(self, schema: Any) -> list[str]:
        """Return the names of all component schemas that a schema needs. Raise KeyError."""
        found = dict.fromkeys(_names_within(schema))
        pending = [*found]
        while pending:
            name = pending.pop()
            direct = self._needed.get(name)
            if direct is None:
                direct = self._needed[name] = [*_names_within(self._components[name])]
            new = [other for other in direct if other not in found]
            found.update(dict.fromkeys(new))
            pending += new
        return [*found]


def dialect_of(components: Mapping[str, Any]) -> Dialect:
    """Return the dialect of component schemas: draft 4, unless they have another one."""
    dialect: Dialect = getattr(components, "dialect", DRAFT_4)
    return dialect


_IGNORED = frozenset({"description", "title", "example", "examples", "nullable", "default"})
_VERBATIM = frozenset({"enum", "const", "dependentRequired", "discriminator", "xml"})
"""Keywords whose values contain no schemas."""
_IDENTIFIERS = frozenset({"$id", "$schema", "$anchor", "$dynamicAnchor", "$defs", "$comment"})
"""Keywords that are left out: references have been resolved."""
_BY_NAME = frozenset({"properties", "patternProperties", "dependentSchemas"})
_BRANCHES = ("allOf", "oneOf", "anyOf")
_WITHIN = frozenset({"items", "additionalProperties", "contains", "unevaluatedItems"})
_CONDITIONS = frozenset({"not", "if", "then", "else"})
_CLOSING = frozenset({"if", "dependentSchemas", "unevaluatedProperties"})
"""Keywords that concern all properties of a composition."""
UUID_PATTERN = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
"""Stands for ``format: uuid``, which draft 4 does not know."""
SIBLING_PROPERTY: Schema = {"x-sibling-property": True}
"""Stands for a property that another part of the same composition describes."""
_PART, _OPEN_PART = "+part", "+open"
"""Suffixes of a component's name within a composition. Component names contain no ``+``.

The second one is for compositions of which several parts describe the same object."""


def convert(schema: Any, *, hints: bool = False) -> Any:
    """Return a schema of a document as JSON Schema.

    ``hints`` keeps the annotations that validators ignore, such as ``example`` and ``x-faker``.
    """
    if isinstance(schema, list):
        return [convert(item, hints=hints) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    converted = {
        key: _converted(key, value, hints)
        for key, value in schema.items()
        if key != "nullable"
        and key not in _IDENTIFIERS
        and not (key in _BRANCHES and value == [])
        and (hints or (key not in _IGNORED and not key.startswith("x-")))
    }
    if schema.get("format") == "uuid" and "pattern" not in schema and not hints:
        converted["pattern"] = UUID_PATTERN
    if schema.get("nullable"):
        if "type" in converted:
            converted["type"] = [converted["type"], "null"]
        if "enum" in converted and None not in converted["enum"]:
            converted["enum"] = [*converted["enum"], None]
        if "type" not in converted and not hints and any(key in converted for key in _BRANCHES):
            # By the letter, nullable counts beside a type only. Null is accepted, not generated.
            return {"anyOf": [converted, {"enum": [None]}]}
    return converted


def compile_schema(
    schema: Schema, components: Mapping[str, Any], *, closed: bool = False
) -> Compiled:
    """Return a validator of one schema and the component schemas that it refers to.

    ``closed`` rejects properties that the contract does not name: see ``ResponseSchemas``.
    """
    if closed and not isinstance(components, ResponseSchemas):
        components = ResponseSchemas(components)
    return dialect_of(components).compile(standalone(schema, components))


def compile_together(schemas: Mapping[str, Schema], components: ResponseSchemas) -> Compiled:
    """Return a validator of objects whose properties have a value of the schema of their name."""
    restricted = {name: components.restrict(schema) for name, schema in schemas.items()}
    properties = {name: convert(schema) for name, schema in restricted.items()}
    converted = components.converted
    needed = {name: converted.get(name, hints=False) for name in converted.needed(restricted)}
    document = {"properties": properties, "components": {"schemas": needed}}
    return dialect_of(components).compile(document)


def standalone(schema: Schema, components: Mapping[str, Any], *, hints: bool = False) -> Schema:
    """Return a schema as JSON Schema with the component schemas that it refers to."""
    if isinstance(components, ResponseSchemas):
        schema = components.restrict(schema)
    converted = getattr(components, "converted", None) or ConvertedSchemas(components)
    needed = {name: converted.get(name, hints=hints) for name in converted.needed(schema)}
    return {**convert(resolve(schema, components), hints=hints), "components": {"schemas": needed}}


def resolve(schema: Schema, components: Mapping[str, Any]) -> Schema:
    """Return the schema itself, or the component that it refers to."""
    while "$ref" in schema:
        schema = components[_component_name(schema["$ref"])]
    return schema


class ResponseSchemas(Mapping[str, Any]):
    """Component schemas restricted to responses.

    Write-only properties are removed. If ``closed``, only named properties are allowed. A composed
    schema (``allOf``, or ``properties`` beside ``oneOf``) is closed as a whole, around the
    properties that all its parts name. Closing each part by itself would forbid the properties of
    the others.
    """

    def __init__(self, components: Mapping[str, Any], *, closed: bool = True) -> None:
        self.dialect = dialect_of(components)
        self._components = components
        self._closed = closed
        self._restricted: Schema = {}
        self.converted = ConvertedSchemas(self)

    def __getitem__(self, name: str) -> Any:
        if name not in self._restricted:
            plain, suffix, _ = name.partition("+")
            is_open = name.endswith(_OPEN_PART)
            self._restricted[name] = self.restrict(
                self._components[plain], part=bool(suffix), is_open=is_open
            )
        return self._restricted[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._components)

    def __len__(self) -> int:
        return len(self._components)

    def restrict(self, schema: Any, *, part: bool = False, is_open: bool = False) -> Any:
        """Return one schema restricted to responses, its references included.

        ``is_open`` leaves the objects in the properties of a part open.
        """
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            suffix = (_OPEN_PART if is_open else _PART) if part and self._closed else ""
            return {"$ref": schema["$ref"] + suffix}
        joined = (
            "allOf" in schema
            or sum(key in schema for key in ("properties", "oneOf", "anyOf")) > 1
            or not _CLOSING.isdisjoint(schema)
        )
        is_open = is_open or ("allOf" in schema and self._shares_objects(schema))
        restricted = {
            key: self._keyword(key, value, part or joined, is_open) for key, value in schema.items()
        }
        hidden = {
            name
            for name, property in schema.get("properties", {}).items()
            if self._write_only(property)
        }
        if hidden:
            restricted["properties"] = {
                name: restricted["properties"][name]
                for name in schema["properties"]
                if name not in hidden
            }
            restricted["required"] = [
                name for name in schema.get("required", []) if name not in hidden
            ]
            if not restricted["required"]:
                del restricted["required"]
        if self._closed and not part:
            self._close(schema, restricted, joined)
        return restricted

    def _keyword(self, key: str, value: Any, part: bool, is_open: bool) -> Any:
        if key in _BY_NAME:
            is_part = key == "dependentSchemas" or is_open
            return {name: self._property(schema, is_part) for name, schema in value.items()}
        if key in _BRANCHES:
            return [self.restrict(branch, part=part, is_open=is_open) for branch in value]
        if key in _CONDITIONS:
            return self.restrict(value, part=True)
        if key == "prefixItems":
            return [self.restrict(item) for item in value]
        return self.restrict(value) if key in _WITHIN else value

    def _property(self, schema: Any, is_part: bool) -> Any:
        """Return the schema of a property. The objects in the array of a part are open, too."""
        restricted = self.restrict(schema, part=is_part)
        if is_part and isinstance(restricted, dict) and "items" in restricted:
            restricted["items"] = self.restrict(schema["items"], part=True)
        return restricted

    def _shares_objects(self, schema: Schema) -> bool:
        """Return whether several parts of a composition describe the properties of one object."""
        found: dict[str, Schema] = {}
        left, seen = [schema], set[int]()
        while left:
            part = resolve(left.pop(), self._components)
            if id(part) in seen:
                continue
            seen.add(id(part))
            left += part.get("allOf", ())
            for name, property in part.get("properties", {}).items():
                described = resolve(property, self._components)
                if isinstance(described.get("items"), dict):
                    described = resolve(described["items"], self._components)
                if "properties" in described and found.setdefault(name, described) != described:
                    return True
        return False

    def _close(self, schema: Schema, restricted: Schema, joined: bool) -> None:
        if "oneOf" in schema and not joined:
            # ``oneOf`` counts the branches as the contract writes them; ``anyOf`` closes the one
            # that matches.
            restricted["anyOf"] = restricted["oneOf"]
            restricted["oneOf"] = [self.restrict(branch, part=True) for branch in schema["oneOf"]]
        names, open_ended = (
            self._named(schema, set()) if joined or "properties" in schema else (set[str](), True)
        )
        if (
            not open_ended
            and (names or "properties" in schema)
            and "additionalProperties" not in schema
            and "unevaluatedProperties" not in schema
        ):
            others: Schema = dict.fromkeys(
                sorted(names - set(schema.get("properties", ()))), SIBLING_PROPERTY
            )
            restricted["properties"] = restricted.get("properties", {}) | others
            restricted["additionalProperties"] = False

    def _named(self, schema: Schema, seen: set[str]) -> tuple[set[str], bool]:
        """Return all property names of a composition, and whether a part allows others."""
        if "$ref" in schema:
            if schema["$ref"] in seen:
                return set(), False
            seen.add(schema["$ref"])
            schema = resolve(schema, self._components)
        properties = schema.get("properties", {})
        names = {*properties, *schema.get("required", ())}
        names -= {name for name, property in properties.items() if self._write_only(property)}
        open_ended = (
            schema.get("additionalProperties", False) is not False
            or schema.get("unevaluatedProperties", False) is not False
            or "patternProperties" in schema
        )
        for branch in _parts_of(schema):
            more, open_too = self._named(branch, seen)
            names, open_ended = names | more, open_ended or open_too
        return names, open_ended

    def _write_only(self, schema: Schema) -> bool:
        return resolve(schema, self._components).get("writeOnly") is True


def _parts_of(schema: Schema) -> Iterator[Schema]:
    """Yield the schemas that apply to the same value as a schema."""
    for key in _BRANCHES:
        yield from schema.get(key, ())
    yield from schema.get("dependentSchemas", {}).values()
    yield from (schema[key] for key in ("if", "then", "else") if key in schema)


def _converted(key: str, value: Any, hints: bool) -> Any:
    if key in _BY_NAME:
        return {name: convert(schema, hints=hints) for name, schema in value.items()}
    return (
        value
        if key in _IGNORED or key in _VERBATIM or key.startswith("x-")
        else convert(value, hints=hints)
    )


def _names_within(root: Any) -> Iterator[str]:
    """Yield the names of the component schemas that a schema refers to.

    A stack replaces recursion: schemas may be nested deeply.
    """
    left = [root]
    while left:
        schema = left.pop()
        if isinstance(schema, list):
            left.extend(schema)
        elif isinstance(schema, dict):
            left.extend(_schemas_within(key, value) for key, value in schema.items())
            reference = schema.get("$ref")
            if isinstance(reference, str):
                yield _component_name(reference)


def _schemas_within(key: str, value: Any) -> Any:
    """Return what can hold schemas in the value of a keyword."""
    if key in _BY_NAME:
        return list(value.values())
    is_data = key in _IGNORED or key in _VERBATIM or key in _IDENTIFIERS or key.startswith("x-")
    return None if is_data else value


def _component_name(reference: str) -> str:
    """Return the name of the component that a reference leads to."""
    return unquote(reference.rsplit("/", 1)[1])
