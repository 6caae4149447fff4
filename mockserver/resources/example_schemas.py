"""Schemas of the bodies whose documents have an example and no schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.openapi.contract import Contract
from mockserver.openapi.schemas import Schema

_SILENT = frozenset(
    {
        *("type", "title", "description", "example", "examples", "default", "deprecated"),
        *("nullable", "externalDocs", "xml", "$comment"),
    }
)
"""Keywords that do not say what an object or an array holds."""
_CONTAINERS = ("object", "array")
_MAX_DEPTH = 12


def examples_of(contract: Contract, media: Schema) -> Iterator[Any]:
    """Yield the examples of a media object or parameter, and those of its schema."""
    for reference in media.get("examples", {}).values():
        example = contract.follow(reference)
        if "value" in example:
            yield example["value"]
    schema = contract.follow(media.get("schema", {}))
    for place in (media, schema):
        if "example" in place:
            yield place["example"]


def described(contract: Contract, media: Schema) -> Schema:
    """Return the schema of a media object; if it says nothing, that of its first example.

    Bodies of such a schema have all properties of the example. Objects may have any others, and
    scalars may have any type.
    """
    schema: Schema = media.get("schema", {})
    if not _says_nothing(contract, schema):
        return schema
    kind = contract.follow(schema).get("type")
    for example in examples_of(contract, media):
        found = _schema_of(example)
        if isinstance(example, dict):
            found["required"] = list(found["properties"])
        if found.get("type") in _CONTAINERS and kind in (None, found["type"]):
            return found
    return schema


def _says_nothing(contract: Contract, schema: Schema) -> bool:
    """Return whether a schema allows any object, any array of objects, or any value."""
    node = contract.follow(schema)
    if node.get("type") == "array" and isinstance(node.get("items"), dict):
        others = {key: value for key, value in node.items() if key != "items"}
        return _is_silent(others) and _is_silent(contract.follow(node["items"]))
    return _is_silent(node)


def _is_silent(node: Schema) -> bool:
    is_any = node.get("type") in (None, "object", "array")
    return is_any and all(key in _SILENT or key.startswith("x-") for key in node)


def _schema_of(value: Any, depth: int = 0) -> Schema:
    """Return a schema that an example satisfies."""
    if depth > _MAX_DEPTH or value is None:
        return {}
    if isinstance(value, dict):
        properties = {str(name): _schema_of(part, depth + 1) for name, part in value.items()}
        return {"type": "object", "properties": properties, "additionalProperties": True}
    if isinstance(value, list):
        return {"type": "array", "items": _schema_of(value[0], depth + 1) if value else {}}
    kinds = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"))
    kind = next(name for type_, name in kinds if isinstance(value, type_))
    return {"anyOf": [{"type": kind}, {}], "example": value}
