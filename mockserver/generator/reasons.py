"""Explanations of why nothing can satisfy a schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
from jsonschema_rs.canonical import (
    CanonicalizationError,
    Cause,
    Satisfiability,
    UnsatisfiableReason,
    find_unsatisfiable,
)

from mockserver.openapi.schemas import Dialect, Schema


def explain_unsatisfiable(closed: Schema, plain: Schema, dialect: Dialect) -> str | None:
    """Return why no value satisfies a schema, or None if that is not proven.

    ``closed`` is the schema of responses, which may contain only documented properties; ``plain``
    is the schema as it is written.
    """
    if not _is_empty(closed, dialect):
        return None
    sentence = _sentence(closed, dialect)
    if not _is_empty(plain, dialect):
        sentence += " (responses may contain only the properties that the schema names)"
    return sentence


def _is_empty(document: Schema, dialect: Dialect) -> bool:
    try:
        canonical = jsonschema_rs.canonicalize(document, draft=dialect.draft, validate_formats=True)
    except CanonicalizationError:
        return False
    return canonical.satisfiability() is Satisfiability.NO


def _sentence(document: Schema, dialect: Dialect) -> str:
    found = find_unsatisfiable(document, draft=dialect.draft, validate_formats=True)
    reasons = {
        pointer: text for pointer, reason in found.items() if (text := _reason(reason, pointer))
    }
    if not reasons:
        return (
            "nothing can satisfy the schema: "
            "every value would have to contain another value of the same kind, without end"
        )
    pointer = min(reasons, key=len)
    schema: Any = document if pointer == "" else None
    while isinstance(schema, dict):
        # If a required part is unsatisfiable, report the part instead of the requirement.
        inner = next((part for part in _needed(schema) if f"{pointer}/{part[0]}" in reasons), None)
        if inner is None:
            break
        pointer, schema = f"{pointer}/{inner[0]}", inner[1]
    return f"nothing can satisfy the schema{_location(pointer)}: {reasons[pointer]}"


def _needed(schema: Schema) -> Iterator[tuple[str, Any]]:
    """Yield the parts that every value of a schema needs, with their pointers."""
    for name in schema.get("required", ()):
        if name in schema.get("properties", {}):
            yield (
                f"properties/{name.replace('~', '~0').replace('/', '~1')}",
                schema["properties"][name],
            )
    if schema.get("minItems"):
        yield "items", schema.get("items")
    for index, part in enumerate(schema.get("allOf", ())):
        yield f"allOf/{index}", part


def _reason(reason: Any, pointer: str) -> str | None:
    if isinstance(reason, UnsatisfiableReason.Conflict):
        return _conflict_sentence(reason.causes, pointer)
    if isinstance(reason, UnsatisfiableReason.Empty) and reason.cause.keywords:
        return _conflict_sentence([reason.cause], pointer)
    return None


def _conflict_sentence(causes: list[Cause], pointer: str) -> str:
    """Return a sentence that names the conflicting keywords. ``type`` is left out if possible."""
    relevant = [cause for cause in causes if cause.keywords != ["type"]] or causes
    parts = [
        f"{word}{_location(cause.pointer) if cause.pointer != pointer else ''}"
        for cause in relevant
        for word in _keyword_names(cause)
    ]
    if len(parts) == 1:
        return f"no value meets {parts[0]}"
    return f"no value meets {', '.join(parts[:-1])} and {parts[-1]} together"


def _keyword_names(cause: Cause) -> list[str]:
    return [f"`{keyword}`" for keyword in cause.keywords] or ["the schema"]


def _location(pointer: str) -> str:
    path = pointer.removeprefix("#")
    return f" at {path}" if path else ""
