"""The fields of an object as table rows, nested fields with their path: ``detail[].loc``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mockserver.docs.model import Choice, Reference, Schema
from mockserver.docs.values import parts_of


@dataclass(frozen=True, slots=True)
class Field:
    """A field with its path and schema."""

    path: str
    required: bool
    schema: Schema
    type_mark: str | None = None


def of(reference: Reference, schema: Schema) -> list[Field]:
    """Return the fields of a schema, inline objects included. Shared schemas are not expanded."""
    return list(_fields(reference, schema, ""))


def choices_of(schema: Schema) -> tuple[Choice, ...]:
    """Return the choices that a table of fields cannot show: all except ``allOf``."""
    return tuple(choice for choice in schema.choices if choice.kind != "allOf")


def _fields(reference: Reference, schema: Schema, prefix: str) -> Iterator[Field]:
    seen: set[str] = set()
    for part in parts_of(reference, schema):
        for property in part.properties:
            if property.name not in seen:
                seen.add(property.name)
                path = f"{prefix}{property.name}"
                yield Field(path, property.required, property.schema, property.type_mark)
                yield from _inner(reference, property.schema, path)
        if isinstance(part.additional, Schema):
            yield Field(f"{prefix}*", False, part.additional)
            yield from _inner(reference, part.additional, f"{prefix}*")


def _inner(reference: Reference, schema: Schema, path: str) -> Iterator[Field]:
    """Yield the fields of inline objects within a field."""
    while schema.name is None and schema.items is not None:
        schema, path = schema.items, f"{path}[]"
    if schema.name is None:
        yield from _fields(reference, schema, f"{path}.")
