"""Resources of a document, and whether a mock holds their state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks.documents.client import Reply
from benchmarks.documents.messages import Message, Messages
from benchmarks.documents.operation import Operation, is_json
from benchmarks.documents.values import NoValue

Send = Callable[[Message], Reply]


@dataclass(slots=True)
class Resource:
    """What belongs to one kind of thing: a collection and its items."""

    collection: str
    item: str
    parameter: str
    """The path parameter that identifies an item."""
    operations: dict[str, Operation] = field(default_factory=dict)
    """By step: create, read, list, update, delete."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a resource did; no failure means that it holds its state."""

    name: str
    failure: str = ""


def resources(operations: list[Operation]) -> list[Resource]:
    """Return the resources that can be created and read."""
    by_key = {(operation.method, operation.path): operation for operation in operations}
    found = []
    for item in dict.fromkeys(operation.path for operation in operations):
        match = re.fullmatch(r"(.+)/\{([^}/]+)\}/?", item)
        if match is None:
            continue
        collection = match[1]
        collection = collection + "/" if ("POST", collection + "/") in by_key else collection
        resource = Resource(collection, item, match[2])
        for step, method, path in (
            ("create", "POST", collection),
            ("read", "GET", item),
            ("list", "GET", collection),
            ("delete", "DELETE", item),
        ):
            if (method, path) in by_key:
                resource.operations[step] = by_key[method, path]
        for method in ("PATCH", "PUT", "POST"):
            if (method, item) in by_key:
                resource.operations["update"] = by_key[method, item]
                break
        if _can_be_followed(resource):
            found.append(resource)
    return found


def _can_be_followed(resource: Resource) -> bool:
    create, read = resource.operations.get("create"), resource.operations.get("read")
    if create is None or read is None or create.body is None:
        return False
    return is_json(create.accepted) and create.accepted != "*/*"


class Lifecycles:
    """Follows resources through their lives on one server."""

    def __init__(
        self,
        known: list[Resource],
        messages: Messages,
        send: Send,
        operations: list[Operation] | None = None,
    ) -> None:
        """Take resources and operations, the source of requests and what sends them."""
        self._known = {resource.collection.rstrip("/"): resource for resource in known}
        self._lists = {
            operation.path.rstrip("/"): operation
            for operation in operations or []
            if operation.method == "GET"
        }
        self._messages = messages
        self._send = send

    def follow(self, resource: Resource) -> Outcome | None:
        """Return what a resource did, or None where no valid request was found."""
        try:
            parents = self._parents(resource)
            return Outcome(resource.item, next(self._failures(resource, parents), ""))
        except NoValue:
            return None

    def _parents(self, resource: Resource) -> dict[str, Any]:
        """Create or look up what the path of a collection names, and return the identifiers.

        What cannot be created or looked up gets one value for the whole life of the resource.
        """
        path = resource.collection
        message = self._messages.valid(resource.operations["create"])
        found = {name: value for (name, place), value in message.parameters.items() if place == "path"}
        for match in re.finditer(r"/\{([^}/]+)\}", path):
            identity = self._parent(path[: match.start()], match[1], found)
            if identity is not None:
                found[match[1]] = identity
        return found

    def _parent(self, collection: str, parameter: str, known: dict[str, Any]) -> Any:
        """Return the identifier of a new item of a collection, or of one that it has."""
        parent, listed = self._known.get(collection), self._lists.get(collection)
        if parent is not None:
            identity = _identity(self._create(parent, known)[0], parameter)
            if identity is not None:
                return identity
        if listed is None:
            return None
        reply = self._send(self._messages.valid(listed, known))
        return identity_in(first_item(_body(reply)), parameter)

    def _create(self, resource: Resource, known: dict[str, Any]) -> tuple[Reply, Message]:
        operation = resource.operations["create"]
        message = self._messages.valid(operation, known, full=True)
        reply = self._send(message)
        if reply.status >= 300:
            message = self._messages.valid(operation, known)
            reply = self._send(message)
        return reply, message

    def _failures(self, resource: Resource, parents: dict[str, Any]) -> Iterator[str]:
        reply, created = self._create(resource, parents)
        if reply.status >= 300 or reply.status == 0:
            yield f"create: status {reply.status}"
            return
        identity = _identity(reply, resource.parameter)
        if identity is None and isinstance(created.body, dict):
            identity = created.body.get(resource.parameter)
        if identity is None:
            yield "create: the response has no identifier"
            return
        if _identity(self._create(resource, parents)[0], resource.parameter) == identity:
            yield "create: a second item has the same identifier"
        known = {**parents, resource.parameter: identity}
        yield from self._read(resource, known, created, "read")
        yield from self._listed(resource, parents, created.body, identity)
        yield from self._updated(resource, known)
        yield from self._deleted(resource, known)

    def _read(
        self, resource: Resource, known: dict[str, Any], sent: Message, step: str
    ) -> Iterator[str]:
        reply = self._get(resource, known)
        if reply.status != 200:
            yield f"{step}: status {reply.status}"
            return
        names = _lost(sent.body, _body(reply), resource.parameter)
        if names:
            yield f"{step}: {', '.join(names)} differs from what was sent"

    def _get(self, resource: Resource, known: dict[str, Any]) -> Reply:
        return self._send(self._messages.valid(resource.operations["read"], known))

    def _listed(
        self, resource: Resource, parents: dict[str, Any], sent: Any, identity: Any
    ) -> Iterator[str]:
        operation = resource.operations.get("list")
        if operation is None:
            return
        message = self._messages.valid(operation, parents)
        fields = sent if isinstance(sent, dict) else {}
        for name, location in message.parameters:
            if location == "query":  # it is required, and may be a filter
                if name not in fields:
                    return
                message.parameters[name, location] = fields[name]
        reply = self._send(message)
        if reply.status != 200:
            yield f"list: status {reply.status}"
        elif identity not in set(_scalars(_body(reply))):
            yield "list: it is missing"

    def _updated(self, resource: Resource, known: dict[str, Any]) -> Iterator[str]:
        operation = resource.operations.get("update")
        if operation is None:
            return
        message = self._messages.valid(operation, known, full=True)
        reply = self._send(message)
        if not 200 <= reply.status < 300:
            yield f"update: status {reply.status}"
            return
        yield from self._read(resource, known, message, "read after update")

    def _deleted(self, resource: Resource, known: dict[str, Any]) -> Iterator[str]:
        operation = resource.operations.get("delete")
        if operation is None:
            return
        reply = self._send(self._messages.valid(operation, known))
        if not 200 <= reply.status < 300:
            yield f"delete: status {reply.status}"
            return
        status = self._get(resource, known).status
        if not 400 <= status < 500:
            yield f"read after delete: status {status}"


def identity_in(body: Any, parameter: str) -> Any:
    """Return the identifier in the body of an item, or None."""
    short = parameter.lower().replace("_", "").replace("-", "")
    names = [parameter, "id", "uuid", "gid", "sid", "key", "slug", "uid", "name", "token"]
    for candidate in _levels(body):
        plain = {name.lower().replace("_", "").replace("-", ""): name for name in candidate}
        exact = plain.get(short)
        for name in [exact, *names[1:]]:
            if name is not None and _is_scalar(candidate.get(name)):
                return candidate[name]
        for ending in ("id", "gid", "sid", "uuid", "key", "number", "name", "slug"):
            if short.endswith(ending) and _is_scalar(candidate.get(plain.get(ending, ""))):
                return candidate[plain[ending]]
        for name, value in candidate.items():
            plain_name = name.lower().replace("_", "")
            if plain_name.endswith(("id", "slug")) and plain_name in short and _is_scalar(value):
                return value
    return None


def first_item(body: Any) -> Any:
    """Return the first item of a list, bare or in an envelope, or None."""
    if isinstance(body, list):
        return body[0] if body else None
    for value in body.values() if isinstance(body, dict) else ():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return value[0]
    return None


def _identity(reply: Reply, parameter: str) -> Any:
    return identity_in(_body(reply), parameter)


def _levels(body: Any) -> Iterator[dict[str, Any]]:
    """Return the item and, for an envelope, what is in it."""
    if not isinstance(body, dict):
        return
    inner = [value for value in body.values() if isinstance(value, dict)]
    if len(inner) == 1 and len(body) <= 2:
        yield inner[0]
    yield body
    yield from inner


def _lost(sent: Any, got: Any, identifier: str) -> list[str]:
    """Return the posted scalar fields that came back as other scalars; an identifier may."""
    if not isinstance(sent, dict) or not isinstance(got, dict):
        return []
    if len(sent) == 1:
        (name, inner), *_ = sent.items()
        if isinstance(inner, dict):
            return _lost(inner, got.get(name, got), identifier)
    levels = list(_levels(got))
    found = []
    for name, value in sent.items():
        if not _is_scalar(value) or name == identifier:
            continue
        holder = next((level for level in levels if name in level), {})
        back = [holder[name]] if _is_scalar(holder.get(name)) else []
        if back and not any(_same(value, other) for other in back):
            found.append(name)
    return found


def _same(sent: Any, got: Any) -> bool:
    return bool(sent == got) or (_is_scalar(got) and str(sent).lower() == str(got).lower())


def _body(reply: Reply) -> Any:
    try:
        return reply.json()
    except ValueError:
        return None


def _scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _scalars(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _scalars(inner)
    else:
        yield value


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
