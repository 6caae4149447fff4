"""Lists that come in pages, as the contract declares them. No list is named by hand.

A list is a GET without path parameters whose successful response has an array of objects beside
``total``, and whose query has a page size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract_tests.openapi.contract import JSON, Contract, Operation, Place

_SIZES = ("limit", "per_page", "page_size")
_POSITIONS = ("offset", "page")
UNKNOWN_VALUE = "no_such_type"
"""A value that no filter knows."""


@dataclass(frozen=True)
class ListOperation:
    """An operation that returns a list page by page."""

    operation: Operation
    field: str
    """The property that holds the entries."""
    size: str
    """The parameter that says how many entries a page has at most."""
    largest: int
    """The largest page."""
    position: str | None
    """The parameter that says where a page begins: ``offset`` or ``page``; None if none does."""
    filters: Mapping[str, tuple[str, ...]]
    """Parameters named like a property of an entry, with the values that the contract names."""
    properties: frozenset[str]
    """The properties of an entry."""

    @property
    def id(self) -> str:
        return self.operation.id

    @property
    def is_append_only(self) -> bool:
        """Whether entries are final: they have an id, and no time of their last change."""
        return "id" in self.properties and "updated_at" not in self.properties

    def clamped(self, size: int) -> int:
        """Return the nearest size that a page may have."""
        return min(self.largest, max(1, size))

    def page(self, number: int, size: int) -> dict[str, int]:
        """Return the query of a page, counted from 0."""
        query = {self.size: size}
        if self.position is not None:
            query[self.position] = number + 1 if self.position == "page" else number * size
        return query

    def start(self, params: Mapping[str, Any]) -> int:
        """Return the position of a page's first entry in the whole list."""
        if self.position == "page":
            return int((params.get("page") or 1) - 1) * int(params.get(self.size) or 0)
        return int(params.get(self.position or "") or 0)

    def has_more(self, body: Mapping[str, Any], number: int, size: int) -> bool:
        """Return whether another page can be read after this one, counted from 0."""
        if self.position is None:
            return False
        if "has_more" in body:
            return body["has_more"] is True
        total = body.get("total")
        return isinstance(total, int) and total > (number + 1) * size

    def is_filtered(self, params: Mapping[str, Any]) -> bool:
        """Return whether a page shows some of the entries only."""
        return any(params.get(name) is not None for name in self.filters)


def list_operations(contract: Contract) -> dict[str, ListOperation]:
    """Return the lists of a contract by operationId."""
    found = (_list(contract, operation) for operation in contract.operations.values())
    return {listing.id: listing for listing in found if listing is not None}


def _list(contract: Contract, operation: Operation) -> ListOperation | None:
    if operation.method != "GET" or operation.path_names:
        return None
    query = {
        parameter.node["name"]: parameter
        for parameter in operation.parameters
        if parameter.node["in"] == "query"
    }
    size = next((name for name in _SIZES if name in query), None)
    body = _body(contract, operation)
    if size is None or body is None or "total" not in body.node.get("properties", {}):
        return None
    arrays = [
        (name, items)
        for name in body.node["properties"]
        if (items := _items(contract, body, name)) is not None
    ]
    if len(arrays) != 1:
        return None
    field, items = arrays[0]
    properties = items.node.get("properties", {})
    return ListOperation(
        operation=operation,
        field=field,
        size=size,
        largest=int(_schema(contract, query[size]).get("maximum", 100)),
        position=next((name for name in _POSITIONS if name in query), None),
        filters={
            name: _values(contract, items, name, _schema(contract, query[name]))
            for name in query
            if name in properties
        },
        properties=frozenset(properties),
    )


def _body(contract: Contract, operation: Operation) -> Place | None:
    """Return the schema of the successful response."""
    response = operation.responses.get(200)
    if response is None or JSON not in response.node.get("content", {}):
        return None
    return contract.at(response.child("content", JSON, "schema"))


def _items(contract: Contract, body: Place, name: str) -> Place | None:
    """Return the schema of the objects in an array; None for what is no such array."""
    place = contract.at(body.child("properties", name))
    if place.node.get("type") != "array" or "items" not in place.node:
        return None
    items = contract.at(place.child("items"))
    return items if items.node.get("properties") else None


def _schema(contract: Contract, parameter: Place) -> Mapping[str, Any]:
    node: Mapping[str, Any] = contract.at(parameter.child("schema")).node
    return node


def _values(
    contract: Contract, items: Place, name: str, schema: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return the values of a filter: those of its enum, or of the entries' enum."""
    declared = schema.get("enum") or contract.at(items.child("properties", name)).node.get("enum")
    return tuple(value for value in declared or () if isinstance(value, str))
