"""Creates, changes and deletes the items of an account. Everything is pure: time is passed in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from mockserver.openapi.contract import Contract
from mockserver.openapi.schemas import Schema
from mockserver.resources import examples, fields
from mockserver.resources.account import Account, Collection, Item, Json
from mockserver.resources.fitting import Fitting, Unfit
from mockserver.resources.keys import Keys
from mockserver.resources.model import Model, Place, Resource, Template
from mockserver.resources.references import References, Steps, scalars
from mockserver.resources.shown_items import shown_item
from mockserver.resources.words import id_suffix

_CHOSEN = frozenset({"name", "key", "code", "login", "handle", "email"})
"""Ends of the names of identities that clients choose, and may change."""
_MADE = frozenset({"id", "uuid", "guid", "gid", "sid", "slug"})
"""Names of identities that the mock makes. Generated values of others are keys themselves."""


class Missing(Exception):
    """An item that is gone or never existed. The argument is the name of its resource."""


class Change(NamedTuple):
    """A new state of an item, and the given fields that its schema does not allow."""

    key: str
    item: Item
    lost: list[str]


class Store:
    """The rules of all resources of one document."""

    def __init__(
        self, contract: Contract, model: Model, fitting: Fitting, seed: int, items: int
    ) -> None:
        self._contract = contract
        self._model = model
        self._fitting = fitting
        self._items = items
        self.keys = Keys(fitting, seed)
        self.references = References(model, fitting)
        self._examples: dict[str, list[Json]] = {}

    def place(self, resource: Resource, values: Sequence[str]) -> Place:
        """Return the place that the values of a path select."""
        return Place(resource, resource.template.place(values), values)

    def collection(self, account: Account, place: Place) -> Collection:
        """Return a collection, with its first items when it is opened. Raises Missing.

        Below an item that a request created, a collection is empty at first.
        """
        is_seeded = self._is_seeded(account, place)
        known = account.collections.get(place.path)
        if known is not None:
            return known
        collection = account.open(place.path, Collection())
        if is_seeded:
            self._fill(account, place, collection)
        return collection

    def find(self, account: Account, place: Place, key: str) -> Item:
        """Return an item. Raises Missing."""
        item = self.collection(account, place).find(key)
        if item is None:
            raise Missing(place.resource.name)
        return item

    def found(self, account: Account, place: Place, name: str) -> Change:
        """Return an item by its key, a later name or an identifier. Raises Missing."""
        key = self._key_of(account, place, name)
        return Change(key, self.find(account, place, key), [])

    def _key_of(self, account: Account, place: Place, name: str) -> str:
        """Return the key of an item; the name itself if there is no such item. Raises Missing."""
        collection = self.collection(account, place)
        key = collection.key_of(name)
        if key in collection.items:
            return key
        return self.keys.of_identifier(place.resource, collection, name) or key

    def resolved(self, account: Account, place: Place) -> Place:
        """Return a place whose path names the items above by their keys. Raises Missing.

        So an item has one list below it, by whatever identifier a path names it.
        """
        resource, values = place.resource, list(place.values)
        for name in resource.above:
            above = self._model.resources[name]
            count = len(above.template.parameters)
            if not above.is_singleton and above.has_known_keys and count < len(values):
                parent = self.place(above, values[:count])
                values[count] = self._key_of(account, parent, values[count])
        return self.place(resource, values) if values != list(place.values) else place

    def has_made(self, account: Account, place: Place, key: str | None) -> bool:
        """Return whether requests made an item of an account, or without a key, the one above."""
        for name in place.resource.above[-1:] if key is None else ():
            above = self._model.resources[name]
            count = len(above.template.parameters)
            if not above.is_singleton and count < len(place.values):
                place, key = self.place(above, place.values[:count]), place.values[count]
        collection = account.collections.get(place.path)
        item = collection.find(key) if collection is not None and key is not None else None
        return item is not None and not item.is_seeded

    def created(
        self, account: Account, place: Place, given: Json, moment: datetime, key: str | None = None
    ) -> Change:
        """Return a new item. The account is unchanged, but for the number of keys made.

        ``key`` is that of the path, where PUT creates. A given identity that the path parameter
        does not allow is replaced by a new one, because such an item could not be read.
        """
        resource = place.resource
        collection = self.collection(account, place)
        identity = resource.identity
        unreachable = key is None and self.keys.is_unreachable(resource, given)
        if unreachable:
            given = {name: value for name, value in given.items() if name != identity}
        times = fields.times(self._fitting.shapes, resource.schema, moment, is_new=True)
        data = {**self._defaults(resource), **times, **self.references.of_place(place), **given}
        if key is not None:
            data |= self.keys.identified(place, key)
        elif (named := self.keys.named(resource, data)) is not None:
            key = named
        elif identity is None or data.get(identity) is None:
            account.made[resource.name] = account.made.get(resource.name, 0) + 1
            key, value = self.keys.new(account, place, collection, data)
            data |= {identity: value} if identity is not None and value is not None else {}
        else:
            key = self.keys.key_in(resource, data[identity])
        data = self.keys.with_key(resource, key, data)
        data |= self.keys.own_names(place, key, data)
        fitted = self._fitted(place, data, key)
        found = fitted.data.get(identity) if identity is not None else None
        if found is not None and self.keys.is_reachable(resource, found):
            key = self.keys.key_in(resource, found)
        replaced = [identity] if unreachable and identity is not None else []
        return Change(key, Item(fitted.data), [*replaced, *_of(given, fitted.lost)])

    def changed(
        self,
        place: Place,
        collection: Collection,
        found: Change,
        given: Json,
        moment: datetime,
        *,
        deep: bool,
    ) -> Change:
        """Return an item with other data. ``deep`` merges objects, and null removes fields."""
        key, item = found.key, found.item
        resource = place.resource
        if not self._renames(collection, resource, given):
            given = {name: value for name, value in given.items() if name != resource.identity}
        data = _merged(item.data, given) if deep else {**item.data, **given}
        updated = fields.times(self._fitting.shapes, resource.schema, moment, is_new=False)
        data |= {name: value for name, value in updated.items() if name not in given}
        fitted = self._fitted(place, data, key, old=item.data)
        kept = {name: value for name, value in fitted.data.items() if name not in fitted.absent}
        changed = Item(kept, item.links, item.is_seeded)
        return Change(key, changed, _of(given, fitted.lost))

    def _renames(self, collection: Collection, resource: Resource, given: Json) -> bool:
        """Return whether a change gives an item another name that a client may choose.

        An item with others below it keeps its name, because their paths contain it.
        """
        value = given.get(resource.identity or "")
        return (
            isinstance(value, str)
            and id_suffix(resource.identity or "") in _CHOSEN
            and collection.find(value) is None
            and self.keys.is_reachable(resource, value)
            and not any(resource.name in other.above for other in self._model.resources.values())
        )

    def kept(self, request: Schema | None, resource: Resource, data: Json) -> Json:
        """Return what a replacement leaves of an item: all that no request may set.

        Properties that the response requires stay, too, unless they have a default.
        """
        shapes, shape = self._fitting.shapes, self._fitting.shapes.of(resource.schema)
        settable = shapes.of(request).names or data.keys()
        hidden = {resource.identity, *shapes.annotated(request, "readOnly")}
        hidden |= shapes.annotated(resource.schema, "readOnly")
        hidden |= fields.time_names(shape.properties)
        defaults = self._defaults(resource)
        replaced = settable - hidden
        left = {
            name: value
            for name, value in data.items()
            if name not in replaced or (name in shape.required and name not in defaults)
        }
        return left | {name: value for name, value in defaults.items() if name in replaced}

    def singleton(self, account: Account, place: Place) -> Json:
        """Return the data of a singleton. Raises Missing."""
        self._is_seeded(account, place)
        if place.path in account.singletons:
            data = account.singletons[place.path]
            if data is None:
                raise Missing(place.resource.name)
            return data
        for example in self._examples_of(place.resource):
            return example
        try:
            value = self._fitting.generated(place.resource.schema, (account.id, place.path))
        except Unfit:
            return {}
        return value if isinstance(value, dict) else {}

    def shown(self, schema: Schema, resource: Resource, key: str, data: Json) -> Any:
        """Return an item as a schema shows it. Raises Unfit."""
        return shown_item(self._fitting, schema, resource, key, data)

    def writable(self, request: Schema | None, resource: Resource, given: Any) -> Json:
        """Return what a request may set: no read-only and no write-only fields."""
        if not isinstance(given, dict):
            return {}
        shapes = self._fitting.shapes
        hidden = shapes.annotated(request, "writeOnly") | shapes.annotated(request, "readOnly")
        own = shapes.of(request).properties.keys()
        hidden |= shapes.annotated(resource.schema, "readOnly") - own
        return {name: value for name, value in given.items() if name not in hidden}

    def unknown_references(self, account: Account, given: Json) -> Iterator[tuple[Steps, str]]:
        """Yield the ways to fields that name an item which does not exist, and its resource.

        Only fields whose names say so count: ``customer_id`` and ``customerIds`` of ``customers``,
        also in objects and in lists of objects.
        """
        for way, value in scalars(given):
            name = next((part for part in reversed(way) if isinstance(part, str)), "")
            resource = self.references.referred(name)
            if resource is not None:
                items = self.collection(account, self.place(resource, [])).items
                if str(value) not in items:
                    yield way, resource.name

    def _pointed(self, account: Account, place: Place, data: Json, number: int) -> Json:
        """Return a generated item whose references are the ids of items that exist."""
        properties = self._fitting.shapes.of(place.resource.schema).properties
        pointed = dict(data)
        for name, value in data.items():
            resource = self.references.referred(name)
            is_own = resource is None or name == place.resource.identity
            if is_own or resource is None or not isinstance(value, str | int):
                continue
            items = self._first_items(account, self.place(resource, []))
            found = items[number % len(items)].data.get(resource.identity or "") if items else None
            if found is not None and self._fitting.is_valid(properties.get(name, {}), found):
                pointed[name] = found
        return pointed

    def _first_items(self, account: Account, place: Place) -> list[Item]:
        """Return the items that generated ones may refer to."""
        known = account.collections.get(place.path)
        if known is None and not account.is_crowded:
            known = self.collection(account, place)
        return list(known.items.values()) if known is not None else []

    def _is_seeded(self, account: Account, place: Place) -> bool:
        """Return whether all items above come from the document. Raises Missing."""
        is_seeded = True
        for name in place.resource.above:
            above = self._model.resources[name]
            count = len(above.template.parameters)
            if above.is_singleton or not above.has_known_keys or count >= len(place.values):
                continue
            parent = self.place(above, place.values[:count])
            is_seeded &= self.find(account, parent, place.values[count]).is_seeded
        return is_seeded

    def _fill(self, account: Account, place: Place, collection: Collection) -> None:
        """Add the items of the document's examples, and generated ones."""
        shown = self._examples_of(place.resource)
        first = [*shown, *self._generated(account, place)]
        for index, data in enumerate(first):
            moment = fields.earlier(account.opened_at, index, len(first))
            resource = place.resource
            own = fields.times(self._fitting.shapes, resource.schema, moment, is_new=True)
            if index < len(shown):
                own = {name: value for name, value in own.items() if name not in data}
            else:
                if resource.identity is not None and id_suffix(resource.identity) in _MADE:
                    data.pop(resource.identity, None)
                for name in fields.links(self._fitting.shapes, resource.schema, place.path):
                    data.pop(name, None)
                data = self._pointed(account, place, data, index)  # noqa: PLW2901
            try:
                data = {**data, **own, **self.references.of_place(place)}  # noqa: PLW2901
                change = self.created(account, place, data, moment)
            except Unfit:
                return
            change.item.is_seeded = True
            if change.key not in collection.items:
                account.add(place.path, change.key, change.item)

    def _examples_of(self, resource: Resource) -> list[Json]:
        """Return the items that the document shows; one for each example of the path parameter."""
        known = self._examples.get(resource.name)
        if known is None:
            known = examples.items_of(self._contract, self._model, resource)
            identity = resource.identity
            if identity is not None:
                keys = {str(item.get(identity)) for item in known}
                known += [
                    {identity: key}
                    for key in examples.keys_of(self._contract, self._model, resource)
                    if str(key) not in keys
                ]
            self._examples[resource.name] = known
        return [dict(item) for item in known]

    def _generated(self, account: Account, place: Place) -> list[Json]:
        found: list[Json] = []
        for number in range(self._items):
            try:
                key = (account.id, place.path, number)
                value = self._fitting.generated(place.resource.schema, key)
            except Unfit:
                return found
            found.append(value if isinstance(value, dict) else {})
        return found

    def _defaults(self, resource: Resource) -> Json:
        """Return the defaults of the fields of an item."""
        properties = self._fitting.shapes.of(resource.schema).properties
        found = {
            name: self._fitting.shapes.of(part).first("default")
            for name, part in properties.items()
        }
        return {name: value for name, value in found.items() if value is not None}

    def check_parent(self, account: Account, link: Template, values: Sequence[str]) -> bool:
        """Check that the item of a path below another one exists. Raises Missing.

        Return whether there is a resource of such items.
        """
        for resource in self._model.resources.values():
            template = resource.template
            parameters = (*template.parameters, resource.parameter)
            if not resource.is_singleton and (*template.segments, "{}") == link.segments[:-1]:
                if parameters == link.parameters:
                    self.find(account, self.place(resource, values[:-1]), values[-1])
                return True
        return False

    def _fitted(self, place: Place, data: Json, key: str, old: Json | None = None) -> _Data:
        """Return data that its schema allows, with the fields that only other schemas show.

        ``old`` is the data before a change. What the schema does not allow leaves it as it is.
        """
        schema = place.resource.schema
        about = (place.resource.name, key)
        # In the order of the schema, as people expect it.
        allowed = self._fitting.restricted(schema, data)
        is_change = old is not None
        base = self._fitting.restricted(schema, old) if old is not None else None
        fitted = self._fitting.fit(schema, allowed, about, is_sparse=is_change, base=base)
        value = fitted.value if isinstance(fitted.value, dict) else {}
        shape = self._fitting.shapes.of(schema)
        others = {name: part for name, part in data.items() if name not in shape.names}
        absent = {name for name, part in data.items() if part is None and name not in value}
        return _Data({**others, **value}, fitted.lost, absent)


class _Data(NamedTuple):
    data: Json
    lost: list[str]
    absent: set[str]


def _merged(old: Any, new: Any) -> Any:
    """Return a JSON merge patch (RFC 7396) applied; null stays, for schemas that allow it."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}


def _of(given: Json, lost: list[str]) -> list[str]:
    """Return the lost fields that were given."""
    return [name for name in lost if name.split(".")[0] in given]
