"""Parts of a document with their places, and pairs of them from two documents."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import unquote

from msgspec import Struct

from mockserver.contract import forms
from mockserver.openapi import references
from mockserver.openapi.problems import Pointer

Node = dict[str, Any]
_MAX_MERGED = 1_000
"""The number of schemas that are merged into one. Further ones are left out."""
_MAX_DEPTH = 20
"""The number of ``allOf`` that are merged within each other."""
_MERGED = ("properties", "patternProperties")
"""Keywords whose entries are merged one by one."""
_BESIDE_WRAPPED = frozenset(
    {
        *("allOf", "title", "summary", "description", "example", "examples", "externalDocs"),
        *("nullable", "default", "deprecated", "readOnly", "writeOnly", "xml"),
    }
)
"""Keywords beside a reference in an ``allOf`` that do not depend on what it refers to."""
_BESIDE_REFERENCE_3_0 = frozenset({"summary", "description"})
"""Siblings of a reference that are read, though OpenAPI 3.0 ignores all of them."""
_BESIDE_REFERENCE = _BESIDE_REFERENCE_3_0 | {"title", "deprecated"}


WHOLE = ""
"""Stands for the name of what an object lacks if it may lack anything."""
_PARTIAL = frozenset({"security", "patternProperties", "anyOf", "oneOf"})
"""Fields that may lack a part, so that they are not compared."""


class Document(Node):
    """A document that knows what of it could not be read."""

    lost: Mapping[int, frozenset[str]] = MappingProxyType({})
    """The names that an object lacks for this reason, by the ``id`` of the object."""


class Part(Struct, frozen=True, eq=False):
    """A part of a document. Its node is None if it does not exist."""

    root: Node
    node: Any
    at: Pointer
    moved: Mapping[Pointer, Pointer] = {}
    """The places of keywords that were merged into the node from elsewhere."""
    lost: frozenset[str] = frozenset()
    """The names that a merged node lacks because they could not be read."""

    @property
    def losses(self) -> frozenset[str]:
        """The names that the node lacks because they could not be read."""
        if not isinstance(self.root, Document) or not self.root.lost:
            return self.lost
        return self.lost | self.root.lost.get(id(self.node), frozenset())

    @property
    def object(self) -> Node:
        """The node, empty if it is no object."""
        return self.node if isinstance(self.node, dict) else {}

    def place(self, *keys: str | int) -> Pointer:
        """Return the place of a part within this one."""
        for length in (2, 1):
            if keys[:length] in self.moved:
                return (*self.moved[keys[:length]], *keys[length:])
        return (*self.at, *keys)

    def get(self, *keys: str | int) -> Part:
        """Return a part within this one."""
        node = self.node
        for key in keys:
            if isinstance(node, dict):
                node = node.get(key)
            else:
                is_index = isinstance(node, list) and isinstance(key, int) and key < len(node)
                node = node[key] if is_index else None
        return Part(self.root, node, self.place(*keys))

    @property
    def reference(self) -> str | None:
        """The reference of the node, if it is one."""
        reference = self.object.get("$ref")
        return reference if isinstance(reference, str) else None

    @property
    def beside(self) -> Node:
        """The annotations beside a reference. Other siblings have no effect."""
        is_3_0 = str(self.root.get("openapi")).startswith("3.0")
        known = _BESIDE_REFERENCE_3_0 if is_3_0 else _BESIDE_REFERENCE
        return {key: value for key, value in self.object.items() if key in known}

    def followed(self) -> Part:
        """Return the target of a reference, with the annotations beside the reference."""
        part = self
        while (reference := part.reference) is not None:
            try:
                target = references.target(self.root, reference)
            except (LookupError, TypeError, ValueError):
                return Part(self.root, {}, part.at, lost=frozenset({WHOLE}))
            beside = part.beside
            moved: dict[Pointer, Pointer] = {(key,): part.place(key) for key in beside}
            part = Part(self.root, target, _places_of(reference), moved)
            if beside and isinstance(target, dict):
                part = Part(self.root, {**target, **beside}, part.at, moved, part.losses)
        return part


class Pair(NamedTuple):
    """The same part of the old and of the new document."""

    old: Part
    new: Part

    def get(self, *keys: str | int) -> Pair:
        """Return a part of both."""
        return Pair(self.old.get(*keys), self.new.get(*keys))

    def followed(self) -> Pair:
        """Return the targets of references."""
        return Pair(self.old.followed(), self.new.followed()).known()

    def known(self) -> Pair:
        """Return both parts with what could not be read of one as it is in the other."""
        if not self.old.losses and not self.new.losses:
            return self
        return Pair(_filled(self.old, self.new), _filled(self.new, self.old))

    def names(self, keyword: str) -> tuple[list[str], list[str], list[str]]:
        """Return the names in an object that were removed, that were added and that remain."""
        parts = self.get(keyword)
        old, new = parts.old.object, parts.new.object
        lost = parts.old.losses, parts.new.losses
        return (
            [name for name in old if name not in new and name not in lost[1]],
            [name for name in new if name not in old and name not in lost[0]],
            [name for name in old if name in new],
        )


def _filled(part: Part, other: Part) -> Part:
    """Return a part with what could not be read of it as it is in another one."""
    lost, node = part.losses, {**part.object}
    names = other.object.keys() if WHOLE in lost else lost & other.object.keys()
    for name in names:
        if name not in node or (name in lost and name in _PARTIAL):
            node[name] = other.object[name]
    if WHOLE in lost:
        for keyword in _MERGED:
            if keyword in other.object:
                node[keyword] = {**other.object[keyword], **node[keyword]}
        if isinstance(other.object.get("required"), list):
            node["required"] = [*node["required"], *other.object["required"]]
    return Part(part.root, node, part.at, part.moved, lost)


def schemas(pair: Pair) -> Pair:
    """Return two schemas with their references followed and comparable in form.

    An ``allOf`` is merged with what is beside it, unless both schemas have one and one of them has
    several schemas. Then the schemas of the two are compared one by one.
    """
    followed = Pair(*(without_null(part.followed()) for part in pair))
    if not _shares_branch(followed):
        followed = Pair(*map(_opened, followed))
    lengths = [len(part.object.get("allOf") or ()) for part in followed]
    if min(lengths) > 0 and max(lengths) > 1:
        return Pair(*map(_one_form, followed)).known()
    return Pair(*map(merged, followed)).known()


def shared(pair: Pair) -> Pair:
    """Return two schemas with the keywords that both have."""
    names = pair.old.object.keys() & pair.new.object.keys()

    def restricted(part: Part) -> Part:
        node = {name: value for name, value in part.object.items() if name in names}
        return Part(part.root, node, part.at, part.moved)

    return Pair(restricted(pair.old), restricted(pair.new))


def _shares_branch(pair: Pair) -> bool:
    """Return whether a schema of one ``allOf`` is in the other, which has more of them."""
    branches: list[list[Any]] = [part.object.get("allOf") or [] for part in pair]
    short, long = sorted(branches, key=len)
    return len(short) == 1 < len(long) and short[0] in long


def _opened(part: Part) -> Part:
    """Return a schema that contains what is alone in its ``allOf``."""
    for _ in range(_MAX_DEPTH):
        branches = part.object.get("allOf")
        if not isinstance(branches, list) or len(branches) != 1:
            break
        node: Node = {}
        moved: dict[Pointer, Pointer] = {}
        branch = without_null(part.get("allOf", 0).followed())
        own = {key: value for key, value in part.object.items() if key != "allOf"}
        if branch.object.keys() & own.keys() & {"allOf", "anyOf", "oneOf", "$ref"}:
            break
        _add(branch, node, moved)
        _add(Part(part.root, own, part.at, part.moved), node, moved)
        part = Part(part.root, node, part.at, moved, part.losses | branch.losses)
    return part


def named(part: Part) -> tuple[Part, Part] | None:
    """Return the reference that a schema consists of, and the annotations beside it."""
    if part.reference is not None:
        reference = Part(part.root, {"$ref": part.reference}, part.at, part.moved)
        return reference, Part(part.root, {**part.beside, "$ref": ""}, part.at, part.moved)
    part = without_null(part)
    branches = part.object.get("allOf")
    is_alone = isinstance(branches, list) and len(branches) == 1
    if not is_alone or not all(key in _BESIDE_WRAPPED or key[:2] == "x-" for key in part.object):
        return None
    reference = part.get("allOf", 0)
    return (reference, part) if reference.reference is not None else None


def merged(part: Part) -> Part:
    """Return a schema that contains what its ``allOf`` contains."""
    return _merged(part, 0, [_MAX_MERGED])


def _merged(part: Part, depth: int, left: list[int]) -> Part:
    """Merge a schema. ``left`` has the number of schemas that may still be merged."""
    part = without_null(part.followed())
    branches = part.object.get("allOf")
    left[0] -= 1
    if not isinstance(branches, list) or not branches or depth > _MAX_DEPTH or left[0] < 0:
        return _one_form(part)
    node: Node = {}
    moved: dict[Pointer, Pointer] = {}
    own = {key: value for key, value in part.object.items() if key != "allOf"}
    nullable, lost = [], part.losses
    for index in range(len(branches)):
        if left[0] < 0:
            break
        branch = _merged(part.get("allOf", index), depth + 1, left)
        nullable.append(forms.allows_null(branch.object))
        lost |= branch.losses
        _add(branch, node, moved)
    if not all(nullable):
        node.pop("nullable", None)
    _add(_one_form(Part(part.root, own, part.at, part.moved)), node, moved)
    return Part(part.root, node, part.at, moved, lost)


def without_null(part: Part) -> Part:
    """Return a schema in which a choice of one schema and null is a nullable ``allOf``."""
    for keyword in ("anyOf", "oneOf"):
        branches = part.object.get(keyword)
        if not isinstance(branches, list) or len(branches) != 2 or "allOf" in part.object:
            continue
        left = [at for at, branch in enumerate(branches) if branch != {"type": "null"}]
        if len(left) == 1:
            node = {key: value for key, value in part.object.items() if key != keyword}
            node |= {"allOf": [branches[left[0]]], "nullable": True}
            moved: dict[Pointer, Pointer] = {("allOf", 0): part.place(keyword, left[0])}
            return Part(part.root, node, part.at, {**part.moved, **moved}, part.losses)
    return part


def _add(source: Part, node: Node, moved: dict[Pointer, Pointer]) -> None:
    """Merge one schema into another."""
    for key, value in source.object.items():
        if key in _MERGED and isinstance(value, dict):
            node[key] = {**node.get(key, {}), **value}
            moved.update({(key, name): source.place(key, name) for name in value})
        elif key == "required" and isinstance(value, list):
            node[key] = [*node.get(key, []), *value]
        else:
            node[key] = value
        moved[key,] = source.place(key)


def _one_form(part: Part) -> Part:
    """Return a schema in the form that is compared."""
    node, places = forms.one_form(part.object)
    if node is part.node:
        return part
    moved: dict[Pointer, Pointer] = {(key,): part.place(*place) for key, place in places.items()}
    return Part(part.root, node, part.at, {**part.moved, **moved}, part.losses)


def _places_of(reference: str) -> Pointer:
    """Return the pointer of a reference within its document."""
    parts = reference.removeprefix("#").split("/")[1:]
    return tuple(unquote(part).replace("~1", "/").replace("~0", "~") for part in parts)
