"""What is wrong with a document: warnings to live with, and errors, with file and line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct, field

from mockserver.openapi import yaml_file
from mockserver.openapi.yaml_file import FileError

Pointer = tuple[str | int, ...]
MAX_WARNINGS = 1_000
"""The number of warnings that are kept. Further ones are counted."""
_MAX_CHARACTERS = 200


class DocumentWarning(Struct, frozen=True):
    """Something wrong with a document that does not keep it from being served."""

    pointer: Pointer
    problem: str

    def __str__(self) -> str:
        return f"{written(self.pointer)}: {self.problem}"


class Origin(Struct, frozen=True):
    """A part of a document that was read from another place."""

    at: Pointer
    path: Path
    pointer: Pointer
    """The place of the part in its file."""


class Problems(Struct):
    """The problems of one document."""

    paths: list[Path]
    """The document's file, and the files that were merged into it."""
    is_strict: bool = False
    """Whether a warning is an error."""
    warnings: list[DocumentWarning] = field(default_factory=list)
    count: int = 0
    """The number of all warnings."""
    origins: list[Origin] = field(default_factory=list)
    _seen: set[tuple[Pointer, str]] = field(default_factory=set)

    def warn(self, pointer: Sequence[str | int], problem: str) -> None:
        """Add a warning. Raise FileError if warnings are errors."""
        if self.is_strict:
            raise self.error(pointer, problem)
        key = (tuple(pointer), problem)
        if key in self._seen:
            return
        self.count += 1
        if len(self.warnings) < MAX_WARNINGS:
            self._seen.add(key)
            self.warnings.append(DocumentWarning(key[0], shorten(problem)))

    def error(self, pointer: Sequence[str | int], problem: str) -> FileError:
        """Return the error of a part of the document, in the file that has this part."""
        file, line = self.place(tuple(pointer))
        return FileError(file, f"{written(pointer)}: {shorten(problem)}", line)

    def place(self, pointer: Pointer) -> tuple[Path, int | None]:
        """Return the file and the line of a part of the document."""
        paths, within = self._source(pointer)
        return yaml_file.place_of(paths, within)

    @property
    def summary(self) -> str:
        """One sentence about the warnings, empty without any."""
        if not self.count:
            return ""
        word = "warning" if self.count == 1 else "warnings"
        path = self.paths[0]
        return f"{path} has {self.count} {word}; 'mockserver check {path}' lists them"

    def lines(self) -> list[tuple[Path, int | None, DocumentWarning]]:
        """Return all warnings with file and line, in the order of files and lines."""
        places = self.places([warning.pointer for warning in self.warnings])
        placed = [(*place, found) for place, found in zip(places, self.warnings, strict=True)]
        order = {path: at for at, path in enumerate(dict.fromkeys(path for path, _, _ in placed))}
        return sorted(placed, key=lambda entry: (order[entry[0]], entry[1] or 0))

    def places(self, pointers: Sequence[Pointer]) -> list[tuple[Path, int | None]]:
        """Return the file and the line of many parts. Each file is read once."""
        places: list[tuple[Path, int | None]] = [(self.paths[0], None)] * len(pointers)
        by_file: dict[Path, list[tuple[int, Pointer]]] = {}
        for at, pointer in enumerate(pointers):
            paths, within = self._source(pointer)
            if len(paths) > 1:
                places[at] = yaml_file.place_of(paths, within)
            else:
                by_file.setdefault(paths[0], []).append((at, within))
        for path, found in by_file.items():
            lines = yaml_file.lines_of(path, [within for _, within in found])
            for (at, _), line in zip(found, lines, strict=True):
                places[at] = (path, line)
        return places

    def _source(self, pointer: Pointer) -> tuple[list[Path], Pointer]:
        """Return the files of a part, and its place in them."""
        best: Origin | None = None
        for origin in self.origins:
            length = len(origin.at)
            if pointer[:length] == origin.at and (best is None or length > len(best.at)):
                best = origin
        if best is None:
            return self.paths, pointer
        return [best.path], (*best.pointer, *pointer[len(best.at) :])


def written(pointer: Sequence[str | int]) -> str:
    """Return a JSON pointer as a fragment."""
    return f"#/{'/'.join(str(part).replace('~', '~0').replace('/', '~1') for part in pointer)}"


def shorten(message: str, limit: int = _MAX_CHARACTERS) -> str:
    """Return a message of bounded length."""
    return message if len(message) <= limit else f"{message[:limit]}..."
