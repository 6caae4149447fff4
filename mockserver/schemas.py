"""OpenAPI 3.0 schemas made into compiled JSON Schema validators.

OpenAPI 3.0 is JSON Schema of draft 4 but for ``nullable``, which becomes a type union. In draft 4 ``1.0`` is no
integer: money is never a float. Response schemas are closed on the way: what the contract does not name, the mock may
not send.
"""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

Schema = dict[str, Any]
Validator = jsonschema_rs.Draft4Validator

_IGNORED = frozenset({"description", "title", "example", "examples", "nullable", "default"})


def convert(schema: Any, *, closed: bool = False) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema of draft 4; ``closed`` allows no properties but the named ones."""
    if isinstance(schema, list):
        return [convert(each, closed=closed) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    converted = {
        key: _properties(value, closed) if key == "properties" else convert(value, closed=closed)
        for key, value in schema.items()
        if key not in _IGNORED and not key.startswith("x-")
    }
    if schema.get("nullable"):
        if "type" in converted:
            converted["type"] = [converted["type"], "null"]
        if "enum" in converted and None not in converted["enum"]:
            converted["enum"] = [*converted["enum"], None]
    if closed and "properties" in converted:
        converted.setdefault("additionalProperties", False)
    return converted


def compile_schema(schema: Schema, components: Schema, *, closed: bool = False) -> Validator:
    """A validator of one schema, with the component schemas that it refers to."""
    needed: Schema = {}
    for name in _references(schema, components, set()):
        needed[name] = convert(components[name], closed=closed)
    root = convert(schema, closed=closed)
    if "$ref" in root:
        root = dict(convert(resolve(schema, components), closed=closed))
    return Validator({**root, "components": {"schemas": needed}}, validate_formats=True)


def resolve(schema: Schema, components: Schema) -> Schema:
    """The schema itself, where it is a reference to a component."""
    while "$ref" in schema:
        schema = components[schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _properties(properties: Schema, closed: bool) -> Schema:
    return {name: convert(schema, closed=closed) for name, schema in properties.items()}


def _references(schema: Any, components: Schema, seen: set[str]) -> Iterator[str]:
    """The names of all component schemas that a schema needs, each once."""
    if isinstance(schema, list):
        for each in schema:
            yield from _references(each, components, seen)
    elif isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            name = reference.rsplit("/", 1)[1]
            if name not in seen:
                seen.add(name)
                yield name
                yield from _references(components[name], components, seen)
        for key, each in schema.items():
            if key == "properties":
                yield from _references(list(each.values()), components, seen)
            elif key not in _IGNORED:
                yield from _references(each, components, seen)
