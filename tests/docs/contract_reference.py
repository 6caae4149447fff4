"""The contract as the pages read it, and as the raw document states it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver import packaged
from mockserver.docs.document import Document
from mockserver.docs.model import Operation
from mockserver.docs.reader import read

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
CONTRACT = Document.load(packaged.spec())
REFERENCE = read(CONTRACT)
OPERATIONS = list(REFERENCE.operations)


def find_operation(operation_id: str) -> Operation:
    """Return an operation of the contract that a test is about."""
    found = [operation for operation in OPERATIONS if operation.operation_id == operation_id]
    assert len(found) == 1, f"the contract has no operation {operation_id!r}, which a test needs"
    return found[0]


def declared_headings() -> list[str]:
    """Return method and path of all operations, counted in the raw document."""
    return [heading for heading, _ in _declared()]


def documented_headings() -> list[str]:
    """Return method and path of the documented operations, by the marks of the raw document.

    An operation without a mark has that of its path item, which has that of the document.
    """
    return [heading for heading, mark in _declared() if mark in (None, "documented")]


def _declared() -> Iterator[tuple[str, str | None]]:
    root: dict[str, Any] = CONTRACT.root
    for path, item in root["paths"].items():
        for method in METHODS:
            if method in item:
                inherited = item.get("x-provenance", root.get("x-provenance"))
                yield f"{method.upper()} {path}", item[method].get("x-provenance", inherited)
