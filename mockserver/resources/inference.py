"""Infers resources from the paths, methods and schemas of a document. Everything is pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver.openapi.contract import Contract, Operation
from mockserver.resources.bodies import Bodies, part_of
from mockserver.resources.collection import Collection
from mockserver.resources.fields import links
from mockserver.resources.identity import array, identity, item
from mockserver.resources.model import Model, Resource, Role, Served, Template
from mockserver.resources.places import (
    Place,
    Places,
    Segments,
    names_of,
    noun_of,
    success_schema,
)
from mockserver.resources.words import singular

_CREATIONS, _SEARCHES = ("create", "new", "add"), ("search", "query")
"""Last segments of paths that create or list items by POST."""
_UPDATES = ("put", "patch")


class _Found(Struct):
    """A resource while its operations are gathered."""

    resource: Resource
    served: list[Served]

    @property
    def roles(self) -> set[Role]:
        return {served.role for served in self.served}


def infer(contract: Contract) -> Model:
    """Return the resources of a document, and the role of each operation."""
    return Inference(contract).model()


class Inference:
    """One inference. Larger things are found first: items, singletons, then what is below them."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._bodies = Bodies(contract)
        self._shapes = self._bodies.shapes
        self._all_places = Places(contract)
        self._places = self._all_places.by_path
        self._found: dict[Segments, _Found] = {}
        self._served_ids: set[str] = set()

    def model(self) -> Model:
        """Return what was inferred."""
        for segments in self._places:
            if len(segments) > 1 and segments[-1] == "{}":
                self._add_collection(segments[:-1], self._places[segments])
        self._add_aliases()
        for segments in self._places:
            if segments and segments[-1] != "{}":
                self._add_without_items(segments)
        kept = {segments: found for segments, found in self._found.items() if self._is_kept(found)}
        names = names_of(kept, {at: self._correction(at).get("name") for at in kept})
        for segments in kept:
            self._add_actions(segments)
        resources = {names[at]: self._named(at, names, found) for at, found in kept.items()}
        operations = {
            served.operation_id: replace(served, resource=names[at])
            for at, found in kept.items()
            for served in found.served
        }
        return Model(resources, operations)

    def _add_collection(self, segments: Segments, below: Place) -> None:
        """Add the collection whose items a path selects."""
        collection = Collection(self._bodies, segments, self._all_places)
        resource = collection.resource(self._correction(segments).get("id"))
        if resource is None:
            return
        found = self._found[segments] = _Found(resource, [])
        noun = collection.noun
        for method, operation in below.operations.items():
            self._add_to_item(found, method, operation, noun)
        if collection.above is not None:
            self._add_to_collection(found, collection.above, noun)
        self._add_named(found, segments, noun)

    def _add_named(self, found: _Found, segments: Segments, noun: str) -> None:
        """Add a POST on ``/things/create`` or ``/things/search``."""
        for word in (*_CREATIONS, *_SEARCHES):
            place = self._places.get((*segments, word))
            operation = place.operations.get("post") if place is not None else None
            if operation is None:
                continue
            if word in _SEARCHES:
                self._add(found, self._list(found.resource, operation, noun))
            elif self._bodies.item(operation, found.resource.parameter, noun) is not None:
                self._add(found, self._served(found, operation, Role.CREATE, noun))

    def _add_to_item(self, found: _Found, method: str, operation: Operation, noun: str) -> None:
        """Add an operation on the path of an item."""
        role = {
            "get": Role.READ,
            "put": Role.REPLACE,
            "patch": Role.MERGE,
            "post": Role.MERGE,
            "delete": Role.DELETE,
        }.get(method)
        if method == "post" and "upsert" in operation.operation_id.lower():
            role = Role.REPLACE
        if role is not None:
            self._add(found, self._served(found, operation, role, noun))

    def _add_to_collection(self, found: _Found, above: Place, noun: str) -> None:
        """Add the operations on the path of a collection."""
        for method, operation in above.operations.items():
            if method == "get":
                self._add(found, self._list(found.resource, operation, noun))
            elif method == "post":
                self._add(found, self._served(found, operation, Role.CREATE, noun))
            elif self._bodies.has_identity(found.resource, operation) and method in _UPDATES:
                # The item is selected by the identity in the body.
                role = Role.REPLACE if method == "put" else Role.MERGE
                self._add(found, self._served(found, operation, role, noun))

    def _list(
        self, resource: Resource, operation: Operation, noun: str, link: Template | None = None
    ) -> Served | None:
        held = self._bodies.listed(operation, resource.parameter, noun)
        if link is None and (held is None or held.identity is None):
            held = self._bodies.only_item(operation, resource, noun) or held
        if held is None:
            return None
        names, part = tuple(operation.path_names), part_of(held)
        return Served(operation.operation_id, Role.LIST, "", names, response=part, link=link)

    def _served(
        self,
        found: _Found,
        operation: Operation,
        role: Role,
        noun: str,
        link: Template | None = None,
    ) -> Served:
        held = self._bodies.same_part(operation, found.resource)
        held = held or self._bodies.item(operation, found.resource.parameter, noun)
        if held is not None and not self._bodies.is_of(found.resource, held, role):
            held = None
        request = self._bodies.request_way(operation, found.resource, held, noun)
        if held is None and role is Role.CREATE:
            held = self._bodies.key(operation)
        part = part_of(held) if held is not None else None
        names = tuple(operation.path_names)
        return Served(operation.operation_id, role, "", names, request, part, link)

    def _add_without_items(self, segments: Segments) -> None:
        """Add a singleton; or a collection whose items have no path."""
        place = self._places[segments]
        get, post = place.operations.get("get"), place.operations.get("post")
        if get is None or segments in self._found or self._served_ids & place.ids:
            return
        noun = singular(segments[-1])
        schema = success_schema(self._contract, get)
        shape = self._shapes.of(schema)
        held = array(self._shapes, schema, "", noun) if schema is not None else None
        updates = [method for method in ("put", "patch", "post") if method in place.operations]
        whole = identity(self._shapes, schema, "", noun) if schema is not None else None
        if held is not None and (whole is None or whole.certainty < 2):
            made = self._bodies.item(post, "id", noun)
            if post is not None and made is not None and made.identity and held.identity:
                resource = Resource(
                    "", Template(segments, place.template.parameters), made.schema, "id"
                )
                name = made.identity.property
                schema = self._shapes.of(made.schema).properties.get(name, {})
                resource = replace(resource, identity=name, identity_schema=schema)
                found = self._found[segments] = _Found(resource, [])
                self._add_to_collection(found, place, noun)
        elif schema is not None and shape.is_object and updates:
            self._add_singleton(segments, place, noun)

    def _add_singleton(self, segments: Segments, place: Place, noun: str) -> None:
        held = self._bodies.item(place.operations["get"], "", noun)
        if held is None:
            return
        template = Template(segments, place.template.parameters)
        resource = Resource("", template, held.schema, is_singleton=True)
        found = _Found(resource, [])
        for method, operation in place.operations.items():
            if method == "post" and self._bodies.item(operation, "", noun) is None:
                continue
            self._add_to_item(found, method, operation, noun)
        if found.roles & {Role.REPLACE, Role.MERGE}:
            self._found[segments] = found

    def _add_aliases(self) -> None:
        """Add collections below other resources that hold items of a resource with items."""
        for segments, place in self._places.items():
            if segments in self._found or not segments or segments[-1] == "{}":
                continue
            if place.ids <= self._served_ids:
                continue
            for method in ("get", "post"):
                operation = place.operations.get(method)
                target = self._target(segments, operation, method) if operation else None
                if operation is None or target is None:
                    continue
                noun = noun_of(target.resource.template.segments, target.resource.parameter)
                is_below = segments[:-1] == target.resource.template.segments
                link = None if is_below else place.template
                if method == "post":
                    self._add(target, self._served(target, operation, Role.CREATE, noun, link))
                else:
                    self._add(target, self._list(target.resource, operation, noun, link))

    def _target(self, segments: Segments, operation: Operation, method: str) -> _Found | None:
        """Return the resource whose items a path below another one lists or creates."""
        schema = success_schema(self._contract, operation)
        if schema is None:
            return None
        last = singular(segments[-1])
        whole = identity(self._shapes, schema, "", last)
        if method == "get" and whole is not None and whole.certainty > 1:
            return None
        has_list = "get" in self._places[segments].operations
        reader = array if method == "get" else item
        held = reader(self._shapes, schema, "", last)
        for at, found in self._found.items():
            if found.resource.is_singleton or "{}" in at or held is None:
                continue
            is_list_below = method == "get" and segments[:-1] == at
            if segments[-2:-1] != ("{}",) and not is_list_below:
                continue
            # A POST whose name is no noun of the resource is an action.
            noun = singular(at[-1])
            is_named_alike = last == noun or (has_list and last.endswith(noun))
            if not is_named_alike and method == "post":
                continue
            if self._bodies.is_same(held.schema, found.resource.schema):
                return found
            own = reader(self._shapes, schema, found.resource.parameter, noun)
            own_identity = own.identity if own is not None else None
            is_own = last == noun or segments[:-2] != at  # ``/users/{}/blocked-users`` is another
            if is_named_alike and is_own and own_identity is not None:
                is_identified_alike = own_identity.property == found.resource.identity
                if is_identified_alike:
                    return found
        return None

    def _add_actions(self, segments: Segments) -> None:
        """Add the actions below the items of a resource."""
        found = self._found[segments]
        if found.resource.is_singleton:
            return
        for at in self._below_items.get(segments, ()):
            place = self._places[at]
            if at in self._found or "get" in place.operations:
                continue
            for operation in place.operations.values():
                if operation.operation_id not in self._served_ids:
                    self._add(found, self._action(found, operation))

    @cached_property
    def _below_items(self) -> dict[Segments, list[Segments]]:
        """The paths of one more word below the items of a collection."""
        found: dict[Segments, list[Segments]] = {}
        for at in self._places:
            if len(at) > 2 and at[-2] == "{}" and at[-1] != "{}":
                found.setdefault(at[:-2], []).append(at)
        return found

    def _add(self, found: _Found, served: Served | None) -> None:
        """Add an operation to a resource."""
        if served is not None:
            found.served.append(served)
            self._served_ids.add(served.operation_id)

    def _action(self, found: _Found, operation: Operation) -> Served:
        """Return an action. Only the item's own schema in its response means the item."""
        noun = noun_of(found.resource.template.segments, found.resource.parameter)
        served = self._served(found, operation, Role.ACT, noun)
        part = served.response
        if part is not None and not self._bodies.is_same(part.schema, found.resource.schema):
            return replace(served, response=None)
        return served

    def _named(self, at: Segments, names: Mapping[Segments, str], found: _Found) -> Resource:
        """Return a resource with its name and those of the resources above it."""
        above = [
            names[at[:length]]
            for length in range(1, len(at))
            if at[:length] in names and at[length] == "{}"
        ]
        correction = self._correction(at)
        parent = above[-1] if above else None
        if "parent" in correction and correction["parent"] in names.values():
            parent = correction["parent"]
        put = self._puts_create(found)
        return replace(
            found.resource,
            name=names[at],
            parent=parent,
            above=tuple(above),
            is_created_by_put=put,
            has_known_keys=Role.CREATE in found.roles or put or self._shows_keys(found),
        )

    def _correction(self, at: Segments) -> Mapping[str, Any]:
        """Return the corrections on the path of a collection, and on that of its items."""
        places = (self._places.get(at), self._places.get((*at, "{}")))
        found = [place.correction for place in places if place is not None]
        return {name: value for correction in found for name, value in correction.items()}

    def _puts_create(self, found: _Found) -> bool:
        """Return whether PUT creates: it documents a 201, or nothing else creates."""
        puts = [
            self._contract.operations[served.operation_id]
            for served in found.served
            if served.role is Role.REPLACE
        ]
        return any(201 in put.statuses for put in puts) or (
            bool(puts) and Role.CREATE not in found.roles
        )

    def _is_kept(self, found: _Found) -> bool:
        """Return whether items of a resource can come to be: by creation, list or PUT.

        Items that only a list shows, without their keys, cannot be told from any others.
        """
        roles = found.roles
        if found.resource.is_singleton or Role.CREATE in roles:
            return True
        can_be_found = roles & {Role.LIST, Role.REPLACE} and roles & {Role.READ, Role.DELETE}
        is_changed = bool(roles & {Role.REPLACE, Role.MERGE, Role.DELETE})
        return bool(can_be_found) and (is_changed or self._shows_keys(found))

    def _shows_keys(self, found: _Found) -> bool:
        """Return whether a list shows the keys of its items, or links to them."""
        resource = found.resource
        name = resource.key_way[0] if resource.key_way else resource.identity
        return any(
            name in self._shapes.of(served.response.schema).names
            or bool(links(self._shapes, served.response.schema, "/"))
            for served in found.served
            if served.role is Role.LIST and served.response is not None
        )
