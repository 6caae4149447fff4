"""Adds an operation to a YAML document: its text is inserted, all other text stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from mockserver.contract.conventions import Conventions
from mockserver.openapi import parser, yaml_file
from mockserver.openapi.contract import Contract
from mockserver.openapi.paths import TEMPLATE
from mockserver.openapi.yaml_file import FileError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_PATH = re.compile(r"(/([A-Za-z0-9._~:-]|\{[A-Za-z0-9_.-]+\})*)+")
_WITH_BODY = ("post", "put", "patch")
_MAX_PATH = 500


class Request(Struct, frozen=True):
    """The operation that is to be added."""

    method: str
    path: str
    operation_id: str | None = None
    summary: str | None = None
    tag: str | None = None


class Scaffold(Struct, frozen=True):
    """A document with a new operation."""

    path: Path
    text: str
    line: int
    """The line of the new operation."""
    operation_id: str
    added: str

    def write(self) -> None:
        """Write the document in one step."""
        target = self.path.resolve()  # a link stays a link
        temporary = target.with_name(f".{target.name}.new")
        try:
            temporary.write_bytes(self.text.encode())
            temporary.chmod(target.stat().st_mode & 0o7777)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def path_of(text: str) -> str:
    """Return a path of a document. Raise ValueError with what is expected."""
    names = TEMPLATE.findall(text)
    if not _PATH.fullmatch(text) or len(text) > _MAX_PATH or len(names) != len(set(names)):
        raise ValueError("a path such as /things/{thing_id}")
    return text


def scaffold(path: Path, request: Request) -> Scaffold:
    """Return a document with a new operation. Raise FileError if its text cannot be inserted."""
    if path.suffix.lower() == ".json":
        raise FileError(path, "is JSON; an operation can be added to a YAML document only", 1)
    contract = Contract.load(path)
    _check_new(contract, request)
    text = yaml_file.read(path).decode()
    document = yaml_file.load(path)
    place = _place(path, text, document, request)
    conventions = Conventions(contract, text)
    name = request.operation_id or conventions.name_of(request.method, request.path)
    if name in contract.operations:
        raise FileError(path, f"has an operation '{name}' already")
    lines = [*_lines(request, name, conventions, place)]
    newline = "\r\n" if "\r\n" in text else "\n"
    added = "".join(f"{line}{newline}" for line in lines)
    before = text[: place.offset]
    before += "" if before.endswith("\n") else newline
    made = Scaffold(path, before + added + text[place.offset :], place.line, name, added)
    _check_result(document, made, request)
    return made


def _check_new(contract: Contract, request: Request) -> None:
    form = TEMPLATE.sub("{}", request.path)
    for operation in contract.operations.values():
        if operation.method == request.method and TEMPLATE.sub("{}", operation.path) == form:
            at = ("paths", operation.path, operation.method)
            raise contract.problems.error(at, "is there already")


def _check_result(before: Any, made: Scaffold, request: Request) -> None:
    """Raise FileError unless the text has the new operation and is otherwise the same."""
    try:
        after = parser.parse(made.text.encode(), is_json=False)
        item = after["paths"][request.path]
        operation = item.pop(request.method)
        is_new_path = request.path not in before["paths"]
        if is_new_path:
            del after["paths"][request.path]
        is_same = after == before and operation["operationId"] == made.operation_id
    except (parser.ParseError, LookupError, TypeError):
        is_same = False
    if not is_same:
        raise FileError(made.path, "is written in a way in which no text can be inserted")


# ------------------------------------------------------------------------------------------- place


class _Place(Struct, frozen=True):
    """Where the text of the operation is inserted."""

    offset: int
    line: int
    indent: int
    """The columns before the path."""
    step: int
    """The columns by which a level is indented."""
    is_new_path: bool
    is_apart: bool
    """Whether paths have blank lines between them."""


def _place(path: Path, text: str, document: Any, request: Request) -> _Place:
    """Return the end of the path item if there is one, else that of the last path."""
    paths = document.get("paths")
    if not isinstance(paths, dict) or not paths:
        raise FileError(path, "has no paths yet; write the first one by hand")
    names = [*paths]
    name = request.path if request.path in paths else names[-1]
    item = paths[name]
    methods = [key for key in item if key in METHODS] if isinstance(item, dict) else []
    if not methods:
        raise FileError(path, f"{name} has its operations in another place; add it there")
    pointers = [("paths", name), ("paths", name, methods[0])]
    start, first = (line or 1 for line in yaml_file.lines_of(path, pointers))
    lines = text.splitlines(keepends=True)
    indent, inner = (_indent(lines[number - 1]) for number in (start, first))
    if inner <= indent or start == first:
        raise FileError(path, f"{name} is written in one line; add it by hand", start)
    end = start
    for number in range(start, len(lines)):
        line = lines[number]
        if line.strip() and _indent(line) > indent:
            end = number + 1
        elif line.strip() and not line.lstrip().startswith("#"):
            break
    is_apart = len(names) > 1 and not lines[start - 2].strip()
    is_new_path = request.path not in paths
    return _Place(
        offset=sum(map(len, lines[:end])),
        line=end + 1 + is_apart * is_new_path,
        indent=indent,
        step=inner - indent,
        is_new_path=is_new_path,
        is_apart=is_apart,
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


# -------------------------------------------------------------------------------------------- text


def _lines(request: Request, name: str, conventions: Conventions, place: _Place) -> Iterator[str]:
    """Yield the lines of the operation in the style of the document."""
    if place.is_new_path:
        if place.is_apart:
            yield ""
        yield f"{' ' * place.indent}{request.path}:"
    operation = {request.method: _operation(request, name, conventions)}
    yield from _yaml(operation, place.indent + place.step, place.step)


class _Raw(str):
    """Text that is YAML already."""

    __slots__ = ()


def _operation(request: Request, name: str, conventions: Conventions) -> dict[str, Any]:
    near = conventions.nearest(request.path)
    words = conventions.words_of(name)
    is_sent = request.method in _WITH_BODY
    parameters = [conventions.path_parameter(name) for name in TEMPLATE.findall(request.path)]
    tags = [request.tag] if request.tag else [*near.node.get("tags", [])[:1]]
    status = conventions.success(request.method)
    response: dict[str, Any] = {"description": "Confirms that the request succeeded."}
    if headers := conventions.headers():
        response["headers"] = _Raw(headers) if isinstance(headers, str) else headers
    if status != "204":
        response["content"] = {"application/json": {"schema": _schema("id", "The id.")}}
    errors = conventions.errors(has_body=is_sent, has_parameters=bool(parameters))
    node: dict[str, Any] = {
        "operationId": name,
        "tags": tags,
        "x-group": near.node.get("x-group"),
        "x-provenance": "assumed" if conventions.has_provenance else None,
        "summary": request.summary or words,
        "description": "Describe here what the operation does, and when it fails.",
        "parameters": parameters,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _schema("name", "The name.")}},
        }
        if is_sent
        else None,
        "responses": {status: response, **errors},
    }
    return {key: value for key, value in node.items() if value not in (None, [])}


def _schema(name: str, description: str) -> dict[str, Any]:
    """Return the schema of a body, which is to be replaced."""
    described = {"type": "string", "description": description, "example": f"example_{name}"}
    return {"type": "object", "required": [name], "properties": {name: described}}


def _yaml(node: dict[str, Any], indent: int, step: int) -> Iterator[str]:
    """Yield the lines of an object in block style."""
    for key, value in node.items():
        start = f"{' ' * indent}{_scalar(key, is_key=True)}:"
        if isinstance(value, dict) and [*value] != ["$ref"]:
            yield start
            yield from _yaml(value, indent + step, step)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield start
            for entry in value:
                yield from _entry(entry, indent + step, step)
        else:
            yield f"{start} {_inline(value)}"


def _entry(entry: dict[str, Any], indent: int, step: int) -> Iterator[str]:
    """Yield the lines of an object in a list."""
    if [*entry] == ["$ref"]:
        yield f"{' ' * indent}- {_inline(entry)}"
        return
    first, *others = _yaml(entry, indent + 2, step)
    yield f"{' ' * indent}- {first.lstrip()}"
    yield from others


def _inline(value: Any) -> str:
    if isinstance(value, _Raw):
        return str(value)
    if isinstance(value, dict):
        return f"{{ $ref: {json.dumps(value['$ref'])} }}"
    if isinstance(value, list):
        return f"[{', '.join(_scalar(str(item)) for item in value)}]"
    return _scalar(value)


def _scalar(value: Any, *, is_key: bool = False) -> str:
    """Return a scalar, quoted unless it is plain words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    form = r"[A-Za-z$/][A-Za-z0-9_./{}$-]*" if is_key else r"[A-Za-z][A-Za-z0-9_ ,.'-]*"
    is_word = text.lower() in ("true", "false", "null", "yes", "no", "on", "off", "y", "n", "")
    is_plain = re.fullmatch(form, text) and not is_word and ("," not in text or not is_key)
    return text if is_plain and text == text.strip() else json.dumps(text, ensure_ascii=False)


def steps(made: Scaffold, request: Request, command_spec: str) -> Sequence[str]:
    """Return what is to be done next."""
    title = f"{request.method.upper()} {request.path}"
    return (
        f"Replace the words of {title}: summary, description, properties, examples.",
        f"Lint the document: mockserver contract lint {command_spec}",
        f"Serve it from its schema: mockserver serve --spec {command_spec}",
        f"If a schema is not enough, write a handler, a function named {made.operation_id}.",
        "Write a story or a test that uses the operation.",
        "Generate the reference again, and write a line for the changelog.",
    )
