"""Loads YAML and JSON files that people edit, and reports errors with file and line."""

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import jsonschema_rs
import msgspec
from jsonschema_rs import ValidationErrorKind

from mockserver.candidates import candidates
from mockserver.openapi import parsed_cache

MAX_BYTES = 16 * 1024 * 1024
"""The size of a file."""

_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.*)`")

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
    with suppress(msgspec.ValidationError):
        return msgspec.convert(content, type)
    # A schema says more about the first violation. Making it takes 10 ms.
    if not isinstance(content, dict):
        raise FileError(path, f"must be an object with fields, but {describe(content)}", 1)
    for error in _validator(type).iter_errors(content):  # type: ignore[arg-type]
        pointer = list(error.instance_path)
        if isinstance(error.kind, ValidationErrorKind.AdditionalProperties):
            raise _unknown_field(path, type, pointer, error.kind.unexpected[0])
        if isinstance(error.kind, ValidationErrorKind.AnyOf):
            break  # an optional object: the schema does not say what is wrong with it
        raise error_at(path, pointer, _problem_of(error))
    try:
        return msgspec.convert(content, type)
    except msgspec.ValidationError as problem:
        text, _, where = str(problem).partition(" - at `$")
        pointer = _parts(where.rstrip("`"))
        unknown = _UNKNOWN_FIELD.fullmatch(text)
        if unknown:
            raise _unknown_field(path, type, pointer, unknown[1]) from None
        raise error_at(path, pointer, text) from None


def _problem_of(error: jsonschema_rs.ValidationError) -> str:
    """Return the message of a violation; one of an unknown value lists the known ones."""
    if isinstance(error.kind, ValidationErrorKind.Enum) and isinstance(error.instance, str):
        known = [value for value in error.kind.options if isinstance(value, str)]
        return f"'{error.instance}' is not known here{candidates(error.instance, known)}"
    return error.message


def _unknown_field(path: Path, type: Any, pointer: list[str | int], name: str) -> FileError:
    """Return the error of a field that the struct at a place does not have."""
    known = _fields_at(msgspec.inspect.type_info(type), pointer)
    return error_at(path, [*pointer, name], f"is not a known field here{candidates(name, known)}")


def _fields_at(kind: Any, pointer: Sequence[str | int]) -> list[str]:
    """Return the fields of the struct at a place; none if there is no struct."""
    if isinstance(kind, msgspec.inspect.UnionType):
        found = (_fields_at(part, pointer) for part in kind.types)
        return next((fields for fields in found if fields), [])
    if not pointer:
        is_struct = isinstance(kind, msgspec.inspect.StructType)
        return [field.encode_name for field in kind.fields] if is_struct else []
    for part in (getattr(kind, name, None) for name in ("item_type", "value_type")):
        if part is not None:
            return _fields_at(part, pointer[1:])
    inner = [field.type for field in getattr(kind, "fields", ()) if field.encode_name == pointer[0]]
    return _fields_at(inner[0], pointer[1:]) if inner else []


def describe(content: Any) -> str:
    """Return what a content is that is not an object."""
    if content is None:
        return "is empty"
    return "is a list" if isinstance(content, list) else "is a single value"


def _parts(path: str) -> list[str | int]:
    """Return the parts of a path as msgspec writes it: ``.plans[0].price_cents``."""
    return [int(index) if index else name for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path)]


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


@cache
def _validator(type: Any) -> jsonschema_rs.Draft202012Validator:
    schema = msgspec.json.schema(type)
    for definition in schema.get("$defs", {}).values():
        if "properties" in definition:
            definition["additionalProperties"] = False
    return jsonschema_rs.Draft202012Validator(schema)
