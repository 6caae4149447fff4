"""The description of a document in parts: its lead, its chapters, and what is for maintainers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mockserver.docs.model import Operation, Reference

_FENCE = re.compile(r"\s*(```|~~~)")
_HEADING = re.compile(r"#{1,6}\s+\S")
_FOR_MAINTAINERS = re.compile(r"x-[a-z-]*provenance|x-documented-keywords")


@dataclass(frozen=True, slots=True)
class Introduction:
    """The description in the order of a page."""

    lead: str
    """The text before the first heading."""
    chapters: str
    maintenance: str
    """Chapters about the marks of the document, which come last."""


def introduction(description: str) -> Introduction:
    """Return the parts of a description."""
    lead, *chapters = _parts(description)
    about_marks = [chapter for chapter in chapters if _FOR_MAINTAINERS.search(chapter)]
    others = [chapter for chapter in chapters if chapter not in about_marks]
    return Introduction(lead.strip(), "\n".join(others), "\n".join(about_marks))


def first_call(reference: Reference) -> Operation | None:
    """Return the operation that a newcomer can call at once: a read without required parameters."""
    operations = [
        operation
        for page in reference.pages
        for group in page.groups
        for operation in group.operations
    ]
    easy = (
        operation
        for operation in operations
        if operation.method == "GET"
        and "{" not in operation.path
        and not any(parameter.required for parameter in operation.parameters)
    )
    return next(easy, None) or next(iter(operations), None)


def _parts(text: str) -> Iterator[str]:
    """Yield the text before the first heading, then each chapter with its sections."""
    is_code, highest = False, 0
    part: list[str] = []
    for line in text.splitlines():
        is_code ^= bool(_FENCE.match(line))
        heading = None if is_code else _HEADING.match(line)
        level = len(line) - len(line.lstrip("#"))
        if heading and (not highest or level <= highest):
            yield "\n".join(part)
            part, highest = [], highest or level
        part.append(line)
    yield "\n".join(part)
