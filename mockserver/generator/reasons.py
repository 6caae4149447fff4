"""Sentences about schemas that nothing can satisfy."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
from jsonschema_rs.canonical import UnsatisfiableReason, find_unsatisfiable

from mockserver.schemas import Schema


def why(document: Schema) -> str:
    """Why no value satisfies a schema of draft 4."""
    found = find_unsatisfiable(document, draft=jsonschema_rs.Draft4, validate_formats=True)
    inner = {pointer: reason for pointer, reason in found.items() if not isinstance(reason, UnsatisfiableReason.Empty)}
    for pointer, reason in sorted((inner or found).items(), key=lambda each: len(each[0])):
        return f"nothing can satisfy the schema{_at(pointer)}: {_sentence(reason)}"
    return "nothing can satisfy the schema"


def _sentence(reason: Any) -> str:
    if isinstance(reason, UnsatisfiableReason.Conflict):
        return f"{' and '.join(_cause(each) for each in reason.causes)} contradict each other"
    if isinstance(reason, UnsatisfiableReason.Empty):
        return f"{_cause(reason.cause)} allows no value"
    return "it allows no value"


def _cause(cause: Any) -> str:
    keywords = ", ".join(cause.keywords)
    return f"{keywords}{_at(cause.pointer)}" if keywords else cause.pointer.removeprefix("#") or "the schema itself"


def _at(pointer: str) -> str:
    path = pointer.removeprefix("#")
    return f" at {path}" if path else ""
