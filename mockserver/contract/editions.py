"""Editions of an OpenAPI 3.0 document: as OpenAPI 3.1, and for generators of clients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mockserver.contract.directions import received_only
from mockserver.contract.rewriting import Node, rewrite, target
from mockserver.openapi import references
from mockserver.openapi.problems import Pointer
from mockserver.openapi.shape import KINDS, METHODS

_ANNOTATIONS = frozenset({"title", "description", "example", "deprecated", "externalDocs"})
_EXCLUSIVE = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))
_ENCODINGS = {
    "byte": ("contentEncoding", "base64"),
    "binary": ("contentMediaType", "application/octet-stream"),
}
_BESIDE_NULL = _ANNOTATIONS | {"default", "readOnly", "writeOnly", "xml"}
"""Keywords that stay beside the choice between a nullable schema and null."""
_BRANCHES = ("allOf", "oneOf", "anyOf")
_REFERENCE = ("$ref", "summary", "description")
"""The fields of a reference. OpenAPI 3.0 ignores others, 3.1 would apply those of a schema."""
_FOR_QUERY = ("allowEmptyValue", "allowReserved")
"""Fields that have no effect outside the query, where 3.1 forbids them."""
_INTERNAL = "x-internal"
"""Marks an object that is of no use to clients."""


# -------------------------------------------------------------------------------------- OpenAPI 3.1


def as_3_1(document: Node) -> Node:
    """Return an OpenAPI 3.0 document as one of 3.1, with its callbacks as webhooks too."""
    modern = rewrite(document, _in_3_1)
    return {**modern, "openapi": "3.1.0"} | _webhooks(modern)


def _in_3_1(kind: str, _: Node, node: Node) -> Node:
    if kind == "schema":
        return _schema_in_3_1(node)
    if isinstance(node.get("$ref"), str) and kind != "path item":
        return {key: value for key, value in node.items() if key in _REFERENCE}
    if kind == "header" or (kind == "parameter" and node.get("in") != "query"):
        return {key: value for key, value in node.items() if key not in _FOR_QUERY}
    return node


def _schema_in_3_1(schema: Node) -> Node:
    """Return one schema with the words of 3.1. Its parts have them already."""
    if isinstance(schema.get("$ref"), str):
        return {key: value for key, value in schema.items() if _is_of_reference(key)}
    if is_annotated_reference(schema):
        schema = {**schema["allOf"][0], **{key: schema[key] for key in schema if key != "allOf"}}
    if schema.get("nullable") is True and any(map(schema.get, _BRANCHES)) and "type" not in schema:
        schema = _or_null(schema)
    is_nullable = schema.get("nullable") is True and isinstance(schema.get("type"), str)
    changed: Node = {}
    for key, value in schema.items():
        if key == "type" and is_nullable:
            changed[key] = [value, "null"]
        elif key == "enum" and schema.get("nullable") is True and None not in value:
            changed[key] = [*value, None]
        elif key == "example":
            changed["examples"] = [value]
        elif key == "format" and value in _ENCODINGS:
            changed.update([_ENCODINGS[value]])
        elif key != "nullable":
            changed[key] = value
    for exclusive, inclusive in _EXCLUSIVE:
        flag = changed.get(exclusive)
        if isinstance(flag, bool):
            del changed[exclusive]
            if flag and inclusive in changed:
                changed[exclusive] = changed.pop(inclusive)
    return changed


def ignored_siblings(document: Node) -> Iterator[tuple[Pointer, list[str]]]:
    """Yield the references of an OpenAPI 3.0 document with the siblings that have no effect."""
    for place, node in references.references(document):
        pointer = tuple(references.pointer_of(place))
        names = [str(key) for key in node if not _is_of_reference(key)]
        if names and pointer[:-1] != ("paths",):
            yield pointer, names


def _is_of_reference(key: str) -> bool:
    return key in _REFERENCE or key.startswith("x-")


def _or_null(schema: Node) -> Node:
    """Return a nullable composition as a choice between what it composes and null."""
    beside = {key: schema[key] for key in schema if key in _BESIDE_NULL or key.startswith("x-")}
    within = {key: schema[key] for key in schema if key not in beside and key != "nullable"}
    if is_annotated_reference(within):
        within = within["allOf"][0]
    return {**beside, "anyOf": [within, {"type": "null"}]}


def is_annotated_reference(schema: Node) -> bool:
    """Return whether a schema is an ``allOf`` of one reference beside annotations.

    It is how a 3.0 document describes a reference, whose siblings have no effect there.
    """
    branches = schema.get("allOf")
    return (
        isinstance(branches, list)
        and len(branches) == 1
        and isinstance(branches[0], dict)
        and branches[0].keys() == {"$ref"}
        and all(key in _ANNOTATIONS or key.startswith("x-") for key in schema if key != "allOf")
    )


def _webhooks(document: Node) -> Node:
    """Return components and webhooks with the path items of all callbacks, which refer to them."""
    items: dict[str, Node] = {}
    for name, callback in _callbacks(document):
        for expression, item in callback.items():
            if isinstance(item, dict) and "$ref" not in item:
                unused = name
                while unused in items:
                    unused += "_"
                items[unused] = item
                callback[expression] = {"$ref": f"#/components/pathItems/{unused}"}
    if not items:
        return {}
    components = document.get("components") or {}
    references = {name: {"$ref": f"#/components/pathItems/{name}"} for name in items}
    return {"webhooks": references, "components": {**components, "pathItems": items}}


def _callbacks(document: Node) -> Iterator[tuple[str, Node]]:
    """Yield the callbacks of all operations with their names."""
    for operation in _operations(document):
        for name, callback in (operation.get("callbacks") or {}).items():
            if isinstance(callback, dict):
                yield name, target(document, callback)


def _operations(document: Node) -> Iterator[Node]:
    for item in (document.get("paths") or {}).values():
        for method in METHODS:
            if isinstance(item, dict) and isinstance(item.get(method), dict):
                yield item[method]


# -------------------------------------------------------------------------------------- for clients


def for_clients(document: Node) -> Node:
    """Return a document for generators of clients.

    It has no links, no extensions and nothing that is marked ``x-internal``. The enums of what
    clients receive are open: a generated client accepts values that are not listed.
    """
    document = rewrite(document, _without_internal)
    received = received_only(document)

    def change(kind: str, old: Node, node: Node) -> Node:
        if kind == "schema" and isinstance(node.get("enum"), list):
            node = opened(node) if id(old) in received else _without_null(node)
        has_links = kind in ("response", "components")
        return {
            key: value
            for key, value in node.items()
            if not key.startswith("x-") and not (has_links and key == "links")
        }

    return rewrite(document, change)


def _without_internal(kind: str, _: Node, node: Node) -> Node:
    """Return an object without the objects in its lists and maps that are marked."""
    return {key: _unmarked(value) if key in KINDS[kind] else value for key, value in node.items()}


def _unmarked(value: Any) -> Any:
    if isinstance(value, list):
        return [item for item in value if not _is_internal(item)]
    if isinstance(value, dict):
        return {name: item for name, item in value.items() if not _is_internal(item)}
    return value


def _is_internal(node: Any) -> bool:
    return isinstance(node, dict) and node.get(_INTERNAL) is True


def _without_null(schema: Node) -> Node:
    """Return an enum whose null is said by ``nullable`` alone; else generators make several."""
    if schema.get("nullable") is not True:
        return schema
    return {**schema, "enum": [value for value in schema["enum"] if value is not None]}


def opened(schema: Node) -> Node:
    """Return a schema whose enum became a sentence, so that any value of its type is valid."""
    values = [value for value in schema["enum"] if value is not None]
    shown = ", ".join(
        f"`{value if isinstance(value, str) else json.dumps(value)}`" for value in values
    )
    known = f"Known values: {shown}. Others can follow."
    described = " ".join([schema.get("description", "").strip(), known]).strip()
    return {
        **{key: value for key, value in schema.items() if key != "enum"},
        "description": described,
    }
