"""Infers resources from the paths, methods and schemas of a document. Everything is pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver.openapi.contract import Contract, Operation
from mockserver.openapi.schemas import Schema
from mockserver.resources.fields import links
from mockserver.resources.identity import Held, Identity, Way, alike, array, identity, item
from mockserver.resources.model import Model, Part, Resource, Role, Served, Template
from mockserver.resources.places import (
    Place,
    Segments,
    names_of,
    noun_of,
    parameter_schema,
    places_of,
    request_schema,
    success_schema,
)
from mockserver.resources.shapes import Shapes
from mockserver.resources.words import plain, singular

_CREATIONS, _SEARCHES = ("create", "new", "add"), ("search", "query")
"""Last segments of paths that create or list items by POST."""
_NUMBERS = {"integer", "number"}
_METADATA = frozenset({"metadata", "meta"})
_MAX_BESIDE_WRAPPER = 2
"""The number of properties of a request body of which one may hold the item."""


class _Found(Struct):
    """A resource while its operations are gathered."""

    resource: Resource
    served: list[Served]
    created: Held | None = None
    """The item in the response to a creation."""

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
        self._shapes = Shapes(contract.follow)
        self._places = dict(places_of(contract))
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
        above = self._places.get(segments)
        parameter = below.template.parameters[-1]
        noun = noun_of(segments, parameter)
        held, created = self._item(segments, below, parameter, noun)
        if held is None:
            return
        held, key_way = self._whole(held, above, below, parameter, noun)
        if key_way:
            created = None
        names = self._shapes.of(held.schema).names
        chosen = self._correction(segments).get("id")
        chosen = chosen if not names or chosen in names else None
        own = held.identity or alike(self._shapes, held.schema, parameter)
        if own is None and not key_way:
            key_way = self._key_in_metadata(held.schema, parameter, noun)
        of_created = created.identity if created is not None and own is None else None
        identified = own or of_created or self._requested(above, parameter, noun)
        key_schema = parameter_schema(below, parameter)
        if identified is not None and not self._may_be_key(identified, key_schema, held, created):
            identified = None
        identified = None if key_way else identified
        found_identity = chosen or (identified.property if identified else None)
        named = self._property(found_identity, held, created)
        resource = Resource(
            name="",
            template=Template(segments, below.template.parameters[:-1]),
            schema=held.schema,
            parameter=parameter,
            parameter_schema=key_schema,
            identity=found_identity,
            identity_schema=named,
            is_named_by_path=self._is_path(named, segments),
            key_way=key_way,
        )
        found = self._found[segments] = _Found(resource, [], created)
        for method, operation in below.operations.items():
            self._add_to_item(found, method, operation, noun)
        if above is not None:
            self._add_to_collection(found, above, noun)
        self._add_named(found, segments, noun)

    def _may_be_key(self, found: Identity, key_schema: Schema, *parts: Held | None) -> bool:
        """Return whether a path may have the values of a property. Only weak ones are doubted."""
        key, own = self._shapes.of(key_schema), self._shapes.of(self._property(found[0], *parts))
        is_number = bool(key.types) and key.types <= _NUMBERS
        is_other = (is_number and not own.types & _NUMBERS) or (
            key.format == "uuid" and own.format != "uuid"
        )
        return found.certainty > 1 or not is_other

    def _is_path(self, schema: Schema, segments: Segments) -> bool:
        """Return whether an example or a description shows the path of an item as its name."""
        shape, noun = self._shapes.of(schema), segments[-1]
        example, description = shape.first("example"), shape.first("description")
        return (isinstance(example, str) and f"{noun}/" in example and example[0] != "/") or (
            isinstance(description, str) and f"{noun}/{{" in description
        )

    def _key_in_metadata(self, schema: Schema, parameter: str, noun: str) -> Way:
        """Return the way to the key of an item that has it in its metadata."""
        for name, property in self._shapes.of(schema).properties.items():
            if plain(name) in _METADATA and self._shapes.of(property).is_object:
                found = identity(self._shapes, property, parameter, noun)
                if found is not None:
                    return (name, found.property)
        return ()

    def _requested(self, above: Place | None, parameter: str, noun: str) -> Identity | None:
        """Return the identity that only requests have: a field named like the parameter."""
        post = above.operations.get("post") if above is not None else None
        schema = request_schema(self._contract, post) if post is not None else None
        found = identity(self._shapes, schema, parameter, noun) if schema is not None else None
        return found if found is not None and plain(found.property) == plain(parameter) else None

    def _property(self, name: str | None, *parts: Held | None) -> Schema:
        """Return the schema of a property in the first part that has it."""
        shapes = [self._shapes.of(part.schema) for part in parts if part is not None]
        return next((shape.properties[name] for shape in shapes if name in shape.properties), {})

    def _add_named(self, found: _Found, segments: Segments, noun: str) -> None:
        """Add a POST on ``/things/create`` or ``/things/search``."""
        for word in (*_CREATIONS, *_SEARCHES):
            place = self._places.get((*segments, word))
            operation = place.operations.get("post") if place is not None else None
            if operation is None:
                continue
            if word in _SEARCHES:
                self._add(found, self._list(found.resource, operation, noun))
            elif self._held(operation, found.resource.parameter, noun) is not None:
                self._add(found, self._served(found, operation, Role.CREATE, noun))

    def _item(
        self, segments: Segments, below: Place, parameter: str, noun: str
    ) -> tuple[Held | None, Held | None]:
        """Return the item as it is read, and as it is created."""
        above = self._places.get(segments)
        post = above.operations.get("post") if above is not None else None
        created = self._held(post, parameter, noun)
        for method in ("get", "put", "patch", "post"):
            held = self._held(below.operations.get(method), parameter, noun)
            if held is not None and (held.identity is not None or method == "get"):
                return held, created
        listed = self._listed(above, parameter, noun)
        return created or listed, created

    def _whole(
        self, held: Held, above: Place | None, below: Place, parameter: str, noun: str
    ) -> tuple[Held, Way]:
        """Return an item, and the way to its key if that is the id of a part of it.

        A part that has an id is no item where a list shows the whole.
        """
        listed = self._listed(above, parameter, noun)
        whole = success_schema(self._contract, below.operations.get("get"))
        if listed is None or whole is None or not held.way or held.identity is None:
            return held, ()
        if not self._is_same(listed.schema, whole):
            return held, ()
        own = identity(self._shapes, whole, parameter, noun)
        return Held((), whole, own), () if own is not None else (*held.way, held.identity.property)

    def _held(self, operation: Operation | None, parameter: str, noun: str) -> Held | None:
        """Return the item in the response of an operation."""
        schema = success_schema(self._contract, operation)
        return item(self._shapes, schema, parameter, noun) if schema is not None else None

    def _listed(self, place: Place | None, parameter: str, noun: str) -> Held | None:
        operation = place.operations.get("get") if place is not None else None
        schema = success_schema(self._contract, operation)
        return array(self._shapes, schema, parameter, noun) if schema is not None else None

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
            elif method in ("put", "patch") and self._has_identity(found.resource, operation):
                # The item is selected by the identity in the body.
                role = Role.REPLACE if method == "put" else Role.MERGE
                self._add(found, self._served(found, operation, role, noun))

    def _list(
        self, resource: Resource, operation: Operation, noun: str, link: Template | None = None
    ) -> Served | None:
        schema = success_schema(self._contract, operation)
        held = array(self._shapes, schema, resource.parameter, noun) if schema else None
        if held is None:
            return None
        part = Part(held.way, held.schema)
        names = tuple(operation.path_names)
        return Served(operation.operation_id, Role.LIST, "", names, response=part, link=link)

    def _served(
        self,
        found: _Found,
        operation: Operation,
        role: Role,
        noun: str,
        link: Template | None = None,
    ) -> Served:
        held = self._same_part(operation, found.resource)
        held = held or self._held(operation, found.resource.parameter, noun)
        if held is not None and not self._is_of(found.resource, held, role):
            held = None
        request = self._request_way(operation, found.resource, held, noun)
        part = Part(held.way, held.schema) if held is not None else None
        names = tuple(operation.path_names)
        return Served(operation.operation_id, role, "", names, request, part, link)

    def _same_part(self, operation: Operation, resource: Resource) -> Held | None:
        """Return the part of a response that has the schema of a resource's items."""
        whole = success_schema(self._contract, operation)
        if whole is None or self._is_same(whole, resource.schema):
            return Held((), whole, None) if whole is not None else None
        for name, property in self._shapes.of(whole).properties.items():
            if self._shapes.of(property).is_object and self._is_same(property, resource.schema):
                return Held((name,), property, None)
        return None

    def _is_of(self, resource: Resource, held: Held, role: Role) -> bool:
        """Return whether a part of a response is an item of a resource.

        The response to a creation may show no more than another identifier of the item.
        """
        if resource.is_singleton or resource.identity is None:
            return True
        shape = self._shapes.of(held.schema)
        is_identified = resource.identity in self._shapes.of(resource.schema).properties
        is_known = resource.identity in shape.properties or shape.is_open or not is_identified
        names_key = held.identity is not None and held.identity.certainty > 1
        return is_known or (role is Role.CREATE and names_key)

    def _request_way(
        self, operation: Operation, resource: Resource, held: Held | None, noun: str
    ) -> tuple[str, ...]:
        """Return the properties that lead to the item in a request body."""
        properties = self._shapes.of(request_schema(self._contract, operation)).properties
        own = self._shapes.of(resource.schema).properties
        wrappers = [held.way[-1]] if held is not None and held.way else []
        if len(properties) <= _MAX_BESIDE_WRAPPER:
            wrappers += [name for name in properties if plain(name) in (noun, "data")]
        if len(properties) <= _MAX_BESIDE_WRAPPER:
            wrappers += [name for name in properties if self._is_like(properties[name], resource)]
        for name in wrappers:
            inside = properties.get(name)
            if inside is not None and name not in own and self._shapes.of(inside).is_object:
                return (name,)
        return ()

    def _is_like(self, schema: Schema, resource: Resource) -> bool:
        """Return whether most properties of a schema are those of the items of a resource."""
        names = self._shapes.of(schema).properties.keys()
        shared = names & self._shapes.of(resource.schema).properties.keys()
        return len(shared) > 1 and 2 * len(shared) >= len(names)

    def _has_identity(self, resource: Resource, operation: Operation) -> bool:
        shape = self._shapes.of(request_schema(self._contract, operation))
        return resource.identity is not None and resource.identity in shape.properties

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
            made = self._held(post, "id", noun)
            if post is not None and made is not None and made.identity and held.identity:
                resource = Resource(
                    "", Template(segments, place.template.parameters), made.schema, "id"
                )
                name = made.identity.property
                schema = self._property(name, made)
                resource = replace(resource, identity=name, identity_schema=schema)
                found = self._found[segments] = _Found(resource, [], made)
                self._add_to_collection(found, place, noun)
        elif schema is not None and shape.is_object and updates:
            self._add_singleton(segments, place, noun)

    def _add_singleton(self, segments: Segments, place: Place, noun: str) -> None:
        held = self._held(place.operations["get"], "", noun)
        if held is None:
            return
        template = Template(segments, place.template.parameters)
        resource = Resource("", template, held.schema, is_singleton=True)
        found = _Found(resource, [])
        for method, operation in place.operations.items():
            if method == "post" and self._held(operation, "", noun) is None:
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
            if self._is_same(held.schema, found.resource.schema):
                return found
            own = reader(self._shapes, schema, found.resource.parameter, noun)
            own_identity = own.identity if own is not None else None
            is_own = last == noun or segments[:-2] != at  # ``/users/{}/blocked-users`` is another
            if is_named_alike and is_own and own_identity is not None:
                is_identified_alike = own_identity.property == found.resource.identity
                if is_identified_alike:
                    return found
        return None

    def _is_same(self, one: Schema, other: Schema) -> bool:
        return self._contract.follow(one) is self._contract.follow(other)

    def _add_actions(self, segments: Segments) -> None:
        """Add the actions below the items of a resource."""
        found = self._found[segments]
        if found.resource.is_singleton:
            return
        for at, place in self._places.items():
            if len(at) != len(segments) + 2 or at[: len(segments) + 1] != (*segments, "{}"):
                continue
            known = any(at in (other, (*other, "{}")) for other in self._found)
            if known or at[-1] == "{}" or "get" in place.operations:
                continue
            for operation in place.operations.values():
                if operation.operation_id not in self._served_ids:
                    self._add(found, self._action(found, operation))

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
        if part is not None and not self._is_same(part.schema, found.resource.schema):
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
        if correction.get("parent") in names.values():
            parent = correction["parent"]
        put = self._puts_create(found)
        return replace(
            found.resource,
            name=names[at],
            parent=parent,
            above=tuple(above),
            is_created_by_put=put,
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
