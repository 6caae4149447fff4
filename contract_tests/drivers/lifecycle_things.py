"""Things that the driver of lifecycles has created: what they need, and their removal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from contract_tests.context import Run
from contract_tests.drivers.lifecycle_values import Json, identity_in, thing_in
from contract_tests.errors import KitError
from contract_tests.http.channel import Withheld
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange, Request
from contract_tests.judge.not_judged import is_judged
from contract_tests.judge.response import excerpt
from contract_tests.openapi.contract import Operation, Place
from contract_tests.openapi.distinct_bodies import Bodies, Body
from contract_tests.openapi.examples import parameter_value, required_query
from contract_tests.openapi.resources import Resource, is_certain_identity, plain

MAX_WAITS = 10
"""How often a run waits before it reads again what contradicts an earlier response."""
_ATTEMPTS = 2
_MAX_NEEDS = 4
"""Levels of things that need other things."""


_SOURCE, _INVENTED = "x-mock-source", "schema"
"""The header of a mock's response, and its value if the response is invented."""


class Uncertain(Exception):
    """A step that allows no conclusion: the reason."""


class NothingKept(Uncertain):
    """A creation of which the deployment itself says that its response is invented."""


@dataclass
class Thing:
    """Something that was created."""

    resource: Resource
    parents: tuple[str, ...]
    """The values of the collection's path parameters."""
    id: str
    id_name: str
    """The property that names it; empty if only ``Location`` did."""
    is_certain: bool
    """Whether its path is certain."""
    body: Body
    created: Exchange
    echo: Json
    """The thing as the response to its creation shows it."""
    is_deleted: bool = False

    @property
    def path(self) -> tuple[str, ...]:
        """The values of the item's path parameters."""
        return (*self.parents, self.id)


@dataclass
class Things:
    """Creates things in the name of one account."""

    run: Run
    client: Client
    known: Mapping[str, Resource]
    made: list[Thing] = field(default_factory=list)
    lagged: int = 0
    """How often a response was as expected after a wait."""

    def __post_init__(self) -> None:
        run = self.run
        self.bodies = Bodies(run.contract, run.judge.schemas, run.settings.seed)
        self._waits = 0

    # ------------------------------------------------------------------------------------ requests

    def call(
        self,
        operation: Operation,
        path: tuple[str, ...],
        body: Body | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        client: Client | None = None,
    ) -> Exchange:
        """Call an operation. Raise Uncertain for a response that says nothing of it."""
        contract, url = self.run.contract, operation.path
        for name, value in zip(operation.path_names, path, strict=False):
            url = url.replace(f"{{{name}}}", quote(value, safe=""))
        given = {**dict(required_query(contract, operation)), **(query or {})}
        request = Request(
            operation.method, url, [(name, str(value)) for name, value in given.items()]
        )
        for parameter in operation.parameters:
            if parameter.node["in"] == "header" and parameter.node.get("required"):
                request.headers[parameter.node["name"]] = parameter_value(contract, parameter)
        if body is not None:
            request.body = body.data
            request.headers["Content-Type"] = body.content.media_type
        exchange = (client or self.client).raw(request)
        status = exchange.status
        if status in (0, 429) or status >= 500 or not is_judged(exchange, operation):
            raise Uncertain(f"{operation.method} {operation.path} answers {_shown(exchange)}")
        return exchange

    def settled(self, ask: Callable[[], Exchange], is_fine: Callable[[Exchange], bool]) -> Exchange:
        """Return a response that is as expected, or one that is not even after a wait."""
        exchange, settings = ask(), self.run.settings
        if is_fine(exchange) or settings.mock or not settings.settle or self._waits >= MAX_WAITS:
            return exchange
        self._waits += 1
        time.sleep(settings.settle)
        exchange = ask()
        self.lagged += is_fine(exchange)
        return exchange

    # ------------------------------------------------------------------------------------ creation

    def create(self, resource: Resource, depth: int = 0) -> Thing:
        """Create a thing and what it needs. Raise Uncertain if that does not succeed."""
        operation = resource.create
        parents = self._parents(resource, depth)
        references = self._references(resource, depth)
        for attempt in range(_ATTEMPTS):
            word = self.bodies.word(resource.name, attempt, len(self.made))
            chosen = self._chosen(resource, word)
            known = {**references, **self._identity(resource, word, chosen)}
            body = self.bodies.make(operation, resource.noun, word, known, is_minimal=attempt > 0)
            if body is None:
                raise Uncertain("no valid body is known")
            self._reserve(resource)
            path = parents if chosen is None else (*parents, str(chosen))
            exchange = self.call(operation, path, body)
            if exchange.response_header(_SOURCE) == _INVENTED:
                raise NothingKept(f"{operation.id} keeps nothing (X-Mock-Source)")
            if 200 <= exchange.status < 300:
                return self._created(resource, path, body, exchange)
        raise Uncertain(f"nothing is created: {_shown(exchange)}")

    def _created(
        self, resource: Resource, path: tuple[str, ...], body: Body, exchange: Exchange
    ) -> Thing:
        echo = thing_in(exchange.json, {*body.thing, resource.parameter, "id"})
        count = len(resource.parents)
        name, id, is_certain = "", path[-1] if path[count:] else "", True
        id = id or self._located(resource, exchange)
        found = identity_in(echo, resource.parameter, resource.noun)
        if found is None and (sent := identity_in(body.thing, resource.parameter, resource.noun)):
            found = sent[0], sent[1], False  # the server may have given it another one
        if found is not None and id in ("", found[1]):
            name, id, is_certain = found[0], found[1], bool(id) or found[2]
        if not id:
            raise Uncertain("the response to its creation does not name it")
        thing = Thing(resource, path[:count], id, name, is_certain, body, exchange, echo)
        self.made.append(thing)
        return thing

    def _located(self, resource: Resource, exchange: Exchange) -> str:
        """Return the id in the header ``Location``; empty if that names no such item."""
        path = urlsplit(exchange.response_header("location") or "").path
        parts = [unquote(part) for part in path.rstrip("/").split("/")]
        pattern = resource.item.path.rstrip("/").split("/")
        tail = [part for part in pattern if part]
        if len(parts) < len(tail):
            return ""
        found = parts[len(parts) - len(tail) :]
        pairs = zip(tail, found, strict=True)
        fits = all(want.startswith("{") or want == part for want, part in pairs)
        return found[-1] if fits else ""

    # ---------------------------------------------------------------------------------------- needs

    def _parents(self, resource: Resource, depth: int) -> tuple[str, ...]:
        """Return values for the parameters of a collection's path. Raise Uncertain without them."""
        if not resource.parents:
            return ()
        above = resource.collection.rpartition("/{")[0]
        name = above.removeprefix(self.run.contract.base_path).strip("/")
        parent = self.known.get(name)
        if parent is not None:
            return self._thing_of(parent, depth).path
        raise Uncertain(f"it needs a '{resource.parents[-1]}', which the kit cannot create")

    def _thing_of(self, resource: Resource, depth: int) -> Thing:
        """Return a thing of a resource, created if there is none."""
        for thing in self.made:
            if thing.resource.name == resource.name and not thing.is_deleted:
                return thing
        if depth >= _MAX_NEEDS or not self.run.takes(resource.create.id):
            raise Uncertain(f"it needs one of {resource.name}, which is not created")
        try:
            return self.create(resource, depth + 1)
        except NothingKept:
            raise
        except Uncertain as error:
            raise Uncertain(f"it needs one of {resource.name}: {error}") from None

    def _references(self, resource: Resource, depth: int) -> dict[str, Any]:
        """Return ids of other things for the required properties that are named after them."""
        found: dict[str, Any] = {}
        for name in self.bodies.required(resource.create, resource.noun):
            target = self._target(resource, name)
            if target is None:
                continue
            with suppress(Uncertain):  # the value of the example may do
                thing = self._thing_of(target, depth)
                found[name] = thing.echo.get(thing.id_name, thing.id)
        return found

    def _chosen(self, resource: Resource, word: str) -> Any:
        """Return the new id in the path of a creation; None if the path has none."""
        if not resource.is_named_by_client:
            return None
        name = resource.create.path_names[-1]
        declared = (
            self.run.contract.at(parameter.child("schema"))
            for parameter in resource.create.parameters
            if (parameter.node["in"], parameter.node["name"]) == ("path", name)
            and "schema" in parameter.node
        )
        return self.bodies.identity(next(declared, Place("", {})), word)

    def _identity(self, resource: Resource, word: str, chosen: Any) -> dict[str, Any]:
        """Return a new id, or the one in the path, if the one who creates a thing must name it."""
        return {
            name: self.bodies.identity(place, word) if chosen is None else chosen
            for name, place in self.bodies.required(resource.create, resource.noun).items()
            if is_certain_identity(resource.parameter, name)
        }

    def _target(self, resource: Resource, name: str) -> Resource | None:
        """Return the resource that a property such as ``author_id`` refers to."""
        word = plain(name)
        if not word.endswith("id") or len(word) <= len("id"):
            return None
        return next(
            (
                other
                for other in self.known.values()
                if other.name != resource.name and plain(other.noun) == word.removesuffix("id")
            ),
            None,
        )

    # -------------------------------------------------------------------------------------- removal

    def _reserve(self, resource: Resource) -> None:
        """Keep a request for the removal of what is to be created."""
        if self.run.budget is not None and resource.delete is not None:
            self.run.budget.reserve(1)

    def remove_all(self) -> None:
        """Remove what is left, the newest first."""
        left = [thing for thing in reversed(self.made) if not thing.is_deleted]
        with self._last_requests():
            for thing in left:
                self._remove(thing)
        if self.lagged:
            self.run.notes.append(
                f"the deployment lags: {self.lagged} steps of lifecycles were as expected after "
                f"{self.run.settings.settle:g} s"
            )

    def _remove(self, thing: Thing) -> None:
        delete = thing.resource.delete
        what = f"removal of {thing.id} of {thing.resource.name}"
        if delete is None:
            if not self.run.settings.mock:
                self.run.skip(what, "the document has no operation for it")
            return
        try:
            exchange = self.call(delete, thing.path)
        except (Uncertain, KitError, Withheld) as error:
            self.run.skip(what, self.run.keyring.text(str(error)))
            return
        thing.is_deleted = exchange.status < 300 or exchange.status in (404, 410)
        if not thing.is_deleted:
            self.run.skip(what, _shown(exchange))

    @contextmanager
    def _last_requests(self) -> Iterator[None]:
        """Send beyond the budget, the deadline and the first failure: to clean up."""
        channel, budget = self.run.channel, self.run.budget
        limits, reason = channel.limits, channel.stop_reason
        take = budget.take_reserved if budget is not None else None
        channel.limits, channel.stop_reason = replace(limits, deadline=None, take=take), ""
        try:
            yield
        finally:
            channel.limits, channel.stop_reason = limits, reason


def _shown(exchange: Exchange) -> str:
    return f"{exchange.status or exchange.error}: {excerpt(exchange, 80)}"


def entry_of(thing: Thing, entries: list[Json]) -> Json | None:
    """Return the entry of a list that is a thing."""
    for entry in entries:
        names = [thing.id_name] if thing.id_name else list(entry)
        if any(str(entry.get(name)) == thing.id for name in names if name in entry):
            return entry
        inner = thing_in(entry, {*thing.body.thing, thing.id_name})
        if thing.id_name and str(inner.get(thing.id_name)) == thing.id:
            return inner
    return None
