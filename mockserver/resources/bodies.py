"""Where the bodies of requests and responses hold the items of a resource."""

from __future__ import annotations

from mockserver.openapi.contract import Contract, Operation
from mockserver.openapi.schemas import Schema
from mockserver.resources.identity import Held, array, item
from mockserver.resources.model import Part, Resource, Role
from mockserver.resources.places import request_schema, success_schema
from mockserver.resources.shapes import Shapes
from mockserver.resources.words import plain

_KEY_TYPES = {"string", "integer", "number"}
_MAX_BESIDE_WRAPPER = 2
"""The number of properties of a request body of which one may hold the item."""


class Bodies:
    """The bodies of one document."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.shapes = Shapes(contract.follow)

    def item(self, operation: Operation | None, parameter: str, noun: str) -> Held | None:
        """Return the item in the response of an operation."""
        schema = success_schema(self.contract, operation)
        return item(self.shapes, schema, parameter, noun) if schema is not None else None

    def listed(self, operation: Operation | None, parameter: str, noun: str) -> Held | None:
        """Return the array of items in the response of an operation."""
        schema = success_schema(self.contract, operation)
        return array(self.shapes, schema, parameter, noun) if schema is not None else None

    def only_item(self, operation: Operation, resource: Resource, noun: str) -> Held | None:
        """Return the item in a list whose schema is that of one item, by a common mistake."""
        same = self.same_part(operation, resource)
        if same is not None:
            return same
        found = self.item(operation, resource.parameter, noun)
        if found is None or found.identity is None or found.is_array:
            return None
        return found if found.identity.property == resource.identity else None

    def key(self, operation: Operation) -> Held | None:
        """Return the whole body of a creation that responds with no more than a key."""
        schema = success_schema(self.contract, operation)
        shape = self.shapes.of(schema)
        is_key = bool(shape.types) and shape.types <= _KEY_TYPES and shape.first("enum") is None
        return Held((), schema, None) if schema is not None and is_key else None

    def same_part(self, operation: Operation, resource: Resource) -> Held | None:
        """Return the part of a response that has the schema of a resource's items."""
        whole = success_schema(self.contract, operation)
        if whole is None or self.is_same(whole, resource.schema):
            return Held((), whole, None) if whole is not None else None
        for name, property in self.shapes.of(whole).properties.items():
            shape = self.shapes.of(property)
            if shape.is_object and self.is_same(property, resource.schema):
                return Held((name,), property, None)
        return None

    def is_of(self, resource: Resource, held: Held, role: Role) -> bool:
        """Return whether a part of a response is an item of a resource.

        The response to a creation may show no more than another identifier of the item.
        """
        if resource.is_singleton or resource.identity is None:
            return True
        shape = self.shapes.of(held.schema)
        is_identified = resource.identity in self.shapes.of(resource.schema).properties
        is_known = resource.identity in shape.properties or shape.is_open or not is_identified
        names_key = held.identity is not None and held.identity.certainty > 1
        return is_known or (role is Role.CREATE and names_key)

    def request_way(
        self, operation: Operation, resource: Resource, held: Held | None, noun: str
    ) -> tuple[str, ...]:
        """Return the properties that lead to the item in a request body."""
        properties = self.shapes.of(request_schema(self.contract, operation)).properties
        own = self.shapes.of(resource.schema).properties
        wrappers = [held.way[-1]] if held is not None and held.way else []
        if len(properties) <= _MAX_BESIDE_WRAPPER:
            wrappers += [name for name in properties if plain(name) in (noun, "data")]
        if len(properties) <= _MAX_BESIDE_WRAPPER:
            wrappers += [name for name in properties if self._is_like(properties[name], resource)]
            wrappers += [name for name in properties if self._has_items(properties[name], resource)]
        for name in wrappers:
            inside = properties.get(name)
            if inside is None or name in own:
                continue
            if self.shapes.of(inside).is_object or self._has_items(inside, resource):
                return (name,)
        return ()

    def _has_items(self, schema: Schema, resource: Resource) -> bool:
        """Return whether a schema is that of an array of items."""
        shape = self.shapes.of(schema)
        return "array" in shape.types and self._is_like(shape.items or {}, resource)

    def _is_like(self, schema: Schema, resource: Resource) -> bool:
        """Return whether most properties of a schema are those of the items of a resource."""
        names = self.shapes.of(schema).properties.keys()
        shared = names & self.shapes.of(resource.schema).properties.keys()
        return len(shared) > 1 and 2 * len(shared) >= len(names)

    def has_identity(self, resource: Resource, operation: Operation) -> bool:
        """Return whether a request body may name an item."""
        shape = self.shapes.of(request_schema(self.contract, operation))
        return resource.identity is not None and resource.identity in shape.properties

    def is_same(self, one: Schema, other: Schema) -> bool:
        """Return whether two schemas are one."""
        return self.contract.follow(one) is self.contract.follow(other)


def part_of(held: Held) -> Part:
    """Return where a body holds an item."""
    return Part(held.way, held.schema, held.is_array)
