"""Compiles OpenAPI 3.0 schemas into JSON Schema validators.

OpenAPI 3.0 schemas are JSON Schema draft 4 apart from ``nullable``, which becomes a type union. In
draft 4 ``1.0`` is not an integer, so amounts of money are never floats. Response schemas are
closed: the mock may send only what the contract names.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

Schema = dict[str, Any]
Validator = jsonschema_rs.Draft4Validator

_IGNORED = frozenset({"description", "title", "example", "examples", "nullable", "default"})
_BY_NAME = frozenset({"properties", "patternProperties"})
_BRANCHES = ("allOf", "oneOf", "anyOf")
UUID_PATTERN = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
"""Stands for ``format: uuid``, which draft 4 does not know."""
SIBLING_PROPERTY: Schema = {"x-sibling-property": True}
"""Stands for a property that another part of the same composition describes."""
_PART = "+part"
"""Suffix of a component's name within a composition. Component names contain no ``+``."""


def convert(schema: Any, *, hints: bool = False) -> Any:
    """Return an OpenAPI 3.0 schema as JSON Schema draft 4.

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
        if key != "nullable" and (hints or (key not in _IGNORED and not key.startswith("x-")))
    }
    if schema.get("format") == "uuid" and "pattern" not in schema and not hints:
        converted["pattern"] = UUID_PATTERN
    if schema.get("nullable"):
        if "type" in converted:
            converted["type"] = [converted["type"], "null"]
        if "enum" in converted and None not in converted["enum"]:
            converted["enum"] = [*converted["enum"], None]
    return converted


def compile_schema(
    schema: Schema, components: Mapping[str, Any], *, closed: bool = False
) -> Validator:
    """Return a validator of one schema and the component schemas that it refers to.

    ``closed`` rejects properties that the contract does not name: see ``ResponseSchemas``.
    """
    return Validator(
        standalone(schema, ResponseSchemas(components) if closed else components),
        validate_formats=True,
    )


def standalone(schema: Schema, components: Mapping[str, Any], *, hints: bool = False) -> Schema:
    """Return a schema as a draft 4 document with the component schemas that it refers to."""
    if isinstance(components, ResponseSchemas):
        schema = components.restrict(schema)
    needed = {
        name: convert(components[name], hints=hints) for name in _references(schema, components)
    }
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
        self._components = components
        self._closed = closed
        self._restricted: Schema = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._restricted:
            schema = self._components[name.removesuffix(_PART)]
            self._restricted[name] = self.restrict(schema, part=name.endswith(_PART))
        return self._restricted[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._components)

    def __len__(self) -> int:
        return len(self._components)

    def restrict(self, schema: Any, *, part: bool = False) -> Any:
        """Return one schema restricted to responses, its references included."""
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            return {"$ref": schema["$ref"] + _PART if part and self._closed else schema["$ref"]}
        joined = (
            "allOf" in schema or sum(key in schema for key in ("properties", "oneOf", "anyOf")) > 1
        )
        restricted = {
            key: self._keyword(key, value, part or joined) for key, value in schema.items()
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

    def _keyword(self, key: str, value: Any, part: bool) -> Any:
        if key in _BY_NAME:
            return {name: self.restrict(property) for name, property in value.items()}
        if key in _BRANCHES:
            return [self.restrict(branch, part=part) for branch in value]
        if key == "not":
            return self.restrict(value, part=True)
        return self.restrict(value) if key in {"items", "additionalProperties"} else value

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
        open_ended = schema.get("additionalProperties", False) is not False
        for branch in (branch for key in _BRANCHES for branch in schema.get(key, ())):
            more, open_too = self._named(branch, seen)
            names, open_ended = names | more, open_ended or open_too
        return names, open_ended

    def _write_only(self, schema: Schema) -> bool:
        return resolve(schema, self._components).get("writeOnly") is True


def _converted(key: str, value: Any, hints: bool) -> Any:
    if key in _BY_NAME:
        return {name: convert(schema, hints=hints) for name, schema in value.items()}
    return (
        value
        if key in _IGNORED or key == "enum" or key.startswith("x-")
        else convert(value, hints=hints)
    )


def _references(root: Any, components: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of all component schemas that a schema needs, each once.

    A stack replaces recursion: chains of components may be long.
    """
    seen: set[str] = set()
    left = [root]
    while left:
        schema = left.pop()
        if isinstance(schema, list):
            left.extend(reversed(schema))
        elif isinstance(schema, dict):
            nested = [_schemas_within(key, value) for key, value in schema.items()]
            left.extend(reversed(nested))
            reference = schema.get("$ref")
            if isinstance(reference, str) and (name := _component_name(reference)) not in seen:
                seen.add(name)
                yield name
                left.append(components[name])


def _schemas_within(key: str, value: Any) -> Any:
    """Return what can hold schemas in the value of a keyword."""
    if key in _BY_NAME:
        return list(value.values())
    return None if key in _IGNORED or key == "enum" or key.startswith("x-") else value


def _component_name(reference: str) -> str:
    """Return the name of the component that a reference leads to."""
    return unquote(reference.rsplit("/", 1)[1])
