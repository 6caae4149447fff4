"""The paths of a document as segments, and the schemas of their operations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from mockserver.openapi.contract import Contract, Operation, is_json
from mockserver.openapi.schemas import Schema
from mockserver.resources.model import Template

CORRECTION = "x-mock-resource"
"""The extension that corrects an inference: ``false``, or ``{name, id, parent}``."""
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
            place.correction = {**place.correction, **correction}
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
    body = contract.follow(operation.request_body or {})
    content = body.get("content", {})
    name = next(filter(is_json, content), next(iter(content), None))
    return content[name].get("schema", {}) if name is not None else None


def media_schema(contract: Contract, response: Schema | None) -> Schema | None:
    """Return the schema of the JSON body of a response; None without one."""
    content = contract.follow(response or {}).get("content", {})
    name = next(filter(is_json, content), "*/*" if "*/*" in content else None)
    return content[name].get("schema", {}) if name is not None else None
