"""Finds the lines of parts of YAML and JSON texts. They are looked up for errors only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mockserver.openapi.parser import END, LIST, OBJECT, Event, events


def line_at(data: bytes, pointer: Sequence[str | int]) -> tuple[int, int]:
    """Return the line of a part of a valid document, or of its nearest parent that exists.

    The second number says how many parts of the pointer exist.
    """
    return _Search(pointer).run(events(data))


def lines_at(data: bytes, pointers: Sequence[Sequence[str | int]]) -> list[int]:
    """Return the lines of many parts of a valid document, each like ``line_at``, in one pass."""
    root = _Wanted()
    ends = [root.add(pointer) for pointer in pointers]
    _mark(root, events(data))
    return [next((wanted.line for wanted in way if wanted.line), 1) for way in ends]


class _Search:
    """Finds the line of a part of a document, from its events."""

    def __init__(self, pointer: Sequence[str | int]) -> None:
        self._pointer = [str(part) for part in pointer]
        self._found = 0
        """How many parts of the pointer exist."""
        self._line = 1
        self._open: list[list[Any]] = []
        """For each open container: whether it is on the way, and the name of the next value."""

    def run(self, events: Iterator[Event]) -> tuple[int, int]:
        for index, event in enumerate(events):
            if index == 0:
                self._line = event[2]
            if self._found == len(self._pointer) or self._is_over(*event[:3]):
                break
        return self._line, self._found

    def _is_over(self, kind: int, value: Any, line: int) -> bool:
        """Process an event. Return whether the last container on the way has ended."""
        if kind == END:
            is_on_way, _ = self._open.pop()
            return bool(is_on_way)
        is_wanted = True
        if self._open:
            top = self._open[-1]
            if top[1] is None:
                top[1] = value
                return self._arrives(line)
            is_wanted = top[0] and str(top[1]) == self._pointer[len(self._open) - 1]
            self._arrives(line)
            top[1] = None if isinstance(top[1], str) else top[1] + 1
        if kind in (OBJECT, LIST):
            self._open.append([is_wanted, None if kind == OBJECT else 0])
        return False

    def _arrives(self, line: int) -> bool:
        """Note the line of a key or an entry that the pointer names."""
        is_on_way, name = self._open[-1]
        level = len(self._open) - 1
        if is_on_way and self._found == level and str(name) == self._pointer[level]:
            self._line, self._found = line, level + 1
        return False


class _Wanted:
    """A part of a document whose line is looked up, with the parts within it."""

    def __init__(self) -> None:
        self.line = 0
        self.parts: dict[str, _Wanted] = {}

    def add(self, pointer: Sequence[str | int]) -> list[_Wanted]:
        """Add a part. Return it and what contains it, the innermost first."""
        way = [self]
        for key in pointer:
            way.append(way[-1].parts.setdefault(str(key), _Wanted()))
        return way[::-1]


def _mark(root: _Wanted, events: Iterator[Event]) -> None:
    """Note the lines of all parts that are wanted."""
    parents: list[tuple[_Wanted | None, str | int | None]] = []
    wanted: _Wanted | None = None
    name: str | int | None = None
    for kind, value, line, _ in events:
        if kind == END:
            wanted, name = parents.pop()
            continue
        if not parents:
            part: _Wanted | None = root
        elif name is None:
            name = value
            part = wanted.parts.get(str(value)) if wanted is not None else None
            if part is not None:
                part.line = line
            continue
        else:
            part = wanted.parts.get(str(name)) if wanted is not None else None
        if part is not None and not part.line:
            part.line = line
        if parents or kind in (OBJECT, LIST):
            name = None if isinstance(name, str) else (name + 1 if name is not None else None)
        if kind in (OBJECT, LIST):
            parents.append((wanted, name))
            wanted, name = part, None if kind == OBJECT else 0
