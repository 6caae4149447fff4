"""Rebuilds an OpenAPI document, object by object, by the shapes of ``openapi.shape``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mockserver.openapi.shape import KINDS, Kind, ListOf, MapOf, Shape

Node = dict[str, Any]
Change = Callable[[str, Node, Node], Node]
"""Takes a kind, an object as it was, and the object with its parts changed; returns the new one."""


def rewrite(document: Node, change: Change) -> Node:
    """Return a copy of a document in which each object of a known kind is changed, inner first."""
    rewritten: Node = _rewritten(document, Kind("document"), change)
    return rewritten


def _rewritten(node: Any, shape: Shape, change: Change) -> Any:
    if isinstance(shape, ListOf) and isinstance(node, list):
        return [_rewritten(item, shape.of, change) for item in node]
    if isinstance(shape, MapOf) and isinstance(node, dict):
        return {name: _rewritten(item, shape.of, change) for name, item in node.items()}
    if isinstance(shape, Kind) and isinstance(node, dict):
        fields = KINDS[shape.name]
        parts = {
            name: _rewritten(value, fields[name], change) if name in fields else value
            for name, value in node.items()
        }
        return change(shape.name, node, parts)
    return node


def parts(node: Any, shape: Shape) -> Iterator[tuple[Any, Kind, str]]:
    """Yield the objects directly within an object, each with its kind and its field."""
    fields = KINDS[shape.name] if isinstance(shape, Kind) and isinstance(node, dict) else {}
    for name, inner in fields.items():
        if name in node:
            for part, kind in _objects(node[name], inner):
                yield part, kind, name


def _objects(node: Any, shape: Shape) -> Iterator[tuple[Any, Kind]]:
    """Yield the objects of a value: itself, or the entries of lists and maps."""
    if isinstance(shape, Kind):
        if isinstance(node, dict):
            yield node, shape
    elif isinstance(shape, ListOf) and isinstance(node, list):
        for item in node:
            yield from _objects(item, shape.of)
    elif isinstance(shape, MapOf) and isinstance(node, dict):
        for item in node.values():
            yield from _objects(item, shape.of)


def target(document: Node, node: Node) -> Node:
    """Return the object that a reference within the document leads to, or the object itself."""
    seen = set()
    while isinstance(reference := node.get("$ref"), str) and reference.startswith("#/"):
        if reference in seen:
            return {}
        seen.add(reference)
        found: Any = document
        for part in reference[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, dict) else None
        node = found if isinstance(found, dict) else {}
    return node
