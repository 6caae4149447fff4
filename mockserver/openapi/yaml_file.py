"""Loads YAML files that people edit, and reports errors with file and line."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import jsonschema_rs
import msgspec
import yaml
from jsonschema_rs import ValidationErrorKind

# libyaml's loader is ten times as fast. Both loaders are safe: they only create plain values.
_Fast: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TIMESTAMP, _MERGE = "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:merge"


class _Loader(_Fast):  # type: ignore[misc]
    """Keeps timestamps as text and rejects duplicate keys."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's own name)
        first: [resolver for resolver in resolvers if resolver[0] != _TIMESTAMP]
        for first, resolvers in _Fast.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        merges = any(key.tag == _MERGE for key, _ in node.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value) and not merges:
            keys: set[Any] = set()
            for key, _ in node.value:
                if key.value in keys:
                    raise yaml.constructor.ConstructorError(
                        problem=f"the key '{key.value}' occurs twice", problem_mark=key.start_mark
                    )
                keys.add(key.value)
        return mapping


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
        return f"{where}: {self.problem}"


def read(path: Path) -> str:
    """Return the text of a file. Raise FileError."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise FileError(path, error.strerror or "cannot be read") from None
    except UnicodeDecodeError:
        raise FileError(path, "is not UTF-8 text") from None


def load(path: Path) -> Any:
    """Return the content of a YAML file as plain JSON. Raise FileError.

    Keys and timestamps become text.
    """
    try:
        content = yaml.load(read(path), Loader=_Loader)  # noqa: S506 (a safe loader)
        return msgspec.to_builtins(content, str_keys=True)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise FileError(
            path, error.problem or "is not YAML", mark.line + 1 if mark else None
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        raise FileError(path, f"is not YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise FileError(path, "is nested too deeply, or contains itself") from None


def load_as(path: Path, type: type[T]) -> T:
    """Return the content of a YAML file as a struct. Raise FileError.

    Unknown and misspelt fields are errors.
    """
    content = load(path)
    for error in _validator(type).iter_errors(content):  # type: ignore[arg-type]
        pointer = list(error.instance_path)
        if isinstance(error.kind, ValidationErrorKind.AdditionalProperties):
            pointer.append(error.kind.unexpected[0])
            raise error_at(path, pointer, "is not a known field here")
        raise error_at(path, pointer, error.message)
    try:
        return msgspec.convert(content, type)
    except msgspec.ValidationError as problem:
        text, _, where = str(problem).partition(" - at `$")
        raise error_at(path, _parts(where.rstrip("`")), text) from None


def _parts(path: str) -> list[str | int]:
    """Return the parts of a path as msgspec writes it: ``.plans[0].price_cents``."""
    return [int(index) if index else name for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path)]


def error_at(path: Path, pointer: Sequence[str | int], problem: str) -> FileError:
    """Return the error of one part of a YAML file, with its name and line."""
    name = ".".join(str(part) for part in pointer)
    return FileError(path, f"{name}: {problem}" if name else problem, line_of(path, pointer))


def line_of(path: Path, pointer: Sequence[str | int]) -> int | None:
    """Return the line on which a part of a YAML file begins, or that of its nearest parent."""
    node = yaml.compose(read(path), Loader=_Loader)
    line = node.start_mark.line + 1 if node else None
    for part in pointer:
        child = None
        if isinstance(node, yaml.MappingNode):
            child = next(
                ((key, value) for key, value in node.value if key.value == str(part)), None
            )
        elif (
            isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value)
        ):
            child = (node.value[part], node.value[part])
        if child is None:
            return line
        line, node = child[0].start_mark.line + 1, child[1]
    return line


@cache
def _validator(type: Any) -> jsonschema_rs.Draft202012Validator:
    schema = msgspec.json.schema(type)
    for definition in schema.get("$defs", {}).values():
        if "properties" in definition:
            definition["additionalProperties"] = False
    return jsonschema_rs.Draft202012Validator(schema)
