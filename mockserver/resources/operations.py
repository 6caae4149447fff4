"""The handlers of stateful operations: each opens an item or collection, and calls one rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

from mockserver.engine import mistakes
from mockserver.engine.call import Call
from mockserver.engine.errors import Headers, Refusal, Unprocessable
from mockserver.engine.reply import Reply, header_value
from mockserver.engine.samples import Samples
from mockserver.openapi.contract import Operation
from mockserver.openapi.schemas import Schema
from mockserver.resources.account import Account, Collection, Item, Json
from mockserver.resources.callers import AccountCaller
from mockserver.resources.compiled import Compiled
from mockserver.resources.events import Verb
from mockserver.resources.fitting import Unfit, put_at
from mockserver.resources.item_requests import ItemRequests
from mockserver.resources.lists import Lists
from mockserver.resources.model import Place, Resource, Role, Served
from mockserver.resources.publication import Publication
from mockserver.resources.replies import Body, Documented, Replies
from mockserver.resources.shapes import Shapes
from mockserver.resources.store import Change, Missing
from mockserver.resources.words import plain

_DELETED = frozenset({"deleted", "isdeleted", "success", "ok"})
"""Fields that are true in the response to a deletion."""


def handlers_of(compiled: Compiled) -> dict[str, Handler]:
    """Return a handler for each stateful operation."""
    return {
        served.operation_id: Handler(compiled, served)
        for served in compiled.model.operations.values()
    }


class Handler:
    """Serves one operation. It is compiled when it is first called."""

    def __init__(self, compiled: Compiled, served: Served) -> None:
        self._shared = compiled
        self._served = served
        self._serve: Callable[[Call[Account, Any]], Reply] = {
            Role.LIST: self._list,
            Role.CREATE: self._create,
            Role.READ: self._read,
            Role.REPLACE: self._update,
            Role.MERGE: self._update,
            Role.DELETE: self._delete,
            Role.ACT: self._act,
        }[served.role]

    def __call__(self, call: Call[Account, Any]) -> Reply:
        """Return the response. Raises Refusal."""
        try:
            return self._serve_guest(call)
        except Missing as missing:
            raise Refusal(404, f"Not found: no such item of {missing}.") from None
        except Unfit:
            call.request.marks.append((b"x-mock-source", b"schema"))
            return self._replies.samples.success(_key_of(call))

    def _serve_guest(self, call: Call[Account, Any]) -> Reply:
        """Serve the caller; a guest finds the items that requests made in any account."""
        try:
            return self._serve(call)
        except Missing:
            other = self._other_account(call)
            if other is None:
                raise
        call.context = other
        return self._serve(call)

    def _other_account(self, call: Call[Account, Any]) -> Account | None:
        """Return the last used account that has the item of a guest; None without one."""
        caller, accounts = call.request.caller, call.world.state
        if not isinstance(caller, AccountCaller) or caller.kind != "guest":
            return None
        place = self._requests.named_place(call)
        is_on_item = self._served.role not in (Role.LIST, Role.CREATE)
        key = self._requests.key(call) if is_on_item and not place.resource.is_singleton else None
        others: Iterator[Account] = accounts.others(call.context)
        has_made = self._shared.store.has_made
        return next((other for other in others if has_made(other, place, key)), None)

    @cached_property
    def _resource(self) -> Resource:
        return self._shared.model.resources[self._served.resource]

    @cached_property
    def _operation(self) -> Operation:
        return self._shared.contract.operations[self._served.operation_id]

    @property
    def _shapes(self) -> Shapes:
        return self._shared.fitting.shapes

    @cached_property
    def _replies(self) -> Replies:
        shared, operation = self._shared, self._operation
        samples = Samples(operation, shared.contract, shared.generator)
        return Replies(shared.contract, operation, shared.fitting, samples)

    @cached_property
    def _requests(self) -> ItemRequests:
        return ItemRequests(self._shared, self._served)

    @cached_property
    def _publication(self) -> Publication:
        shared = self._shared
        return Publication(shared.contract, self._operation, self._resource, shared.fitting)

    @cached_property
    def _lists(self) -> Lists:
        return Lists(self._shared.contract, self._operation, self._served, self._resource)

    def _list(self, call: Call[Account, Any]) -> Reply:
        """Return a page of a collection."""
        values = self._requests.values(call)
        link, has_parents = self._served.link, False
        if link is not None:
            has_parents = self._shared.store.check_parent(call.context, link, values)
        collection = self._shared.store.collection(call.context, self._requests.place(call))
        fitting, request = self._shared.fitting, call.request
        sent = self._requests.sent(call)
        params = {**call.params, **sent} if isinstance(sent, dict) else call.params
        entries = self._lists.select(fitting, collection, params, request.query)
        path = self._requests.link(values)
        entries = self._lists.linked(entries, path, values, has_parents=has_parents)
        page = self._lists.page(entries, params)
        unclear = self._lists.order(fitting, params).unclear
        self._report_unclear(call, [*page.unclear, *unclear])
        documented = self._replies.success
        target = (request.path, request.query)
        body, headers = self._lists.body(fitting, documented, entries, page, target)
        return self._reply(call, documented, body, self._requests.place(call).path, headers)

    def _report_unclear(self, call: Call[Account, Any], names: Sequence[str]) -> None:
        """Warn of pages and orders that were not understood. Raises Refusal for a cursor."""
        for name in names:
            status = next((code for code in (400, 422) if self._replies.has(code)), None)
            if status is not None and self._lists.is_token(name):
                raise Refusal(status, f"The value of '{name}' is no cursor of this list.")
            sentence = f"The value of '{name}' was not understood: it selects the default."
            mistakes.add(call.request.warnings, sentence)

    def _create(self, call: Call[Account, Any]) -> Reply:
        """Create an item, or each one of an array, and return what was created."""
        bodies = self._requests.item_in(call)
        if isinstance(bodies, list) and bodies and self._served.link is None:
            return self._create_all(call, bodies)
        values, store = self._requests.values(call), self._shared.store
        place = self._requests.place(call)
        given, link = self._requests.given(call), self._served.link
        if link is not None:
            store.check_parent(call.context, link, values)
            given |= store.references.linked(self._resource, link, values)
        self._check_references(call, given)
        collection = store.collection(call.context, place)
        identity = self._resource.identity
        chosen = str(given[identity]) if identity is not None and given.get(identity) else None
        if chosen is not None and collection.find(chosen) is not None:
            self._report_conflict(call)
        key = self._requests.chosen_key(call)
        if key is not None and collection.find(key) is not None:
            self._report_conflict(call)
        change = store.created(call.context, place, given, call.request.now, key)
        if link is not None:
            change.item.links.append(self._requests.link(values))
        documented = self._replies.created
        reply = self._shown(
            call, documented, change, self._location(call, place, change, documented)
        )
        self._commit(call, place, change)
        self._publication.call_back(call, reply, change)
        return reply

    def _create_all(self, call: Call[Account, Any], bodies: list[Any]) -> Reply:
        """Create the items of an array. Raises Unfit if they are no objects."""
        if not all(isinstance(body, dict) for body in bodies):
            raise Unfit
        store, place, shapes = self._shared.store, self._requests.place(call), self._shapes
        schema, part = shapes.of(self._requests.item_schema).items, self._served.response
        shown = []
        for body in bodies:
            given = store.writable(schema, self._resource, body)
            self._check_references(call, given)
            change = store.created(call.context, place, given, call.request.now)
            self._commit(call, place, change)
            item = change.item.data
            if part is not None:
                item = store.shown(part.schema, self._resource, change.key, item)
            shown.append(item)
        documented = self._replies.created
        body = shown if part is None else put_at(part.way, shown if part.is_array else shown[-1])
        location = self._location(call, place, change, documented)
        return self._reply(call, documented, body, place.path, location)

    def _report_conflict(self, call: Call[Account, Any]) -> None:
        """Warn of an item that a new one replaces. Raises Refusal where a 409 is documented."""
        found = f"there is an item of this {self._resource.identity} already"
        if self._replies.has(409):
            raise Refusal(409, f"Conflict: {found}.")
        mistakes.add(call.request.warnings, f"Replaced: {found}.")

    def _read(self, call: Call[Account, Any]) -> Reply:
        """Return an item or a singleton."""
        change = self._found(call)
        return self._shown(call, self._replies.success, change)

    def _update(self, call: Call[Account, Any]) -> Reply:
        """Change an item or a singleton; create it where PUT does.

        On a collection, the identity is in the body: an unknown one is the documented 404, and
        without a documented one the item is created. Bodies that are no item, such as those of bulk
        changes, get the schema's response. Raises Unfit for them.
        """
        if self._requests.is_on_collection and not isinstance(self._requests.item_in(call), dict):
            raise Unfit
        given, store = self._requests.given(call), self._shared.store
        self._check_references(call, given)
        place = self._requests.place(call)
        deep = self._served.role is Role.MERGE
        try:
            found = self._found(call)
        except Missing:
            if not self._creates(call, place) or self._other_account(call) is not None:
                raise
            return self._put(call, place, given)
        item = self._replaceable(call, found.item)
        collection = call.context.collections.get(place.path, Collection())
        found = found._replace(item=item)
        change = store.changed(place, collection, found, given, call.request.now, deep=deep)
        reply = self._shown(call, self._replies.success, change)
        self._commit(call, place, change)
        return reply

    def _replaceable(self, call: Call[Account, Any], item: Item) -> Item:
        """Return an item without what PUT replaces."""
        is_body = isinstance(self._requests.item_in(call), dict)
        if self._served.role is not Role.REPLACE or not is_body:
            return item
        data = self._shared.store.kept(self._requests.item_schema, self._resource, item.data)
        return Item(data, item.links, item.is_seeded)

    def _check_references(self, call: Call[Account, Any], given: Json) -> None:
        """Raise Unprocessable for ids of other resources that do not exist."""
        if not self._shared.checks_references:
            return
        problems = [
            {
                "loc": ["body", *way],
                "msg": f"There is no such item of {resource}",
                "type": "missing",
            }
            for way, resource in self._shared.store.unknown_references(call.context, given)
        ]
        if problems:
            raise Unprocessable(problems)

    def _creates(self, call: Call[Account, Any], place: Place) -> bool:
        if self._requests.is_on_collection:
            return not self._requests.key(call) or not self._replies.has(404)
        is_put = self._served.role is Role.REPLACE
        return is_put and (place.resource.is_created_by_put or place.resource.is_singleton)

    def _put(self, call: Call[Account, Any], place: Place, given: Json) -> Reply:
        """Create an item whose key the client chose, or a singleton that was deleted."""
        if place.resource.is_singleton:
            change = Change("", Item(given), [])
        else:
            store, key = self._shared.store, self._requests.key(call)
            store.collection(call.context, place)
            change = store.created(call.context, place, given, call.request.now, key or None)
            change = change._replace(key=key or change.key)
        documented = self._replies.created
        reply = self._shown(
            call, documented, change, self._location(call, place, change, documented)
        )
        self._commit(call, place, change)
        return reply

    def _delete(self, call: Call[Account, Any]) -> Reply:
        """Delete an item or a singleton."""
        found = self._found(call)
        documented = self._replies.deleted
        reply = self._shown(call, documented, found, is_deleted=True)
        place = self._requests.place(call)
        if place.resource.is_singleton:
            call.context.keep(place.path, None)
        else:
            call.context.remove(place.path, found.key)
        self._publication.changed(call, Verb.DELETED, found)
        return reply

    def _act(self, call: Call[Account, Any]) -> Reply:
        """Return the item if the response has its schema, else a sample."""
        found = self._found(call)
        if self._served.response is not None:
            return self._shown(call, self._replies.success, found)
        call.request.marks.append((b"x-mock-source", b"schema"))
        request = call.request
        return self._replies.samples.success((request.path, request.query, request.payload))

    def _found(self, call: Call[Account, Any]) -> Change:
        """Return the item or singleton that a request selects. Raises Missing."""
        place = self._requests.place(call)
        if place.resource.is_singleton:
            data = self._shared.store.singleton(call.context, place)
            return Change("", Item(data), [])
        return self._shared.store.found(call.context, place, self._requests.key(call))

    def _commit(self, call: Call[Account, Any], place: Place, change: Change) -> None:
        """Keep a new state, and warn of what it could not take."""
        known = call.context.collections.get(place.path)
        is_new = known is not None and change.key not in known.items
        self._publication.changed(call, Verb.CREATED if is_new else Verb.UPDATED, change)
        if place.resource.is_singleton:
            call.context.keep(place.path, change.item.data)
        else:
            removed = call.context.add(place.path, change.key, change.item)
            name = change.item.data.get(self._resource.identity or "")
            call.context.rename(place.path, change.key, name)
            if removed is not None:
                sentence = f"{place.path} is full: its oldest item was removed for this one."
                mistakes.add(call.request.warnings, sentence)
        for name in change.lost:
            sentence = f"The schema of {self._resource.name} does not allow this value of '{name}'"
            mistakes.add(call.request.warnings, f"{sentence}: it was not kept.")

    def _shown(
        self,
        call: Call[Account, Any],
        documented: Documented,
        change: Change,
        headers: Headers | None = None,
        *,
        is_deleted: bool = False,
    ) -> Reply:
        """Return a response that shows an item."""
        body: Any = change.item.data
        part, schema = self._served.response, documented.schema
        if schema is not None and part is not None:
            body = {**body, **self._names(call, part.schema, change)}
            body = self._shared.store.shown(part.schema, self._resource, change.key, body)
            body = put_at(part.way, [body] if part.is_array else body)
        elif schema is not None:
            body = {**body, **self._names(call, schema, change)}
            shape = self._shapes.of(schema)
            if is_deleted:
                flags = {name: True for name in shape.properties if plain(name) in _DELETED}
                body = {**body, **flags}
            body = body if shape.is_object or shape.items is None else [body]
        return self._reply(call, documented, body, change.key, headers)

    def _names(self, call: Call[Account, Any], schema: Schema, change: Change) -> Json:
        """Return the other identifiers of a new item that a response shows, and the links to it."""
        if self._served.role is not Role.CREATE or self._resource.is_singleton:
            return {}
        keys, place = self._shared.store.keys, self._requests.place(call)
        return keys.names(schema, place, change.key, change.item.data)

    def _reply(
        self,
        call: Call[Account, Any],
        documented: Documented,
        body: Any,
        key: str,
        headers: Headers | None,
    ) -> Reply:
        about = (self._resource.name, call.request.path, key)
        part = self._served.response
        way = part.way if part is not None else ()
        return self._replies.reply(documented, Body(body, about, way), headers or [])

    def _location(
        self, call: Call[Account, Any], place: Place, change: Change, documented: Documented
    ) -> Headers:
        """Return the ``Location`` of a new item: a path, or a URL if the document says ``uri``.

        Without a 201 it is sent where the body does not show the key.
        """
        if place.resource.is_singleton or (documented.status != 201 and self._shows_key):
            return []
        path = self._shared.contract.base_path + place.item(change.key)
        schema = documented.headers.get("location", {}).get("schema", {})
        if self._shared.contract.follow(schema).get("format") == "uri":
            path = call.base_url + path
        return [(b"location", header_value(path))]

    @cached_property
    def _shows_key(self) -> bool:
        """Whether the response shows the identity of an item."""
        part, identity = self._served.response, self._resource.identity
        shape = self._shapes.of(part.schema) if part is not None else None
        return shape is not None and (identity in shape.names or not shape.is_object)


def _key_of(call: Call[Account, Any]) -> tuple[str, bytes]:
    return call.request.path, call.request.query
