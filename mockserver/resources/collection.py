"""A collection whose items a path selects: the schema of an item, and what identifies one."""

from __future__ import annotations

from functools import cached_property

from mockserver.openapi.contract import Operation
from mockserver.openapi.schemas import Schema
from mockserver.resources.bodies import Bodies
from mockserver.resources.identity import SURE, Held, Identity, Way, alike, identity
from mockserver.resources.model import Resource, Template
from mockserver.resources.places import (
    Places,
    Segments,
    noun_of,
    request_schema,
    success_schema,
)
from mockserver.resources.words import plain

_NUMBERS = {"integer", "number"}
_METADATA = frozenset({"metadata", "meta"})
_USUAL = "id"


class Collection:
    """One collection while its resource is inferred."""

    def __init__(self, bodies: Bodies, segments: Segments, places: Places) -> None:
        """Take the path of the collection, and what is served at all paths."""
        below = places.by_path[*segments, "{}"]
        self.above = places.by_path.get(segments)
        self.parameter = below.template.parameters[-1]
        self.noun = noun_of(segments, self.parameter)
        self._bodies = bodies
        self._contract = bodies.contract
        self._shapes = bodies.shapes
        self._segments = segments
        self._below = below
        self._is_above_items = (*segments, "{}", "{}") in places.by_path
        self._key_schema = places.key_schema(segments)

    def resource(self, chosen: str | None) -> Resource | None:
        """Return the resource, without a name; None if no response shows an item.

        ``chosen`` is the identity that a correction names.
        """
        held = self._item()
        if held is None or (held.is_array and self._is_above_items):
            return None
        held, key_way = self._whole(held)
        names = self._shapes.of(held.schema).names
        chosen = chosen if not names or chosen in names else None
        identified = None if key_way else self._identified(held)
        if identified is None and not key_way:
            key_way = self._key_in_metadata(held.schema)
        identified = identified or (None if key_way else self._requested())
        if identified is not None and not self._may_be_key(identified, held):
            identified = None
        name = chosen or (identified.property if identified else None)
        if name is None and not key_way and not names:
            name = _USUAL  # nothing says what an item shows
        named = self._property(name, held)
        return Resource(
            name="",
            template=Template(self._segments, self._below.template.parameters[:-1]),
            schema=held.schema,
            parameter=self.parameter,
            parameter_schema=self._key_schema,
            identity=name,
            identity_schema=named,
            is_named_by_path=self._is_path(named),
            key_way=key_way,
        )

    def _item(self) -> Held | None:
        """Return the item as it is read, else as it is changed, created or listed."""
        for method in ("get", "put", "patch", "post"):
            held = self._held(self._below.operations.get(method))
            if held is not None and (held.identity is not None or method == "get"):
                return held
        return self._created or self._listed

    @cached_property
    def _created(self) -> Held | None:
        """The item in the response to its creation."""
        return self._held(self.above.operations.get("post") if self.above is not None else None)

    @cached_property
    def _listed(self) -> Held | None:
        """The item in a list."""
        listing = self.above.operations.get("get") if self.above is not None else None
        return self._bodies.listed(listing, self.parameter, self.noun)

    def _held(self, operation: Operation | None) -> Held | None:
        return self._bodies.item(operation, self.parameter, self.noun)

    def _whole(self, held: Held) -> tuple[Held, Way]:
        """Return an item, and the way to its key if that is the id of a part of it.

        A part that has an id is no item where a list shows the whole.
        """
        listed = self._listed
        whole = success_schema(self._contract, self._below.operations.get("get"))
        if listed is None or whole is None or not held.way or held.identity is None:
            return held, ()
        if held.is_array or not self._bodies.is_same(listed.schema, whole):
            return held, ()
        own = identity(self._shapes, whole, self.parameter, self.noun)
        return Held((), whole, own), () if own is not None else (*held.way, held.identity.property)

    def _identified(self, held: Held) -> Identity | None:
        """Return the identity that responses show.

        A sure one in the response to a creation or in a list comes before a mere name in an item.
        """
        own = held.identity
        if own is not None and own.certainty >= SURE:
            return own
        others = [part.identity for part in (self._created, self._listed) if part is not None]
        found = [other for other in others if other is not None and other.certainty >= SURE]
        if found:
            return found[0]
        if own is None:
            own = alike(self._shapes, held.schema, self.parameter)
        else:
            own = self._made(held.schema) or own
        return own or next(filter(None, others), None)

    def _made(self, schema: Schema) -> Identity | None:
        """Return the first property, if it is named like the parameter and no request has it."""
        found = alike(self._shapes, schema, self.parameter)
        names = self._shapes.of(schema).properties
        post = self.above.operations.get("post") if self.above is not None else None
        sent = request_schema(self._contract, post) if post is not None else None
        settable = self._shapes.of(sent).properties if sent is not None else {}
        is_first = found is not None and found.property == next(iter(names), None)
        return found if is_first and found is not None and found.property not in settable else None

    def _may_be_key(self, found: Identity, held: Held) -> bool:
        """Return whether a path may have the values of a property. Only weak ones are doubted."""
        key, own = (
            self._shapes.of(self._key_schema),
            self._shapes.of(self._property(found[0], held)),
        )
        is_number = bool(key.types) and key.types <= _NUMBERS
        is_other = (is_number and not own.types & _NUMBERS) or (
            key.format == "uuid" and own.format != "uuid"
        )
        return found.certainty > 1 or not is_other

    def _is_path(self, schema: Schema) -> bool:
        """Return whether an example or a description shows the path of an item as its name."""
        shape, noun = self._shapes.of(schema), self._segments[-1]
        example, description = shape.first("example"), shape.first("description")
        return (isinstance(example, str) and f"{noun}/" in example and example[0] != "/") or (
            isinstance(description, str) and f"{noun}/{{" in description
        )

    def _key_in_metadata(self, schema: Schema) -> Way:
        """Return the way to the key of an item that has it in its metadata."""
        for name, property in self._shapes.of(schema).properties.items():
            if plain(name) in _METADATA and self._shapes.of(property).is_object:
                found = identity(self._shapes, property, self.parameter, self.noun)
                if found is not None:
                    return (name, found.property)
        return ()

    def _requested(self) -> Identity | None:
        """Return the identity that only requests have: a field named like the parameter."""
        post = self.above.operations.get("post") if self.above is not None else None
        schema = request_schema(self._contract, post) if post is not None else None
        if schema is None:
            return None
        found = identity(self._shapes, schema, self.parameter, self.noun)
        is_named = found is not None and plain(found.property) == plain(self.parameter)
        return found if is_named else None

    def _property(self, name: str | None, held: Held) -> Schema:
        """Return the schema of a property in the first response that has it."""
        parts = [part for part in (held, self._created, self._listed) if part is not None]
        shapes = [self._shapes.of(part.schema) for part in parts]
        return next((shape.properties[name] for shape in shapes if name in shape.properties), {})
