"""One Markdown page for each operation, which can be read without the others.

A page has its operation, the shared responses that it links to, and the shared schemas that these
need. All other links lead into the page of the whole reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from mockserver.docs.file_names import FileNames
from mockserver.docs.markdown import PageWriter
from mockserver.docs.markdown_operation import OperationWriter
from mockserver.docs.markdown_text import plain
from mockserver.docs.model import Operation, Reference
from mockserver.docs.options import Options

FOLDER = "reference"
_WHOLE = "reference.md"
_MAX_SCHEMAS = 12
"""Schemas that one page describes. In some documents each schema leads to hundreds of others."""
_FENCE = re.compile(r" *(`{3,}|~{3,})")
_CODE_OR_LINK = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)|\]\(#([^)\s]+)\)")
"""A code span, which contains no links, or the end of a link to a part of the page."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines of a page, with the anchors that they lead to."""

    lines: list[str]
    linked: list[int]
    """The lines that lead to an anchor."""
    targets: list[str]

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table, as plain values are."""
        return self.lines[0].startswith("|")


class OperationPages:
    """The pages of all operations. Each is written when it is asked for."""

    def __init__(self, reference: Reference, options: Options) -> None:
        self._reference, self._options = reference, options
        self._writer = PageWriter(reference, options)
        self._operations = OperationWriter(reference, options)
        self._parts: dict[str, _Part] = {}
        self._schemas = {shared.anchor: shared for shared in reference.schemas.values()}
        self._responses = {
            response.anchor: response for response in reference.responses if response.anchor
        }

    @cached_property
    def names(self) -> dict[str, Operation]:
        """The operations by the path of their page, in the order of the document."""
        names = FileNames()
        return {
            f"{FOLDER}/{names.take(operation.operation_id or operation.heading, 'operation')}.md": (
                operation
            )
            for operation in self._reference.operations
        }

    def text(self, name: str) -> str:
        """Return a page. Raise KeyError if no operation has this path."""
        operation = self.names[name]
        described = self._operations.described_schemas
        described.clear()
        first = _part(self._head(operation))
        here = {operation.anchor, *(self._reference.schemas[name].anchor for name in described)}
        responses = self._used([first], self._responses, here)
        schemas = self._used([first, *responses], self._schemas, here)
        parts = [first, *_titled("Shared responses", responses), *_schemas(schemas)]
        text = "\n".join(_relinked(parts, here)).rstrip("\n")
        return f"{text}\n\n---\n\n{self._options.banner}\n"

    def _head(self, operation: Operation) -> Iterator[str]:
        lines = list(self._operations.operation(operation, 1))
        title = lines.index("", 2)
        yield from lines[: title + 1]
        yield from [f"A part of [{plain(self._reference.title)}](../{_WHOLE}).", ""]
        yield from lines[title + 1 :]

    def _used(self, parts: Iterable[_Part], known: Iterable[str], here: set[str]) -> list[_Part]:
        """Return the parts that others lead to, the nearest first, and add their anchors."""
        pending = [target for part in parts for target in part.targets]
        found: list[_Part] = []
        known = set(known)
        for target in pending:
            if target not in known or target in here or len(found) == _MAX_SCHEMAS:
                continue
            here.add(target)
            found.append(self._shared(target))
            pending += found[-1].targets
        return found

    def _shared(self, anchor: str) -> _Part:
        if anchor not in self._parts:
            lines = (
                self._writer.shared_response(self._responses[anchor])
                if anchor in self._responses
                else self._writer.schema(self._schemas[anchor])
            )
            self._parts[anchor] = _part(lines)
        return self._parts[anchor]


def _titled(title: str, parts: list[_Part]) -> list[_Part]:
    return [_Part([f"## {title}", ""], [], []), *parts] if parts else []


def _schemas(parts: list[_Part]) -> list[_Part]:
    """Return schemas below their titles: objects, then the table of plain values."""
    rows, objects = ([part for part in parts if part.is_row is wanted] for wanted in (True, False))
    header = _Part(["| Value | Type | Description |", "|---|---|---|"], [], [])
    return _titled("Schemas", [*objects, *([header, *rows] if rows else [])])


def _part(lines: Iterable[str]) -> _Part:
    """Return lines, some of which may be blocks of several, with the targets of their links."""
    whole = "\n".join(lines).split("\n")
    linked = [index for index in _texts(whole) if "](#" in whole[index]]
    targets = (match[2] for index in linked for match in _CODE_OR_LINK.finditer(whole[index]))
    return _Part(whole, linked, [target for target in dict.fromkeys(targets) if target])


def _texts(lines: Sequence[str]) -> Iterator[int]:
    """Yield the numbers of the lines that are not in code blocks."""
    fence = ""
    for index, line in enumerate(lines):
        mark = _FENCE.match(line) if "```" in line or "~~~" in line else None
        if fence:
            if mark and mark[1].startswith(fence) and mark[1] == line.strip():
                fence = ""
        elif mark:
            fence = mark[1]
        else:
            yield index


def _relinked(parts: Iterable[_Part], here: set[str]) -> Iterator[str]:
    """Yield the lines, with links to other parts of the reference led to its page."""

    def relinked(match: re.Match[str]) -> str:
        target = match[2]
        return match[0] if not target or target in here else f"](../{_WHOLE}#{target})"

    for part in parts:
        lines = list(part.lines)
        for index in part.linked:
            lines[index] = _CODE_OR_LINK.sub(relinked, lines[index])
        yield from lines
