"""References within a document: every ``$ref`` has an object as its target."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from mockserver.openapi import patterns
from mockserver.openapi.problems import Problems

Node = dict[str, Any]
Pointer = list[str | int]
Place = tuple["Place", str | int] | None
"""The place of a part: that of its parent, and its key. Pointers would be copied for each part."""

MAX_CHAIN = 50
"""The number of references that may follow each other without an object between them."""
MAX_NESTED = 500
"""The number of component schemas that may contain each other in turn: validators recurse."""
_MEDIA_TYPES, _PATHS = "#/components/mediaTypes/", "#/paths/"
_DIRECT = re.compile(r"#/components/schemas/[^/~]+")
_WITH_SCHEMA = frozenset(
    {
        *("schema", "itemSchema", "items", "additionalProperties", "not", "if", "then", "else"),
        *("contains", "propertyNames", "unevaluatedItems", "unevaluatedProperties"),
    }
)
_WITH_SCHEMAS = frozenset(
    {
        *("properties", "patternProperties", "dependentSchemas", "$defs"),
        *("allOf", "oneOf", "anyOf", "prefixItems", "schemas"),
    }
)
_DATA = frozenset({"example", "default", "enum", "const", "value"})
"""Fields that hold values of an API, in which a ``$ref`` is no reference."""
_BY_NAME = frozenset(
    {
        *("properties", "patternProperties", "dependentSchemas", "$defs", "definitions"),
        *("schemas", "responses", "parameters", "examples", "requestBodies", "headers"),
        *("securitySchemes", "links", "callbacks", "pathItems", "variables", "content"),
        "mediaTypes",
    }
)
"""Fields that hold objects by name, so that the keys within them are no fields."""


def target(document: Node, reference: str) -> Any:
    """Return what ``#/a/b~1c`` names. Raise LookupError, ValueError or TypeError without one."""
    found: Any = document
    for part in unquote(reference).removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        found = found[int(key)] if isinstance(found, list) else found[key]
    return found


def follow(document: Node, node: Node) -> Node:
    """Return the node itself, or the node that its reference names."""
    while isinstance(reference := node.get("$ref"), str):
        node = target(document, reference)
    return node


def check(document: Node, parts: Collected, problems: Problems, reasons: Mapping[str, str]) -> None:
    """Check all references, and let those of schemas name components.

    A reference without a target is a warning. Raise FileError for one to another file that cannot
    be read, if an operation needs it and it is not that of a schema: ``reasons`` says why. A
    reference that leads to itself is an error, too.
    """
    found = parts.with_reference
    lengths: dict[str, int] = {}
    used: set[int] | None = None
    anchors: dict[str, str] | None = None
    for place, node in found:
        reference = node["$ref"]
        if reference in lengths or (nearest := _in_definitions(document, place, node)) in lengths:
            continue
        problem = _problem(document, nearest, lengths)
        if problem is None:
            continue
        at = [*pointer_of(place), "$ref"]
        if problem == _without_target(nearest):
            anchors = _anchors(document) if anchors is None else anchors
            if reference in anchors and _problem(document, anchors[reference], lengths) is None:
                node["$ref"] = anchors[reference]
                continue
            if reference in reasons:
                problem = f"{_without_target(reference)}: {reasons[reference]}"
                used = _used(document) if used is None else used
            if reference not in reasons or is_schema(place) or id(node) not in (used or ()):
                what = "any value fits it" if is_schema(place) else "it is left out"
                problems.warn(at, f"{problem}; {what}")
                node.clear()
                continue
        raise problems.error(at, problem)
    _name_schemas(document, problems, found)
    for place, node in found:
        # Version 3.2 alone has those of media types, so readers of content do not expect them.
        # Paths that cannot be served are removed, but what others name of them is needed.
        is_within_path = str(node.get("$ref")).startswith(_PATHS) and not _is_path_item(place)
        if is_within_path or str(node.get("$ref")).startswith(_MEDIA_TYPES):
            node.update(follow(document, node))
            del node["$ref"]


def _name_schemas(document: Node, problems: Problems, found: list[tuple[Place, Node]]) -> None:
    """Let the references of schemas name components: validators get component schemas only."""
    names: dict[str, str] = {}
    for place, node in found:
        if "$ref" in node and is_schema(place) and not _DIRECT.fullmatch(node["$ref"]):
            reference = node["$ref"]
            if reference not in names:
                if _contains_schemas(document, reference):
                    raise problems.error(
                        [*pointer_of(place), "$ref"], f"'{reference}' is no schema"
                    )
                names[reference] = _add_component(document, reference)
            node["$ref"] = f"#/components/schemas/{names[reference]}"
    schemas = document.get("components", {}).get("schemas", {})
    if (name := _too_deep(schemas, _named_by(found, schemas, names.values()))) is not None:
        problem = f"refers to other schemas more than {MAX_NESTED} levels deep"
        raise problems.error(["components", "schemas", name], problem)


def _in_definitions(document: Node, place: Place, node: Node) -> str:
    """Return a reference to the definitions of an enclosing schema as one to the document.

    Tools that embed JSON Schema documents leave such references behind.
    """
    reference: str = node["$ref"]
    keyword = reference.removeprefix("#/").partition("/")[0]
    if keyword not in ("$defs", "definitions") or keyword in document:
        return reference
    way = pointer_of(place)
    for length in range(len(way), 0, -1):
        parts = [str(part).replace("~", "~0").replace("/", "~1") for part in way[:length]]
        absolute = f"#/{'/'.join(parts)}{reference[1:]}"
        try:
            target(document, absolute)
        except (LookupError, TypeError, ValueError):
            continue
        node["$ref"] = absolute
        return absolute
    return reference


def _anchors(document: Node) -> dict[str, str]:
    """Return references to the schemas that have an anchor or an identifier, by it."""
    anchors: dict[str, str] = {}
    for place, node in objects(document):
        for keyword, start in (("$anchor", "#"), ("$dynamicAnchor", "#"), ("$id", "")):
            name = node.get(keyword)
            if isinstance(name, str):
                parts = map(str, pointer_of(place))
                escaped = (part.replace("~", "~0").replace("/", "~1") for part in parts)
                anchors.setdefault(f"{start}{name}", f"#/{'/'.join(escaped)}")
    return anchors


def _used(document: Node) -> set[int]:
    """Return the identities of all references that the paths of a document need."""
    used: set[int] = set()
    followed: set[str] = set()
    pending = [document.get("paths", {})]
    while pending:
        for _, node in references(pending.pop()):
            used.add(id(node))
            if node["$ref"] in followed:
                continue
            followed.add(node["$ref"])
            try:
                pending.append([target(document, node["$ref"])])
            except (LookupError, TypeError, ValueError):
                continue
    return used


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
        return _without_target(reference)
    if len(chain) + length > MAX_CHAIN:
        return f"the reference '{reference}' leads through more than {MAX_CHAIN} references"
    lengths.update((name, length + at) for at, name in enumerate(reversed(chain), start=1))
    return None


def _without_target(reference: str) -> str:
    return f"the reference '{reference}' has no target"


def _contains_schemas(document: Node, reference: str) -> bool:
    """Return whether a part of the document contains all component schemas."""
    components = document.get("components", {})
    part = target(document, reference)
    return part is components or part is components.get("schemas")


def _named_by(
    found: list[tuple[Place, Node]], schemas: Node, added: Iterable[str]
) -> dict[str, list[str]]:
    """Return the names of the component schemas that each of them refers to.

    ``added`` are those that are at another place of the document, too.
    """
    named: dict[str, list[str]] = {name: [] for name in schemas}
    for place, node in found:
        way = pointer_of(place)
        if way[:2] == ["components", "schemas"] and len(way) > 2:
            named[str(way[2])].append(_component_of(node))
    for name in added:
        named[name] = [_component_of(node) for _, node in references(schemas[name])]
    return {name: [other for other in others if other in schemas] for name, others in named.items()}


def _component_of(node: Node) -> str:
    """Return the name of the component schema that a reference leads to; else an empty text."""
    reference = node.get("$ref")
    is_direct = isinstance(reference, str) and _DIRECT.fullmatch(reference)
    return unquote(str(reference).rpartition("/")[2]) if is_direct else ""


def _too_deep(schemas: Node, named: dict[str, list[str]]) -> str | None:
    """Return the name of a component schema below which references are nested too deeply."""
    below: dict[str, int] = {}
    for root in schemas:
        way = [(root, iter(named[root]))] if root not in below else []
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
                way.append((following, iter(named[following])))
            else:
                below[name] = max(below[name], below[following] + 1)
            if below[name] > MAX_NESTED or len(way) > MAX_NESTED:
                return way[0][0] if way else name
    return None


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


def _is_path_item(place: Place) -> bool:
    """Return whether the place of an object is that of a path item."""
    return place is not None and place[0] == (None, "paths")


def is_schema(place: Place) -> bool:
    """Return whether the place of an object is that of a schema."""
    if place is None:
        return False
    parent, key = place
    return key in _WITH_SCHEMA or (parent is not None and parent[1] in _WITH_SCHEMAS)


def pointer_of(place: Place) -> Pointer:
    parts: Pointer = []
    while place is not None:
        place, key = place
        parts.append(key)
    return parts[::-1]


def references(root: Any, place: Place = None) -> Iterator[tuple[Place, Node]]:
    """Yield all objects with a reference, in the order of the document."""
    return (part for part in objects(root, place) if isinstance(part[1].get("$ref"), str))


def repair_patterns(parts: Collected, problems: Problems) -> None:
    """Translate or remove the patterns that validators do not know, with warnings."""
    for place, node in parts.with_pattern:
        if not patterns.is_usable(node["pattern"]):
            patterns.repair([*pointer_of(place), "pattern"], node, problems)


class Collected(NamedTuple):
    """The parts of a document that are checked, each with its place."""

    with_reference: list[tuple[Place, Node]]
    with_pattern: list[tuple[Place, Node]]

    @property
    def is_external(self) -> bool:
        """Whether references lead to other files."""
        return any(node["$ref"][:1] != "#" for _, node in self.with_reference)


def collect(document: Node) -> Collected:
    """Return the parts of a document that are checked, in its order."""
    collected = Collected([], [])
    for place, node in objects(document):
        if "$ref" in node and isinstance(node["$ref"], str):
            collected.with_reference.append((place, node))
        if "pattern" in node and isinstance(node["pattern"], str):
            collected.with_pattern.append((place, node))
    return collected


def objects(root: Any, place: Place = None) -> Iterator[tuple[Place, Node]]:
    """Yield all objects but those in values of an API, in the order of the document."""
    left: list[tuple[Place, Any]] = [(place, root)]
    while left:
        place, node = left.pop()
        if isinstance(node, list):
            left += [
                ((place, index), value)
                for index, value in reversed([*enumerate(node)])
                if isinstance(value, dict | list)
            ]
            continue
        yield place, node
        has_names = place is not None and place[1] in _BY_NAME
        left += [
            ((place, key), value)
            for key, value in reversed(node.items())
            if isinstance(value, dict | list) and (has_names or not _is_data(key, value))
        ]


def _is_data(key: str, value: Any) -> bool:
    """Return whether a field holds values of an API, or is an extension."""
    return key in _DATA or key.startswith("x-") or (key == "examples" and isinstance(value, list))
