"""References within a document: every ``$ref`` has an object as its target."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

Node = dict[str, Any]
Pointer = list[str | int]
_Place = tuple["_Place", str | int] | None
"""The place of a part: that of its parent, and its key. Pointers would be copied for each part."""

MAX_CHAIN = 50
"""The number of references that may follow each other without an object between them."""
MAX_NESTED = 500
"""The number of component schemas that may contain each other in turn: validators recurse."""
_DIRECT = re.compile(r"#/components/schemas/[^/~]+")
_WITH_SCHEMA = frozenset({"schema", "items", "additionalProperties", "not"})
_WITH_SCHEMAS = frozenset({"properties", "allOf", "oneOf", "anyOf", "schemas"})


def target(document: Node, reference: str) -> Any:
    """Return what ``#/a/b~1c`` names. Raise LookupError, ValueError or TypeError without one."""
    found: Any = document
    for part in unquote(reference).removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        found = found[int(key)] if isinstance(found, list) else found[key]
    return found


def check(document: Node, error: Callable[[Pointer, str], Exception]) -> None:
    """Check all references, and let those of schemas name components.

    ``error`` returns the exception for a pointer and a problem, which is raised.
    """
    found = list(_references(document))
    lengths: dict[str, int] = {}
    for place, node in found:
        if node["$ref"] in lengths:
            continue
        if (problem := _problem(document, node["$ref"], lengths)) is not None:
            raise error([*_pointer(place), "$ref"], problem)
    names: dict[str, str] = {}
    for place, node in found:
        if _is_schema(place) and not _DIRECT.fullmatch(node["$ref"]):
            reference = node["$ref"]
            if reference not in names:
                if _contains_schemas(document, reference):
                    raise error([*_pointer(place), "$ref"], f"'{reference}' is no schema")
                names[reference] = _add_component(document, reference)
            node["$ref"] = f"#/components/schemas/{names[reference]}"
    if (name := _too_deep(document.get("components", {}).get("schemas", {}))) is not None:
        problem = f"refers to other schemas more than {MAX_NESTED} levels deep"
        raise error(["components", "schemas", name], problem)


def _problem(document: Node, reference: str, lengths: dict[str, int]) -> str | None:
    """Return what is wrong with a reference. ``lengths`` are those of the chains that are right."""
    chain: list[str] = []
    node: Any = {"$ref": reference}
    length = 0
    while isinstance(node, dict) and isinstance(name := node.get("$ref"), str):
        if name in lengths:
            length = lengths[name]
            break
        if name in chain:
            return f"the reference '{reference}' leads to itself, so it has no target"
        chain.append(name)
        if len(chain) > MAX_CHAIN:
            break
        try:
            if not name.startswith("#/"):
                raise LookupError(name)
            node = target(document, name)
        except (LookupError, TypeError, ValueError):
            node = None
    if not isinstance(node, dict):
        return f"the reference '{reference}' has no target"
    if len(chain) + length > MAX_CHAIN:
        return f"the reference '{reference}' leads through more than {MAX_CHAIN} references"
    lengths.update((name, length + at) for at, name in enumerate(reversed(chain), start=1))
    return None


def _contains_schemas(document: Node, reference: str) -> bool:
    """Return whether a part of the document contains all component schemas."""
    components = document.get("components", {})
    part = target(document, reference)
    return part is components or part is components.get("schemas")


def _too_deep(schemas: Node) -> str | None:
    """Return the name of a component schema below which references are nested too deeply."""
    below: dict[str, int] = {}
    for root in schemas:
        way = [(root, _names_within(schemas[root]))] if root not in below else []
        below.setdefault(root, 0)
        while way:
            name, left = way[-1]
            following = next(left, None)
            if following is None:
                way.pop()
                if way:
                    below[way[-1][0]] = max(below[way[-1][0]], below[name] + 1)
            elif following not in below:
                below[following] = 0
                way.append((following, _names_within(schemas[following])))
            else:
                below[name] = max(below[name], below[following] + 1)
            if below[name] > MAX_NESTED or len(way) > MAX_NESTED:
                return way[0][0] if way else name
    return None


def _names_within(schema: Any) -> Iterator[str]:
    """Yield the names of the component schemas that a schema refers to."""
    for _, node in _references(schema):
        if _DIRECT.fullmatch(node["$ref"]):
            yield unquote(node["$ref"].rpartition("/")[2])


def _add_component(document: Node, reference: str) -> str:
    """Give a part of the document a name among the component schemas. Return the name.

    JSON Schema validators get component schemas only.
    """
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    name = re.sub(r"[^A-Za-z0-9._-]+", ".", unquote(reference).removeprefix("#/"))
    while name in schemas:
        name += "_"
    schemas[name] = target(document, reference)
    return name


def _is_schema(place: _Place) -> bool:
    """Return whether the place of an object is that of a schema."""
    if place is None:
        return False
    parent, key = place
    return key in _WITH_SCHEMA or (parent is not None and parent[1] in _WITH_SCHEMAS)


def _pointer(place: _Place) -> Pointer:
    parts: Pointer = []
    while place is not None:
        place, key = place
        parts.append(key)
    return parts[::-1]


def _references(root: Any) -> Iterator[tuple[_Place, Node]]:
    """Yield all objects with a reference, in the order of the document."""
    left: list[tuple[_Place, Any]] = [(None, root)]
    while left:
        place, node = left.pop()
        is_object = isinstance(node, dict)
        if is_object and isinstance(node.get("$ref"), str):
            yield place, node
        left += [
            ((place, key), value)
            for key, value in reversed(node.items() if is_object else [*enumerate(node)])
            if isinstance(value, dict | list)
        ]
