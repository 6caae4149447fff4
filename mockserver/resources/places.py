"""The paths of a document as segments, and the schemas of their operations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct, field

from mockserver.engine.media_types import json_in
from mockserver.openapi.contract import Contract, Operation
from mockserver.openapi.schemas import Schema
from mockserver.resources.example_schemas import described
from mockserver.resources.model import Template
from mockserver.resources.words import plain, singular

CORRECTION = "x-mock-resource"
"""The extension that corrects an inference: ``false``, or ``{name, id, parent}``."""
CORRECTION_FIELDS = ("id", "name", "parent")
_NUMBERS = ("integer", "number")
_ENDING = re.compile(r"\.(json|xml)$")

Segments = tuple[str, ...]


class Place(Struct):
    """The operations of one path, by method."""

    template: Template
    operations: dict[str, Operation] = field(default_factory=dict)
    correction: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ids(self) -> set[str]:
        """The operationIds."""
        return {operation.operation_id for operation in self.operations.values()}


class Places:
    """All paths of a document."""

    def __init__(self, contract: Contract) -> None:
        self.by_path = dict(places_of(contract))

    def key_schema(self, collection: Segments) -> Schema:
        """Return the schema of the path parameter that selects an item.

        If paths below the item say that it is a number, and that of the item does not, it is one.
        """
        own = self._parameters[*collection, "{}"]
        return next((schema for schema in own if schema.get("type") in _NUMBERS), own[0])

    @cached_property
    def _parameters(self) -> dict[Segments, list[Schema]]:
        """The schemas of the last parameters of all beginnings of paths, short paths first."""
        found: dict[Segments, list[Schema]] = {}
        for at, place in sorted(self.by_path.items(), key=lambda entry: len(entry[0])):
            ends = [index for index, segment in enumerate(at, 1) if segment == "{}"]
            for end, name in zip(ends, place.template.parameters, strict=False):
                found.setdefault(at[:end], []).append(parameter_schema(place, name))
        return found


def places_of(contract: Contract) -> Iterator[tuple[Segments, Place]]:
    """Yield the paths of a document as segments, with their operations."""
    places: dict[Segments, Place] = {}
    for operation in contract.operations.values():
        item_node = contract.document["paths"].get(operation.path, {})
        correction = operation.node.get(CORRECTION, item_node.get(CORRECTION))
        if correction is False:
            continue
        segments = _segments(operation.path)
        place = places.get(segments)
        if place is None:
            place = places[segments] = Place(Template(segments, tuple(operation.path_names)))
        place.operations.setdefault(operation.method, operation)
        if isinstance(correction, Mapping):
            usable = {
                name: value
                for name, value in correction.items()
                if name in CORRECTION_FIELDS and isinstance(value, str) and value
            }
            place.correction = {**place.correction, **usable}
    yield from places.items()


def _segments(path: str) -> Segments:
    """Return the segments of a path; parameters are ``{}``, endings such as ``.json`` are left out.

    ``{id}:archive`` is two segments.
    """
    segments: list[str] = []
    for written in path.strip("/").split("/"):
        segment = _ENDING.sub("", written)
        if segment.startswith("{") and segment.count("{") == 1:
            _, _, rest = segment.partition("}")
            segments += ["{}", rest] if rest else ["{}"]
        else:
            segments.append(segment)
    return tuple(segments)


def success_schema(contract: Contract, operation: Operation | None) -> Schema | None:
    """Return the schema of the JSON body of a successful response; None without one."""
    if operation is None:
        return None
    return media_schema(contract, operation.response(operation.success))


def request_schema(contract: Contract, operation: Operation) -> Schema | None:
    """Return the schema of the request body: that of JSON, else the first one."""
    return request_schema_of(contract, operation.request_body)


def request_schema_of(contract: Contract, request_body: Schema | None) -> Schema | None:
    """Return the schema of a request body object: that of JSON, else the first one."""
    body = contract.follow(request_body or {})
    content = body.get("content", {})
    name = json_in(content) or next(iter(content), None)
    return content[name].get("schema", {}) if name is not None else None


def media_schema(contract: Contract, response: Schema | None) -> Schema | None:
    """Return the schema of the JSON body of a response; None without one."""
    content = contract.follow(response or {}).get("content", {})
    name = json_in(content)
    return described(contract, content[name]) if name is not None else None


def parameter_schema(place: Place, name: str) -> Schema:
    """Return the schema of a path parameter."""
    for operation in place.operations.values():
        for parameter in operation.parameters:
            if (parameter.get("in"), parameter.get("name")) == ("path", name):
                schema: Schema = parameter.get("schema", {})
                return schema
    return {}


def noun_of(segments: Segments, parameter: str) -> str:
    """Return the plain singular of a collection's name."""
    words = [segment for segment in segments if segment != "{}"]
    return singular(words[-1]) if words else plain(parameter)


def names_of(found: Iterable[Segments], chosen: Mapping[Segments, Any]) -> dict[Segments, str]:
    """Return a name for each resource: the last word of its path, longer where two are alike.

    ``chosen`` are names that the document gives.
    """
    names: dict[Segments, str] = {}
    taken: set[str] = set()
    # Short paths come first, because no longer name is left for them.
    for at in sorted(found, key=len):
        words = [segment for segment in at if segment != "{}"]
        candidates = [str(chosen[at])] if chosen[at] else []
        candidates += ["/".join(words[-count:]) for count in range(1, len(words) + 1)]
        whole = "/".join(at)
        names[at] = next((name for name in candidates if name not in taken), whole)
        taken.add(names[at])
    return names
