"""Keys of items: what a path calls an item, and the identity that its body shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import blake2b
from random import Random
from typing import Any

from mockserver.openapi.schemas import Schema
from mockserver.resources import fields
from mockserver.resources.account import Account, Collection, Json
from mockserver.resources.fitting import Fitting, Unfit, part_at, put_at
from mockserver.resources.model import Place, Resource
from mockserver.resources.words import singular

_VERSION = re.compile(r"v[0-9][0-9a-z.]*|api|apis")
"""Segments of paths that are no part of the names of items."""
_FALLBACK_KEYS = 8
_NUMBERS = {"integer", "number"}


class Keys:
    """The rules of keys. They change nothing."""

    def __init__(self, fitting: Fitting, seed: int) -> None:
        self._fitting = fitting
        self._seed = seed

    def named(self, resource: Resource, data: Json) -> str | None:
        """Return the key in the part of an item that its path names; None without one."""
        value = part_at(resource.key_way, data) if resource.key_way else None
        is_key = isinstance(value, str | int) and self.is_reachable(resource, value)
        return str(value) if is_key else None

    def with_key(self, resource: Resource, key: str, data: Json) -> Json:
        """Return an item with its key in the part that its path names, such as ``metadata``."""
        if not resource.key_way or part_at(resource.key_way, data) is not None:
            return data
        part = part_at(resource.key_way[:-1], data)
        inner = {**(part if isinstance(part, dict) else {}), resource.key_way[-1]: key}
        return {**data, resource.key_way[0]: put_at(resource.key_way[1:-1], inner)}

    def is_unreachable(self, resource: Resource, given: Json) -> bool:
        """Return whether no path can have the given identity of an item."""
        value = given.get(resource.identity) if resource.identity is not None else None
        return value is not None and not self.is_reachable(resource, value)

    def is_reachable(self, resource: Resource, value: Any) -> bool:
        """Return whether a path can have an identity of an item."""
        schema = resource.parameter_schema
        return not schema or self._fitting.is_text_of(schema, str(value))

    def own_names(self, place: Place, key: str, data: Json) -> Json:
        """Return the other identifiers of a new item, and the links to it."""
        return self.names(place.resource.schema, place, key, data)

    def names(self, schema: Schema, place: Place, key: str, data: Json) -> Json:
        """Return the identifiers of an item that a schema has and the data lack, and the links."""
        found = self._identifiers(schema, place.resource, key, data)
        links = fields.links(self._fitting.shapes, schema, place.item(key))
        return {name: value for name, value in {**links, **found}.items() if name not in data}

    def _identifiers(self, schema: Schema, resource: Resource, key: str, data: Json) -> Json:
        """Return the properties of a schema that the data lack and that may hold a key."""
        shapes, segments = self._fitting.shapes, resource.template.segments
        values = [data.get(resource.identity or ""), key, int(key) if key.isdigit() else None]
        noun = singular(next((part for part in reversed(segments) if part != "{}"), ""))
        found: Json = {}
        for name, property in fields.identifiers(shapes, schema, noun, resource.parameter):
            fits = [value for value in values if self._is_value(property, value)]
            found |= {name: fits[0]} if fits and name not in data else {}
        return found

    def of_identifier(self, resource: Resource, collection: Collection, text: str) -> str | None:
        """Return the key of the only item that shows a text as another identifier; else None."""
        shapes, segments = self._fitting.shapes, resource.template.segments
        noun = singular(next((part for part in reversed(segments) if part != "{}"), ""))
        known = fields.identifiers(shapes, resource.schema, noun, resource.parameter)
        names = [name for name, _ in known if name != resource.identity]
        found = [
            key
            for key, item in collection.items.items()
            if any(str(item.data.get(name)) == text for name in names)
        ]
        return found[0] if len(found) == 1 else None

    def _is_value(self, schema: Schema, value: Any) -> bool:
        return value is not None and self._fitting.is_valid(schema, value)

    def identified(self, place: Place, key: str) -> Json:
        """Return the identity of an item by the text of its key."""
        resource = place.resource
        if resource.identity is None:
            return {}
        if resource.is_named_by_path:
            segments = place.path.strip("/").split("/")
            above = resource.template.segments
            first = next((at for at, part in enumerate(above) if not _VERSION.fullmatch(part)), 0)
            return {resource.identity: "/".join([*segments[first:], key])}
        is_number = "integer" in self._fitting.shapes.of(resource.identity_schema).types
        return {resource.identity: int(key) if is_number and key.isdigit() else key}

    def key_in(self, resource: Resource, value: Any) -> str:
        """Return the key in an identity: its last segment, where it is a path."""
        text = str(value)
        return text.rpartition("/")[2] if resource.is_named_by_path else text

    def _is_number(self, resource: Resource, schema: Schema) -> bool:
        """Return whether a key is a number, or the text of one for a path that has numbers."""
        types, of_path = (
            self._fitting.shapes.of(schema).types,
            self._fitting.shapes.of(resource.parameter_schema).types,
        )
        return bool(types & _NUMBERS) or (bool(of_path) and of_path <= _NUMBERS)

    def new(
        self, account: Account, place: Place, collection: Collection, data: Mapping[str, Any]
    ) -> tuple[str, Any]:
        """Return a free key, as text and as its field has it."""
        resource, shapes = place.resource, self._fitting.shapes
        made = account.made[resource.name]
        text = f"{self._seed}/{account.id}/{place.path}/{made}"
        digest = blake2b(text.encode(), digest_size=16).digest()
        random = Random(digest)  # noqa: S311 (invented data, no secrets)
        identity = resource.identity
        last: tuple[str, Any] = (digest.hex(), None)
        has_own = identity is not None and not resource.is_named_by_path
        for is_identity in (True, False) if has_own else (False,):
            # Where no identity can be in a path, the key is another one.
            schema = resource.identity_schema if is_identity else resource.parameter_schema

            def may_be_key(key: Any, schema: Schema = schema) -> bool:
                is_valid = key is not None and self._fitting.is_valid(schema, key)
                return is_valid and self.is_reachable(resource, key)

            def is_free(key: Any, may_be: Callable[[Any], bool] = may_be_key) -> bool:
                return str(key) not in collection.items and may_be(key)

            is_number = self._is_number(resource, schema)
            wanted = fields.Wanted(identity or "id", shapes.of(schema), data, made, is_number)
            key = fields.new_key(wanted, random, is_free)
            for attempt in range(_FALLBACK_KEYS if key is None else 0):
                try:
                    key = self._fitting.generated(schema, (text, attempt))
                except Unfit:
                    break
                if is_free(key):
                    break
            if may_be_key(key):
                last = (str(key), key if is_identity else None)
                break
        if resource.is_named_by_path:
            last = (last[0], self.identified(place, last[0])[identity or ""])
        return last
