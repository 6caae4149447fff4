"""The fields of an object as rows of a table, nested ones with their path: ``detail[].loc``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mockserver.docs.model import Choice, Reference, Schema
from mockserver.docs.values import parts_of


@dataclass(frozen=True, slots=True)
class Field:
    """A field, where it stands, and what it may be."""

    path: str
    required: bool
    schema: Schema


def of(reference: Reference, schema: Schema) -> list[Field]:
    """The fields of a schema, with those of objects that are written out in it. Shared ones are left to their name."""
    return list(_fields(reference, schema, ""))


def choices_of(schema: Schema) -> tuple[Choice, ...]:
    """The choices that fields cannot show: all but those whose schemas must all fit."""
    return tuple(choice for choice in schema.choices if choice.kind != "allOf")


def _fields(reference: Reference, schema: Schema, prefix: str) -> Iterator[Field]:
    seen: set[str] = set()
    for part in parts_of(reference, schema):
        for property in part.properties:
            if property.name not in seen:
                seen.add(property.name)
                path = f"{prefix}{property.name}"
                yield Field(path, property.required, property.schema)
                yield from _inner(reference, property.schema, path)
        if isinstance(part.additional, Schema):
            yield Field(f"{prefix}*", False, part.additional)
            yield from _inner(reference, part.additional, f"{prefix}*")


def _inner(reference: Reference, schema: Schema, path: str) -> Iterator[Field]:
    """The fields within a field, as far as they are written out where it stands."""
    while schema.name is None and schema.items is not None:
        schema, path = schema.items, f"{path}[]"
    if schema.name is None:
        yield from _fields(reference, schema, f"{path}.")
