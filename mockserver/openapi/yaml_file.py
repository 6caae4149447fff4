"""Loads YAML and JSON files that people edit, and reports errors with file and line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from mockserver.openapi import parsed_cache

MAX_BYTES = 16 * 1024 * 1024
"""The size of a file."""

T = TypeVar("T")


class FileError(Exception):
    """A file that cannot be used: which file, which line and why."""

    def __init__(self, path: Path, problem: str, line: int | None = None) -> None:
        super().__init__(path, problem, line)
        self.path = path
        self.problem = problem
        self.line = line

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else str(self.path)
        problem = "".join(letter if letter.isprintable() else "?" for letter in self.problem)
        return f"{where}: {problem}"


def read(path: Path) -> bytes:
    """Return the content of a file. Raise FileError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileError(path, error.strerror or "cannot be read") from None
    if len(data) > MAX_BYTES:
        raise FileError(path, f"is larger than {MAX_BYTES // 1024**2} MB", 1)
    return data


def load(path: Path) -> Any:
    """Return the content of a YAML or JSON file as plain JSON. Raise FileError.

    A file named ``.json`` is read as JSON. See ``parser`` for the others. The result comes from the
    cache of parsed documents if it has one for the same bytes.
    """
    data, is_json = read(path), path.suffix.lower() == ".json"
    entry = parsed_cache.entry_of(data, is_json=is_json)
    if entry is not None and (document := entry.load()) is not None:
        return document
    from mockserver.openapi import parser

    try:
        document = parser.parse(data, is_json=is_json)
    except parser.ParseError as error:
        raise FileError(path, error.problem, error.line) from None
    if entry is not None:
        entry.save(document)
    return document


def load_as(path: Path, type: type[T]) -> T:
    """Return the content of a file as a struct. Raise FileError.

    Unknown and misspelt fields are errors, so the struct and its parts must forbid them.
    """
    content = load(path)
    try:
        return msgspec.convert(content, type)
    except msgspec.ValidationError as error:
        unexplained = str(error)
    if not isinstance(content, dict):
        raise FileError(path, f"must be an object with fields, but {describe(content)}", 1)
    from mockserver.openapi import struct_problems  # only for errors

    for pointer, problem in struct_problems.problems(type, content):
        raise error_at(path, pointer, problem)
    raise FileError(path, unexplained, 1)


def describe(content: Any) -> str:
    """Return what a content is that is not an object."""
    if content is None:
        return "is empty"
    return "is a list" if isinstance(content, list) else "is a single value"


def error_at(path: Path, pointer: Sequence[str | int], problem: str) -> FileError:
    """Return the error of one part of a YAML file, with its name and line."""
    name = ".".join(str(part) for part in pointer)
    return FileError(path, f"{name}: {problem}" if name else problem, line_of(path, pointer))


def line_of(path: Path, pointer: Sequence[str | int]) -> int | None:
    """Return the line on which a part of a file begins, or that of its nearest parent.

    It is None if the file has become unreadable.
    """
    return place_of([path], pointer)[1]


def place_of(paths: Sequence[Path], pointer: Sequence[str | int]) -> tuple[Path, int | None]:
    """Return the file that has most of a pointer, the last of several, and the line there."""
    from mockserver.openapi import lines, parser

    best, line, most = paths[0], None, -1
    for path in paths:
        try:
            found_line, found = lines.line_at(read(path), pointer)
        except (FileError, parser.ParseError):
            continue
        if found >= most:
            best, line, most = path, found_line, found
    return best, line


def lines_of(path: Path, pointers: Sequence[Sequence[str | int]]) -> list[int | None]:
    """Return the lines of many parts of a file, each like ``line_of``, in one pass."""
    from mockserver.openapi import lines, parser

    try:
        return [*lines.lines_at(read(path), pointers)]
    except (FileError, parser.ParseError):
        return [None for _ in pointers]
