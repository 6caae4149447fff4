"""Types of schemas in words, in the style of the published page: ``string[]``, ``"a" | "b"``."""

from __future__ import annotations

import json

from mockserver.docs.model import MISSING, Json, Reference, Schema
from mockserver.docs.values import parts_of

ANY = "any"


def type_text(reference: Reference, schema: Schema) -> str:
    """Return the type of a schema, without nullability, bounds and formats."""
    return " | ".join(_options(reference, schema, frozenset())) or ANY


def blank_words(value: Json) -> str | None:
    """Return a text without visible characters in words; None for any other value."""
    if not isinstance(value, str) or value.strip():
        return None
    if value.strip(" "):
        return "a text of white space"
    return ("an empty text", "a space")[len(value)] if len(value) < 2 else f"{len(value)} spaces"


def is_nullable(reference: Reference, schema: Schema) -> bool:
    """Return whether null is allowed by the schema or one that it refers to."""
    return any(step.nullable for step in reference.chain(schema))


def default_of(reference: Reference, schema: Schema) -> Json:
    """Return the default of a value, or MISSING."""
    return next(
        (step.default for step in reference.chain(schema) if step.default is not MISSING),
        MISSING,
    )


def _options(reference: Reference, schema: Schema, visited: frozenset[str]) -> list[str]:
    if schema.name is not None:
        if schema.name in visited:
            return ["object"]  # a recursive schema
        visited |= {schema.name}
    target = reference.follow(schema)
    enum = next((step.enum for step in reference.chain(schema) if step.enum), None)
    if enum is not None:
        return list(dict.fromkeys(json.dumps(value, ensure_ascii=False) for value in enum))
    if target.types:
        return [
            _array(reference, target, visited) if type == "array" else type for type in target.types
        ]
    for choice in target.choices:
        if choice.kind in ("anyOf", "oneOf"):
            each_option = (_options(reference, option, visited) for option in choice.schemas)
            return list(dict.fromkeys(option for options in each_option for option in options))
    types = (type for part in parts_of(reference, target) for type in part.types)
    return list(dict.fromkeys(types))[:1]


def _array(reference: Reference, schema: Schema, visited: frozenset[str]) -> str:
    options = _options(reference, schema.items, visited) if schema.items is not None else []
    inner = " | ".join(options) or ANY
    return f"({inner})[]" if len(options) > 1 else f"{inner}[]"
