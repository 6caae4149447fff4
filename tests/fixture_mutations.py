"""Breaks each field of a fixture in each way, with the line on which the mistake is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, NamedTuple

Pointer = tuple[str | int, ...]

HUGE = 10**30
_WRONG_TYPES: tuple[Any, ...] = (7, "wrong", True, [], {}, None)
_NUMBERS = (-1, 0, 0.5, 1e30, HUGE)
_WORDS = ("", "x" * 300)
_UNKNOWN = "zzz"


class Mutation(NamedTuple):
    """A document with one mistake."""

    label: str
    document: Any
    culprit: Pointer
    """The wrong part."""


def mutations(document: Any) -> Iterator[Mutation]:
    """Yield a document with each mistake that can be made in one of its parts.

    Of the entries of a list that have the same fields, only the first is in the document.
    """
    document = _thinned(document)
    for pointer in _parts((), document):
        value = _at(document, pointer)
        for label, other in _others(value) if pointer else ():
            yield _replaced(document, pointer, label, other)
        if isinstance(value, dict):
            yield from _with_other_fields(document, pointer, value)
        if isinstance(value, list) and value:
            end = (*pointer, len(value))
            yield _replaced(document, pointer, "duplicate", [*value, value[0]])._replace(
                culprit=end
            )


def text_and_lines(document: Any) -> tuple[str, dict[Pointer, int]]:
    """Return a document as YAML with one value on a line, and the line of each part."""
    lines: list[str] = []
    places: dict[Pointer, int] = {(): 1}
    _write(document, (), lines, places, "")
    return "\n".join(lines) + "\n", places


def _others(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield other values with what is wrong with them."""
    for other in _WRONG_TYPES:
        if type(other) is not type(value):
            yield f"as {json.dumps(other)}", other
    if isinstance(value, int) and not isinstance(value, bool):
        yield from ((f"as {other}", other) for other in _NUMBERS if other != value)
    if isinstance(value, str):
        yield "misspelt", _misspelt(value)
        yield from ((f"of {len(other)} letters", other) for other in _WORDS)


def _with_other_fields(document: Any, pointer: Pointer, value: Any) -> Iterator[Mutation]:
    fields = {**value, _UNKNOWN: 1}
    yield _replaced(document, pointer, "unknown field", fields)._replace(
        culprit=(*pointer, _UNKNOWN)
    )
    for name in value:
        other = _misspelt(name)
        fields = {other if key == name else key: part for key, part in value.items()}
        yield _replaced(document, pointer, f"{name} misspelt", fields)._replace(
            culprit=(*pointer, other)
        )
        fields = {key: part for key, part in value.items() if key != name}
        yield _replaced(document, pointer, f"{name} missing", fields)


def _replaced(document: Any, pointer: Pointer, label: str, other: Any) -> Mutation:
    name = ".".join(map(str, pointer)) or "document"
    if not pointer:
        return Mutation(f"{name} {label}", other, pointer)
    changed = deepcopy(document)
    _at(changed, pointer[:-1])[pointer[-1]] = other
    return Mutation(f"{name} {label}", changed, pointer)


def _misspelt(word: str) -> str:
    """Return a word without its letter before the last."""
    return word[:-2] + word[-1:] if len(word) > 1 else f"{word}x"


def _parts(pointer: Pointer, value: Any) -> Iterator[Pointer]:
    """Yield the places of all parts."""
    yield pointer
    for name, part in _items(value):
        yield from _parts((*pointer, name), part)


def _items(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict | list):
        yield from value.items() if isinstance(value, dict) else enumerate(value)


def _thinned(value: Any) -> Any:
    """Return a value with, of the objects of a list that have the same fields, the first."""
    if isinstance(value, dict):
        return {name: _thinned(part) for name, part in value.items()}
    if not isinstance(value, list):
        return value
    kinds = {
        str(entry.keys() if isinstance(entry, dict) else entry): entry for entry in value[::-1]
    }
    return [_thinned(entry) for entry in value if any(entry is kind for kind in kinds.values())]


def _at(document: Any, pointer: Pointer) -> Any:
    for name in pointer:
        document = document[name]
    return document


def _write(
    value: Any, pointer: Pointer, lines: list[str], places: dict[Pointer, int], before: str
) -> None:
    """Append the lines of a value. ``before`` is what its first line begins with."""
    indent = " " * len(before)
    if not isinstance(value, dict | list) or not value:
        lines.append(before + json.dumps(value, ensure_ascii=False))
        return
    for index, (name, part) in enumerate(_items(value)):
        mark = f"{json.dumps(name)}:" if isinstance(value, dict) else "-"
        start = (indent if index else before) + mark
        places[*pointer, name] = len(lines) + 1
        if isinstance(part, dict | list) and part and isinstance(value, dict):
            lines.append(start)
            _write(part, (*pointer, name), lines, places, "")
            _indent(lines, places[*pointer, name], len(indent) + 2)
        else:
            _write(part, (*pointer, name), lines, places, f"{start} ")


def _indent(lines: list[str], first: int, count: int) -> None:
    lines[first:] = [" " * count + line for line in lines[first:]]
