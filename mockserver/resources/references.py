"""Fields of items that name other items: those above in the path, and those of other resources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from mockserver.resources import fields
from mockserver.resources.account import Json
from mockserver.resources.fitting import Fitting
from mockserver.resources.model import Model, Place, Resource, Template
from mockserver.resources.words import singular, stem

Steps = tuple[str | int, ...]
"""The names and indexes that lead to a part of a body."""
_MAX_DEPTH = 16
"""References in deeper values are not checked."""
_REFERENCE_ENDS = ("id", "gid", "uuid", "sid", "key")


class References:
    """The references between the items of one document."""

    def __init__(self, model: Model, fitting: Fitting) -> None:
        self._model = model
        self._fitting = fitting

    def referred(self, name: str) -> Resource | None:
        """Return the resource that a field names an item of; None for other fields."""
        return self._by_reference.get(singular(name))

    @cached_property
    def _by_reference(self) -> dict[str, Resource]:
        """The resources at the top, by the plain names of fields that refer to their items."""
        found: dict[str, Resource] = {}
        for resource in self._model.resources.values():
            if not resource.is_singleton and not resource.template.parameters:
                noun = fields.noun_of(resource.template.segments[-1])
                for end in _REFERENCE_ENDS:
                    found.setdefault(noun + end, resource)
        return found

    def of_place(self, place: Place) -> Json:
        """Return the fields that name the items above."""
        return self._fields(place.resource, place.resource.template, place.values)

    def linked(self, resource: Resource, link: Template, values: Sequence[str]) -> Json:
        """Return the fields of a new item that name the items of a path below others."""
        found = self._fields(resource, link, values)
        properties = self._fitting.shapes.of(resource.schema).properties
        is_text_of = self._fitting.is_text_of
        return {
            name: value for name, value in found.items() if is_text_of(properties[name], str(value))
        }

    def _fields(self, resource: Resource, template: Template, values: Sequence[str]) -> Json:
        params = dict(zip(template.parameters, values, strict=False))
        nouns = {}
        names = iter(template.parameters)
        for before, segment in zip(("", *template.segments), template.segments, strict=False):
            if segment == "{}":
                name = next(names)
                nouns[name] = fields.noun_of(before) or stem(name)
        found = fields.references(self._fitting.shapes, resource.schema, params, nouns)
        return {name: value for name, value in found.items() if name != resource.identity}


def scalars(value: Any, way: Steps = ()) -> Iterator[tuple[Steps, str | int]]:
    """Yield the texts and whole numbers in a value, and the ways to them."""
    if isinstance(value, dict | list):
        if len(way) >= _MAX_DEPTH:
            return
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for name, part in parts:
            yield from scalars(part, (*way, name))
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield way, value
