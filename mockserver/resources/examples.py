"""The items that a document shows in its examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.engine.media_types import concrete
from mockserver.openapi.contract import Contract, Operation, is_json
from mockserver.resources.example_schemas import examples_of
from mockserver.resources.fitting import part_at
from mockserver.resources.model import Model, Resource, Role, Served

_MAX_EXAMPLES = 20
"""The number of items that are taken from the examples of one resource."""
_READ, _SHOWN = (Role.READ,), (Role.READ, Role.LIST, Role.CREATE, Role.REPLACE, Role.MERGE)


def items_of(contract: Contract, model: Model, resource: Resource) -> list[dict[str, Any]]:
    """Return the items that the responses of a resource show, each identity once."""
    found: dict[str, dict[str, Any]] = {}
    for served in _operations(model, resource):
        operation = contract.operations[served.operation_id]
        for body in bodies_of(contract, operation):
            for item in _items(served, body):
                key = str(item.get(resource.identity or "", len(found)))
                if len(found) < _MAX_EXAMPLES:
                    found.setdefault(key, item)
    return list(found.values())


def keys_of(contract: Contract, model: Model, resource: Resource) -> list[Any]:
    """Return the examples of the path parameter that selects an item."""
    keys: dict[str, Any] = {}
    for served in _operations(model, resource):
        operation = contract.operations[served.operation_id]
        name = served.parameters[-1] if served.parameters else ""
        if len(served.parameters) != len(resource.template.parameters) + 1 or served.link:
            continue
        for parameter in operation.parameters:
            if (parameter.get("in"), parameter.get("name")) == ("path", name):
                for value in examples_of(contract, parameter):
                    keys.setdefault(str(value), value)
    return list(keys.values())


def bodies_of(contract: Contract, operation: Operation) -> Iterator[Any]:
    """Yield the examples of the successful JSON response of an operation."""
    response = contract.follow(operation.response(operation.success) or {})
    for name, media in response.get("content", {}).items():
        if is_json(concrete(name)):
            yield from examples_of(contract, media)


def is_oldest_first(contract: Contract, operation: Operation, served: Served) -> bool:
    """Return whether a list's example shows its items with the oldest first."""
    for body in bodies_of(contract, operation):
        moments = [moment for item in _items(served, body) if (moment := _moment(item))]
        if len(moments) > 1 and moments == sorted(moments) and moments[0] != moments[-1]:
            return True
    return False


def _moment(item: dict[str, Any]) -> str | None:
    named = (value for name, value in item.items() if "creat" in name.lower())
    value = next(named, None)
    return str(value).zfill(20) if isinstance(value, str | int) else None


def _operations(model: Model, resource: Resource) -> list[Served]:
    """Return the operations whose responses show items, those that read one first."""
    shown = [
        served
        for served in model.operations.values()
        if served.resource == resource.name and served.role in _SHOWN
    ]
    return sorted(shown, key=lambda served: _SHOWN.index(served.role))


def _items(served: Served, body: Any) -> list[dict[str, Any]]:
    if served.response is None:
        return []
    part = part_at(served.response.way, body)
    parts = part if isinstance(part, list) else [part]
    return [item for item in parts if isinstance(item, dict)]
