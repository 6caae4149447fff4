"""Reads a saved copy of a published reference page: text, Markdown or HTML.

A page has, for each operation, a heading ``METHOD /path``, a summary, a table of parameters, a
request example with curl and a response example in JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from mockserver.contract.page_lines import Line, lines_of
from mockserver.openapi.yaml_file import FileError

Json = dict[str, Any]

_HEADING = re.compile(r"(GET|PUT|POST|DELETE|PATCH|HEAD|OPTIONS) (/\S*)")
_TYPE = r'(?:(?:string|integer|boolean|number|object|any)(?:\[\])*|"[^"]*"(?: \| "[^"]*")*)'
_ROW = re.compile(
    rf"(?P<name>[\w.-]+?)(?P<type>{_TYPE})(?P<required>Required|Optional)"
    r"(?P<description>.*?)(?:Default: (?P<default>.*))?"
)
_CURL = re.compile(r"curl -X (\S+) (\S+)")
_DATA = re.compile(r"-d '(.*)'", re.DOTALL)
_PARAMETERS, _REQUEST, _RESPONSE = "Parameters", "Request Example", "Response Example"
_SECTIONS = (_PARAMETERS, _REQUEST, _RESPONSE)
_HEADER = ("Name", "Type", "Required", "Description")
_END = "Last updated:"
_LABELS = frozenset({"Bash", "JSON", "Copy"})


class Row(Struct, frozen=True):
    """A row of a parameters table."""

    name: str
    type: str
    required: bool
    description: str
    default: str | None


class Published(Struct, frozen=True):
    """Everything that a page contains about an operation."""

    method: str
    path: str
    summary: str
    rows: tuple[Row, ...]
    request_url: str
    request_body: Json | None
    response: Json

    @property
    def key(self) -> str:
        """Method and path, as in the heading."""
        return f"{self.method} {self.path}"


def read(path: Path) -> list[Published]:
    """Return the operations of a saved page. Raise FileError."""
    lines = lines_of(path)
    end = next((at for at, line in enumerate(lines) if line.text.startswith(_END)), len(lines))
    starts = _starts(lines[:end])
    if not starts:
        raise FileError(path, "has no heading such as 'GET /path', so it is no reference page", 1)
    found: dict[str, Published] = {}
    for start, stop in zip(starts, [*starts[1:], end], strict=True):
        try:
            published = _operation(lines[start:stop])
        except _Unreadable as error:
            name, number = lines[start].text, error.line or lines[start].number
            raise FileError(path, f"{name}: {error}", number) from None
        if published.key in found:
            raise FileError(path, f"{published.key} occurs twice", lines[start].number)
        found[published.key] = published
    return [*found.values()]


class _Unreadable(Exception):
    """A part of a page that has another form."""

    def __init__(self, problem: str, line: int = 0) -> None:
        super().__init__(problem)
        self.line = line


def _starts(lines: Sequence[Line]) -> list[int]:
    """Return where the operations begin. A badge that repeats a heading begins none."""
    starts: list[int] = []
    for at, line in enumerate(lines):
        is_badge = bool(starts) and starts[-1] == at - 1 and lines[at - 1].text == line.text
        if _HEADING.fullmatch(line.text) and not is_badge:
            starts.append(at)
    return starts


def _operation(lines: Sequence[Line]) -> Published:
    method, path = lines[0].text.split()
    summary: list[str] = []
    sections: dict[str, list[Line]] = {}
    current: list[Line] | None = None
    for line in lines[1:]:
        if line.text in _SECTIONS:
            current = sections.setdefault(line.text, [])
        elif current is not None:
            current.append(line)
        elif line.text not in (method, path, lines[0].text):
            summary.append(line.text)
    for name in (_REQUEST, _RESPONSE):
        if name not in sections:
            raise _Unreadable(f"has no section '{name}'")
    url, body = _request(_text(sections[_REQUEST]))
    response = _response(_text(sections[_RESPONSE]))
    rows = _rows(sections.get(_PARAMETERS, []))
    return Published(method, path, " ".join(summary), rows, url, body, response)


def _text(lines: Sequence[Line]) -> str:
    return "\n".join(line.text for line in lines if line.text not in _LABELS)


def _rows(lines: Sequence[Line]) -> tuple[Row, ...]:
    """Return the rows. As text, a required one is split around the word ``Required``."""
    if any(line.cells for line in lines):
        table = [line for line in lines if line.cells and line.cells != _HEADER]
        return tuple(_row_of_cells(line) for line in table)
    rows: list[Row] = []
    at = 0
    plain = [line for line in lines if line.text != "".join(_HEADER)]
    while at < len(plain):
        line, text = plain[at], plain[at].text
        if at + 1 < len(plain) and plain[at + 1].text == "Required":
            text += "Required" + (plain[at + 2].text if at + 2 < len(plain) else "")
            at += 2
        at += 1
        match = _ROW.fullmatch(text)
        if match is None:
            raise _Unreadable(f"'{text[:80]}' is no row of a parameters table", line.number)
        is_required = match["required"] == "Required"
        description, default = match["description"], match["default"]
        rows.append(Row(match["name"], match["type"], is_required, description, default))
    return tuple(rows)


def _row_of_cells(line: Line) -> Row:
    if len(line.cells) != len(_HEADER) or line.cells[2] not in ("Required", "Optional"):
        raise _Unreadable(f"'{line.text[:80]}' is no row of a parameters table", line.number)
    name, type, required, text = (cell.replace("`", "") for cell in line.cells)
    description, mark, default = text.partition("Default: ")
    return Row(name, type, required == "Required", description.strip(), default if mark else None)


def _request(text: str) -> tuple[str, Json | None]:
    curl = _CURL.search(text)
    if curl is None:
        raise _Unreadable("its request example is no curl command")
    data = _DATA.search(text)
    return curl[2], _json(data[1], "request") if data else None


def _response(text: str) -> Json:
    return _json(text, "response")


def _json(text: str, name: str) -> Json:
    start = text.find("{")
    try:
        value, _ = json.JSONDecoder().raw_decode(text, max(start, 0))
    except (ValueError, RecursionError):
        raise _Unreadable(f"its {name} example is not JSON") from None
    if not isinstance(value, dict):
        raise _Unreadable(f"its {name} example is no JSON object")
    return value
