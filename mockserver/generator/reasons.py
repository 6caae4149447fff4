"""Sentences about schemas that nothing can satisfy."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
from jsonschema_rs.canonical import (
    CanonicalizationError,
    Cause,
    Satisfiability,
    UnsatisfiableReason,
    find_unsatisfiable,
)

from mockserver.schemas import Schema


def why_not(closed: Schema, plain: Schema) -> str | None:
    """Why no value satisfies a schema as answers are held to it; None where that is not certain."""
    if not _is_empty(closed):
        return None
    sentence = _sentence(closed)
    if not _is_empty(plain):
        sentence += " (an answer of the mock holds no properties but those that the schema names)"
    return sentence


def _is_empty(document: Schema) -> bool:
    try:
        canonical = jsonschema_rs.canonicalize(document, draft=jsonschema_rs.Draft4, validate_formats=True)
    except CanonicalizationError:
        return False
    return canonical.satisfiability() is Satisfiability.NO


def _sentence(document: Schema) -> str:
    found = find_unsatisfiable(document, draft=jsonschema_rs.Draft4, validate_formats=True)
    for pointer, reason in sorted(found.items(), key=lambda each: (not _is_conflict(each[1]), len(each[0]))):
        text = _reason(reason)
        if text:
            return f"nothing can satisfy the schema{_at(pointer)}: {text}"
    return "nothing can satisfy the schema: every value would have to hold another of its kind, without end"


def _is_conflict(reason: Any) -> bool:
    return isinstance(reason, UnsatisfiableReason.Conflict)


def _reason(reason: Any) -> str | None:
    if isinstance(reason, UnsatisfiableReason.Conflict):
        return _together(reason.causes)
    if isinstance(reason, UnsatisfiableReason.Empty) and reason.cause.keywords:
        return _together([reason.cause])
    return None


def _together(causes: list[Cause]) -> str:
    """The type is no news where something else is to blame."""
    telling = [cause for cause in causes if cause.keywords != ["type"]] or causes
    parts = [f"{word}{_at(cause.pointer)}" for cause in telling for word in _words(cause)]
    if len(parts) == 1:
        return f"no value meets {parts[0]}"
    return f"no value meets {', '.join(parts[:-1])} and {parts[-1]} together"


def _words(cause: Cause) -> list[str]:
    return [f"`{keyword}`" for keyword in cause.keywords] or ["the schema"]


def _at(pointer: str) -> str:
    path = pointer.removeprefix("#")
    return f" at {path}" if path else ""
