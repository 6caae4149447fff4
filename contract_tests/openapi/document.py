"""A document of any version of OpenAPI in the form in which the kit reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from contract_tests.errors import UsageError
from contract_tests.openapi.files import joined
from contract_tests.openapi.provenance import keys_of
from contract_tests.openapi.swagger import METHODS, as_openapi_3

Node = dict[str, Any]
_VERSIONS = ("3.0", "3.1", "3.2")
NO_RESPONSES = "The document names no responses."
"""The description of the response that an operation without responses gets."""
LEFT_OUT = "x-contract-tests-left-out"
"""The paths that no request can have, which are not in the document any more."""
_ANNOTATIONS = frozenset({"title", "description", "example", "deprecated", "externalDocs"})
"""Keywords that say something about a value and restrict nothing."""


def in_one_form(path: Path, document: Any) -> Node:
    """Return a document as one of OpenAPI 3.0 or 3.1. Raise UsageError for any other."""
    version = _version(document)
    if not version.startswith(("2.", *_VERSIONS)):
        raise UsageError(
            f"{path}:1: is no OpenAPI document: it has no line such as 'openapi: 3.0.3'"
        )
    found: Node = _with_responses(joined(path, document))
    if version.startswith("2."):
        found = as_openapi_3(found)
    if version.startswith("3.2"):
        found = {**_without_media_references(found), "openapi": "3.1.0"}
    found = _with_possible_paths(_with_items(found))
    return found if is_modern(found) else with_plain_references(found)


def with_plain_references(node: Any) -> Any:
    """Return a part of a 3.0 document with references in place of annotated ones.

    An annotated reference is an ``allOf`` of one reference beside annotations. Before 3.1 it is the
    only way to describe a reference. Its annotations are kept: the reference has them as siblings.
    """
    if isinstance(node, list):
        items = [with_plain_references(item) for item in node]
        return items if any(map(_differ, items, node)) else node
    if not isinstance(node, dict):
        return node
    if _is_annotated_reference(node):
        return {**node["allOf"][0], **{key: node[key] for key in node if key != "allOf"}}
    found = {name: with_plain_references(value) for name, value in node.items()}
    return found if any(found[name] is not node[name] for name in node) else node


def _differ(one: Any, other: Any) -> bool:
    return one is not other


def _is_annotated_reference(node: Node) -> bool:
    parts = node.get("allOf")
    return (
        isinstance(parts, list)
        and len(parts) == 1
        and isinstance(parts[0], dict)
        and parts[0].keys() == {"$ref"}
        and all(key in _ANNOTATIONS or key.startswith("x-") for key in node if key != "allOf")
    )


def is_modern(document: Node) -> bool:
    """Return whether schemas are those of JSON Schema 2020-12."""
    return str(document.get("openapi", "")).startswith("3.1")


def _version(document: Any) -> str:
    if not isinstance(document, dict):
        return ""
    found = document.get("openapi", document.get("swagger"))
    return found if isinstance(found, str) else ""


def _with_items(document: Node) -> Node:
    """Return a document whose path items are where they are used."""
    items = document.get("paths")
    if not isinstance(items, dict):
        return document
    if not any(isinstance(item, dict) and "$ref" in item for item in items.values()):
        return document
    paths = {
        path: {**_target(document, item["$ref"]), **_others(item)}
        if isinstance(item, dict) and isinstance(item.get("$ref"), str)
        else item
        for path, item in items.items()
    }
    return {**document, "paths": paths}


def _with_possible_paths(document: Node) -> Node:
    """Return a document without the paths that have a query or a fragment."""
    items = document.get("paths")
    if not isinstance(items, dict):
        return document
    left_out = [path for path in items if "?" in path or "#" in path]
    if not left_out:
        return document
    paths = {path: item for path, item in items.items() if path not in left_out}
    return {**document, "paths": paths, LEFT_OUT: left_out}


def _with_responses(document: Node) -> Node:
    """Return a document whose operations without responses have a default one of any kind."""
    items = document.get("paths")
    if not isinstance(items, dict):
        return document
    paths = {
        path: _responding(item) if isinstance(item, dict) else item for path, item in items.items()
    }
    return {**document, "paths": paths}


def _responding(item: Node) -> Node:
    lacking = [
        method
        for method in METHODS
        if isinstance(item.get(method), dict) and not item[method].get("responses")
    ]
    added = {"responses": {"default": {"description": NO_RESPONSES}}}
    return {**item, **{method: {**item[method], **added} for method in lacking}}


def _others(node: Node) -> Node:
    return {name: value for name, value in node.items() if name != "$ref"}


def _target(document: Node, reference: str) -> Node:
    node: Any = document
    for key in keys_of(reference):
        node = node.get(key) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else {}


def _without_media_references(document: Node) -> Node:
    """Return a 3.2 document whose media types are where they are used."""
    media_types = (document.get("components") or {}).get("mediaTypes") or {}
    found: Node = _replaced(
        document,
        lambda reference: media_types.get(reference.removeprefix("#/components/mediaTypes/")),
    )
    return found


def _replaced(node: Any, target: Callable[[str], Any]) -> Any:
    if isinstance(node, list):
        return [_replaced(item, target) for item in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/components/mediaTypes/"):
        return target(reference) or {}
    found = {name: _replaced(value, target) for name, value in node.items()}
    if "summary" in found and ("content" in found or "headers" in found):
        found.setdefault("description", found["summary"])
    return found
