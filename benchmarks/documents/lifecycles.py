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
_MAX_DEPTH = 2
"""How far the items above those above are looked up elsewhere."""


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
        return self._above(resource.operations["create"], resource.collection)

    def _above(self, operation: Operation, path: str, depth: int = 0) -> dict[str, Any]:
        """Return identifiers for the path of an operation."""
        message = self._messages.valid(operation)
        found = {
            name: value for (name, place), value in message.parameters.items() if place == "path"
        }
        for match in re.finditer(r"/\{([^}/]+)\}", path):
            accepts = self._messages.accepts(operation, match[1])
            identity = self._parent(path[: match.start()], match[1], found, accepts)
            if identity is None and depth < _MAX_DEPTH:
                identity = self._elsewhere(path[: match.start()], match[1], accepts, depth)
            if identity is not None:
                found[match[1]] = identity
        return found

    def _parent(
        self,
        collection: str,
        parameter: str,
        known: dict[str, Any],
        accepts: Callable[[Any], bool],
    ) -> Any:
        """Return the identifier of a new item of a collection, or of one that it has."""
        parent, listed = self._known.get(collection), self._lists.get(collection)
        if parent is not None:
            identity = self._identity(self._create(parent, known), parent)
            if identity is not None:
                return identity
        if listed is None:
            return None
        reply = self._send(self._messages.valid(listed, known))
        return identity_in(first_item(_body(reply)), parameter, accepts)

    def _elsewhere(
        self, collection: str, parameter: str, accepts: Callable[[Any], bool], depth: int
    ) -> Any:
        """Return the identifier of an item of another list of the same name.

        The networks of ``/networks/{id}`` may be listed by ``/organizations/{id}/networks`` only.
        """
        name = collection.rpartition("/")[2]
        paths = (path for path in self._lists if path.rpartition("/")[2] == name)
        path = next((path for path in paths if path != collection and "{" not in name), None)
        if path is None:
            return None
        known = self._above(self._lists[path], path, depth + 1)
        reply = self._send(self._messages.valid(self._lists[path], known))
        return identity_in(first_item(_body(reply)), parameter, accepts)

    def _identity(self, exchange: tuple[Reply, Message], resource: Resource) -> Any:
        """Return the identifier of an item by the response to its creation, or None.

        It is the end of the Location if the body shows that, else what the body has, else what was
        chosen in the request, else the end of the Location.
        """
        reply, sent = exchange
        body, located = _body(reply), _end_of(reply.headers.get("location", ""))
        shown = (value for value in _scalars(body) if _is_scalar(value) and str(value) == located)
        identity = next(shown, None) if located else None
        if identity is None:
            accepts = self._messages.accepts(resource.operations["read"], resource.parameter)
            identity = identity_in(body, resource.parameter, accepts, _noun(resource.collection))
        if identity is None and isinstance(sent.body, dict):
            identity = sent.body.get(resource.parameter)
        return located or None if identity is None else identity

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
        identity = self._identity((reply, created), resource)
        if identity is None:
            yield "create: the response has no identifier"
            return
        second = self._create(resource, parents)
        newest = self._identity(second, resource)
        if newest == identity:
            yield "create: a second item has the same identifier"
        known = {**parents, resource.parameter: identity}
        yield from self._read(resource, known, created, "read")
        yield from self._listed(resource, parents, second[1].body, newest)
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
        elif not any(_is_named(scalar, identity) for scalar in _scalars(_body(reply))):
            yield "list: it is missing"

    def _updated(self, resource: Resource, known: dict[str, Any]) -> Iterator[str]:
        operation = resource.operations.get("update")
        if operation is None:
            return
        message = self._messages.valid(operation, known, full=True)
        identity = known[resource.parameter]
        shown = next(_levels(_body(self._get(resource, known))), {})
        names = {name for name, value in shown.items() if _is_named(value, identity)}
        _agree(message, names, resource.parameter, identity)
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


def identity_in(
    body: Any,
    parameter: str,
    accepts: Callable[[Any], bool] = lambda _: True,
    noun: str = "",
) -> Any:
    """Return the identifier in the body of an item, or None.

    ``accepts`` says whether the path can have a value. ``noun`` is the name of the item.
    """
    body = body[0] if isinstance(body, list) and body else body
    if _is_scalar(body):
        return body if accepts(body) else None
    for candidate in _levels(body):
        for name in _identifiers(candidate, parameter, noun):
            value = candidate.get(name)
            if name.lower() in _LINKS and isinstance(value, str):
                value = _end_of(value)
            if _is_scalar(value) and accepts(value):
                return value
    return None


_LINKS = ("uri", "href", "self")


def _identifiers(candidate: dict[str, Any], parameter: str, noun: str) -> Iterator[str]:
    """Yield the names of properties that may hold the identifier, the likeliest first."""
    short = _plain(parameter)
    plain = {_plain(name): name for name in candidate}
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", parameter)
    usual = ["id", "uuid", "gid", "sid", "key", "slug", "uid", "name", "token"]
    own = f"{noun}id" if noun else ""
    for name in (short, *usual[:4], own, *usual[4:], words[-1].lower() if words else ""):
        if name in plain:
            yield plain[name]
    for ending in ("id", "name", "key", "slug"):
        if short + ending in plain:
            yield plain[short + ending]
    for ending in ("id", "gid", "sid", "uuid", "key", "number", "name", "slug"):
        if short.endswith(ending) and ending in plain:
            yield plain[ending]
    for name in candidate:
        word = _plain(name)
        if (word.endswith(("id", "slug")) and word in short) or word.endswith(short):
            yield name
    yield from (name for name in candidate if name.lower() in _LINKS)


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _noun(collection: str) -> str:
    """Return the plain singular of the last word of a path."""
    words = [part for part in collection.split("/") if part and "{" not in part]
    return _plain(words[-1]).removesuffix("s") if words else ""


def first_item(body: Any) -> Any:
    """Return the first item of a list, bare or in an envelope, or None."""
    if isinstance(body, list):
        return body[0] if body else None
    parts = list(body.values()) if isinstance(body, dict) else []
    for value in parts:
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return value[0]
    return first_item(parts[0]) if len(parts) == 1 else None


def _agree(message: Message, names: set[str], parameter: str, identity: Any) -> None:
    """Give a body the identifier of its path, which it would contradict otherwise.

    ``names`` are the properties that show it when the item is read.
    """
    part = message.body
    inner = list(part.values()) if isinstance(part, dict) else []
    part = inner[0] if len(inner) == 1 and isinstance(inner[0], dict) else part
    for name in part if isinstance(part, dict) else ():
        if name in names or _plain(name) in (_plain(parameter), "id", "uuid"):
            part[name] = identity if type(part[name]) is type(identity) else part[name]


def _is_named(value: Any, identity: Any) -> bool:
    """Return whether a value is an identifier, or a link that ends with it."""
    return _is_scalar(value) and str(identity) in (str(value), _end_of(str(value)))


def _end_of(link: str) -> str:
    return link.rstrip("/").rpartition("/")[2]


def _levels(body: Any) -> Iterator[dict[str, Any]]:
    """Return the item and, for an envelope, what is in it."""
    if not isinstance(body, dict):
        return
    inner = [value for part in body.values() if isinstance(value := _single(part), dict)]
    if len(inner) == 1 and len(body) <= 2:
        yield inner[0]
    yield body
    yield from inner


def _single(value: Any) -> Any:
    """Return the only item of an array, and any other value as it is."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _lost(sent: Any, got: Any, identifier: str) -> list[str]:
    """Return the posted scalar fields that came back as other scalars; an identifier may."""
    if not isinstance(sent, dict) or not isinstance(got, dict):
        return []
    if len(sent) == 1:
        (name, inner), *_ = sent.items()
        if isinstance(inner, dict):
            return _lost(inner, got.get(name, got), identifier)
    # Objects below an item have properties of the same names, so one level is compared.
    level = max(_levels(got), key=lambda level: len(level.keys() & sent.keys()))
    found = []
    for name, value in sent.items():
        if not _is_scalar(value) or _plain(name) in (_plain(identifier), "id", "uuid"):
            continue
        back = level.get(name)
        if _is_scalar(back) and not _same(value, back):
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
