"""JSONPath as overlays use it: names, indexes, wildcards and filters for equality.

It is the part of RFC 9535 that ``--learn`` writes, and that overlays of other tools mostly use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from contract_tests.openapi.provenance import keys_of

Location = tuple[str | int, ...]
"""The keys that lead from the document to a node."""
Step = Callable[[Any], Iterator[tuple[str | int, Any]]]
"""Yields the selected children of a node with their keys."""

_LITERAL = r"(?P<literal>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|-?\d+|true|false|null)"
_TOKENS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("all", re.compile(r"\.\*|\[\s*\*\s*\]")),
    ("name", re.compile(r"\.(?P<name>[^\W\d][\w-]*)")),
    ("index", re.compile(r"\[\s*(?P<index>-?\d+)\s*\]")),
    ("quoted", re.compile(r"\[\s*(?P<name>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\s*\]")),
    (
        "filter",
        re.compile(
            r"\[\s*\?\s*\(?\s*@(?:\.(?P<child>[^\W\d][\w-]*))?\s*==\s*" + _LITERAL + r"\s*\)?\s*\]"
        ),
    ),
)
_PLAIN = re.compile(r"[^\W\d]\w*", re.ASCII)
_WORDS = {"true": True, "false": False, "null": None}
_MISSING = object()


def parse(text: str) -> list[Step]:
    """Return the steps of a path. Raise ValueError for what is not supported, or is no path."""
    if not text.startswith("$"):
        raise ValueError("a JSONPath begins with '$'")
    steps, position = [], 1
    while position < len(text):
        kind, found = next(
            ((kind, found) for kind, token in _TOKENS if (found := token.match(text, position))),
            ("", None),
        )
        if found is None:
            raise ValueError(
                f"'{text[position : position + 40]}' is not supported: a path has names, "
                "['names'], [0], [*] and [?@.name == 'value']"
            )
        steps.append(_step(kind, found))
        position = found.end()
    return steps


def select(document: Any, steps: list[Step]) -> list[Location]:
    """Return the locations of the selected nodes, in the order of the document."""
    nodes: list[tuple[Location, Any]] = [((), document)]
    for step in steps:
        nodes = [((*location, key), child) for location, node in nodes for key, child in step(node)]
    return [location for location, _ in nodes]


def path_of(pointer: str) -> str:
    """Return the path of the node at a JSON pointer."""
    return "$" + "".join(_written(key) for key in keys_of(pointer))


def quoted(text: str) -> str:
    """Return a text as a literal of a path."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _written(key: str) -> str:
    if key.isdigit() and len(key) < 3:  # a position in a list; statuses have three digits
        return f"[{key}]"
    return f".{key}" if _PLAIN.fullmatch(key) else f"[{quoted(key)}]"


def _step(kind: str, found: re.Match[str]) -> Step:
    if kind == "all":
        return _children
    if kind == "index":
        return _by_index(int(found["index"]))
    if kind == "filter":
        return _by_value(found["child"], _literal(found["literal"]))
    return _by_name(_literal(found["name"]) if kind == "quoted" else found["name"])


def _literal(text: str) -> Any:
    if text[0] in "'\"":
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return _WORDS[text] if text in _WORDS else int(text)


def _children(node: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(node, dict):
        yield from node.items()
    elif isinstance(node, list):
        yield from enumerate(node)


def _by_name(name: str) -> Step:
    def step(node: Any) -> Iterator[tuple[str | int, Any]]:
        if isinstance(node, dict) and name in node:
            yield name, node[name]

    return step


def _by_index(index: int) -> Step:
    def step(node: Any) -> Iterator[tuple[str | int, Any]]:
        if isinstance(node, list) and -len(node) <= index < len(node):
            yield index % len(node), node[index]

    return step


def _by_value(child: str | None, wanted: Any) -> Step:
    def step(node: Any) -> Iterator[tuple[str | int, Any]]:
        for key, value in _children(node):
            shown = value
            if child is not None:
                shown = value.get(child, _MISSING) if isinstance(value, dict) else _MISSING
            if type(shown) is type(wanted) and shown == wanted:
                yield key, value

    return step
