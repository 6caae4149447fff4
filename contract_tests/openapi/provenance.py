"""Provenance of the parts of a document, by its marks.

``x-provenance`` marks an element and everything in it, until a nearer mark overrides it.
``x-documented-keywords`` of the document lists the schema keywords that the source states; any
other keyword of a documented element is assumed. An element lists its own exceptions there and in
``x-assumed-keywords``; an object lists properties by keyword. Along references, the weakest
provenance counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

Node = Mapping[str, Any]
Provenance = Literal["documented", "observed", "assumed"]

_WEAKNESS: dict[Provenance, int] = {"documented": 0, "observed": 1, "assumed": 2}
_SUBSCHEMAS = frozenset({"items", "additionalProperties", "anyOf", "oneOf", "not"})
_KEYWORDS = _SUBSCHEMAS | {
    *("type", "required", "nullable", "enum", "default", "status"),
    *("format", "pattern", "minLength", "maxLength", "uniqueItems", "minItems", "maxItems"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minProperties", "maxProperties"),
}
_SAME_AS = {"unknown_field": "additionalProperties", "size": "maxLength"}
_MAPS = frozenset(
    {
        *("paths", "responses", "headers", "content", "parameters", "requestBodies", "callbacks"),
        *("schemas", "properties", "patternProperties", "links", "examples"),
    }
)
"""Fields whose keys are names."""


def weaker(first: Provenance, second: Provenance) -> Provenance:
    """Return the weaker of two: documented is stronger than observed, observed than assumed."""
    return max(first, second, key=lambda provenance: _WEAKNESS[provenance])


@dataclass
class _Position:
    """A node on the way from the document to an element, and what is known there."""

    node: Any
    mark: Provenance
    """The mark of the nearest marked element, lowered by keywords on the way."""
    along: Provenance = "documented"
    """The weakest mark at the references that were followed."""
    owner: Node | None = None
    """The object whose property the node describes."""
    name: str = ""
    is_map: bool = False
    """Whether the node's keys are names."""


class Marks:
    """The provenance marks of one document."""

    def __init__(self, document: Node) -> None:
        self._document = document
        stated = document.get("x-documented-keywords")
        self._stated = _KEYWORDS if stated is None else _texts(stated)
        self.grade = lru_cache(maxsize=4096)(self._grade)

    def __reduce__(self) -> tuple[Any, ...]:
        return Marks, (self._document,)  # a cache cannot be pickled

    def _grade(self, pointer: str, keyword: str | None) -> Provenance:
        """Return the provenance of an element, or of a keyword of it."""
        position = self._walk(pointer)
        # A property, and whether it is required, is a matter of the object that lists it.
        is_listed = position.owner is not None and keyword in (None, "required")
        if not is_listed and keyword != "status":
            self._follow(position)
        if keyword is not None:
            self._lower(position, _SAME_AS.get(keyword, keyword))
        return weaker(position.along, position.mark)

    def _walk(self, pointer: str) -> _Position:
        """Return the position at a pointer, or the last one that exists on the way."""
        node = self._document
        position = _Position(node, _mark(node, "assumed"))
        for key in keys_of(pointer):
            self._follow(position)
            if not self._step(position, key):
                break
        return position

    def _step(self, position: _Position, key: str) -> bool:
        """Move to a child. Return whether there is one."""
        parent, is_name = position.node, position.is_map
        if not is_name:
            self._lower(position, key)
        try:
            position.node = parent[int(key)] if isinstance(parent, list) else parent[key]
        except (KeyError, IndexError, ValueError, TypeError):
            return False
        position.is_map = not is_name and key in _MAPS
        if position.is_map:
            position.owner = parent if key == "properties" else None
        elif is_name:
            position.name = key
        elif key in _SUBSCHEMAS:
            position.owner = None
        if isinstance(position.node, dict) and not position.is_map:
            position.mark = _mark(position.node, position.mark)
        return True

    def _follow(self, position: _Position) -> None:
        """Move to the target of a reference."""
        seen = set()
        while isinstance(position.node, dict) and not position.is_map:
            reference = position.node.get("$ref")
            if not isinstance(reference, str) or reference in seen:
                return
            seen.add(reference)
            target = self._walk(reference)
            position.along = weaker(position.along, position.mark)
            position.node, position.mark = target.node, target.mark

    def _lower(self, position: _Position, keyword: str) -> None:
        """Lower the mark of a documented element at a keyword that its source does not state."""
        if (
            position.mark == "documented"
            and keyword in _KEYWORDS
            and not _is_listed(position, "x-documented-keywords", keyword)
            and (keyword not in self._stated or _is_listed(position, "x-assumed-keywords", keyword))
        ):
            position.mark = "assumed"


def _mark(node: Node, inherited: Provenance) -> Provenance:
    mark = node.get("x-provenance")
    return next((known for known in _WEAKNESS if known == mark), inherited)


def _is_listed(position: _Position, field: str, keyword: str) -> bool:
    """Return whether an element lists a keyword, or the element's object lists it for this one."""
    lists = (position.owner or {}).get(field)
    if isinstance(lists, dict) and position.name in _texts(lists.get(keyword)):
        return True
    return isinstance(position.node, dict) and keyword in _texts(position.node.get(field))


def _texts(value: Any) -> frozenset[str]:
    entries = value if isinstance(value, list) else ()
    return frozenset(entry for entry in entries if isinstance(entry, str))


def keys_of(pointer: str) -> Iterator[str]:
    """Yield the keys of a JSON pointer."""
    return map(unescape, pointer.removeprefix("#").split("/")[1:])


def unescape(part: str) -> str:
    """Return the key that a part of a JSON pointer stands for."""
    return part.replace("~1", "/").replace("~0", "~")
