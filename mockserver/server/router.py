"""Finds what serves a method and a path: concrete paths before templated ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

from msgspec import Struct

T = TypeVar("T")

_PARAMETER = re.compile(r"\{([^/{}]+)\}")


class Match(NamedTuple, Generic[T]):
    """What a path leads to."""

    targets: Mapping[str, T]
    """By method, in capitals. Empty for an unknown path."""
    values: tuple[str, ...]
    """The values of the path parameters, in the order of the path."""


class Router(Generic[T]):
    """A tree of path segments. Each path is found in a time that grows with its length only."""

    def __init__(self, routes: Iterable[tuple[str, str, T]]) -> None:
        """Take methods, templated paths and what they lead to."""
        self._concrete: dict[str, dict[str, T]] = {}
        self._root: _Node[T] = _Node()
        for method, path, target in routes:
            if "{" in path:
                self._root.add(path.split("/")).setdefault(method.upper(), target)
            else:
                self._concrete.setdefault(path, {})[method.upper()] = target

    def match(self, path: str) -> Match[T]:
        """Return what a decoded path leads to."""
        targets = self._concrete.get(path)
        if targets is not None:
            return Match(targets, ())
        found = self._root.find(path.split("/"), 0, ())
        return found or Match({}, ())


class _Node(Struct, Generic[T]):
    """The routes below one segment of a path."""

    concrete: dict[str, _Node[T]] = {}
    templated: dict[str, tuple[re.Pattern[str], _Node[T]]] = {}
    """By the template of the segment, the ones with the most literal text first."""
    targets: dict[str, T] = {}

    def add(self, segments: list[str]) -> dict[str, T]:
        """Return the targets of a templated path, which is added."""
        if not segments:
            return self.targets
        first, rest = segments[0], segments[1:]
        if "{" not in first:
            return self.concrete.setdefault(first, _Node()).add(rest)
        shape = _PARAMETER.sub("{}", first)
        if shape not in self.templated:
            self.templated[shape] = (_pattern(first), _Node())
            ordered = sorted(self.templated.items(), key=lambda item: -len(item[0]))
            self.templated = dict(ordered)
        return self.templated[shape][1].add(rest)

    def find(self, segments: list[str], index: int, values: tuple[str, ...]) -> Match[T] | None:
        """Return what the rest of a path leads to; None if it leads nowhere."""
        if index == len(segments):
            if not self.targets:
                return None
            return Match(self.targets, values)
        segment = segments[index]
        node = self.concrete.get(segment)
        if node is not None and (found := node.find(segments, index + 1, values)) is not None:
            return found
        for pattern, node in self.templated.values():
            if (match := pattern.fullmatch(segment)) is not None:
                found = node.find(segments, index + 1, (*values, *match.groups()))
                if found is not None:
                    return found
        return None


def _pattern(template: str) -> re.Pattern[str]:
    parts = _PARAMETER.split(template)
    return re.compile(
        "".join("(.+?)" if index % 2 else re.escape(part) for index, part in enumerate(parts)),
        re.DOTALL,
    )
