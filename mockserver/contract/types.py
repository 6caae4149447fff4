"""The rule of types and formats."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.contract.changes import Effect
from mockserver.contract.parts import Node
from mockserver.contract.rules import Found

Types = frozenset[str]
_ALL: Types = frozenset({"boolean", "integer", "number", "string", "array", "object"})
_WIDER_FORMATS = frozenset({("int32", "int64"), ("float", "double")})
"""Formats of which the second allows all values of the first."""


def types(old: Node, new: Node, *, is_text: bool) -> Iterator[Found]:
    """Compare types and formats. ``is_text`` says that values are sent as text, as in a header."""
    before, after = types_of(old), types_of(new)
    if before == after:
        yield from _formats(old, new)
        return
    words = f"from {_named(before)} to {_named(after)}"
    text = f"the type of {{it}} was changed {words}"
    narrowed, widened = _allows(before, after), _allows(after, before)
    is_list = any(len(found) > 1 for found in (before, after) if found != _ALL)
    name = "list-of-types-widened" if is_list else "type-generalized"
    other = "list-of-types-narrowed" if is_list else "type-specialized"
    if widened:
        yield Found(name, Effect.WIDENS, text, "type")
    elif narrowed:
        yield Found(other, Effect.NARROWS, text, "type")
    elif is_text and after == {"string"}:
        yield Found("type-compatible", Effect.COMPATIBLE, text, "type")
    else:
        yield Found("type-changed", Effect.INCOMPARABLE, text, "type")


def _formats(old: Node, new: Node) -> Iterator[Found]:
    before, after = old.get("format"), new.get("format")
    if before == after:
        return
    if before is None:
        text = f"the format '{after}' was added to {{it}}"
        yield Found("type-specialized", Effect.NARROWS, text, "format")
    elif after is None:
        text = f"the format '{before}' was removed from {{it}}"
        yield Found("type-generalized", Effect.WIDENS, text, "format", in_old=True)
    else:
        text = f"the format of {{it}} was changed from '{before}' to '{after}'"
        suffix, effect = "type-changed", Effect.INCOMPARABLE
        if (before, after) in _WIDER_FORMATS:
            suffix, effect = "type-generalized", Effect.WIDENS
        elif (after, before) in _WIDER_FORMATS:
            suffix, effect = "type-specialized", Effect.NARROWS
        yield Found(suffix, effect, text, "format")


def types_of(schema: Node) -> Types:
    """Return the types that a schema allows. Null is left to the rule of nullability."""
    declared = schema.get("type")
    if isinstance(declared, str):
        return frozenset({declared}) - {"null"} or _ALL
    branches = schema.get("anyOf")
    if isinstance(branches, list) and branches:
        names = [branch.get("type") if _is_plain(branch) else None for branch in branches]
        if all(isinstance(name, str) for name in names):
            return frozenset(map(str, names)) - {"null"} or _ALL
    return _ALL


def is_type_list(schema: Node) -> bool:
    """Return whether the ``anyOf`` of a schema is a list of types, as 3.1 writes it."""
    branches = schema.get("anyOf")
    return isinstance(branches, list) and all(map(_is_plain, branches))


def _is_plain(branch: object) -> bool:
    return isinstance(branch, dict) and branch.keys() == {"type"}


def _allows(wide: Types, narrow: Types) -> bool:
    """Return whether one set of types allows all values of another."""
    allowed = {*wide, *({"integer"} if "number" in wide else ())}
    return narrow <= allowed


def _named(found: Types) -> str:
    return "any" if found == _ALL else " or ".join(sorted(found))
