"""Responses of stateful operations: a documented status, its headers, and a valid body."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from mockserver.engine.errors import Headers
from mockserver.engine.media_types import concrete, json_in, sendable
from mockserver.engine.reply import JSON as JSON_BYTES
from mockserver.engine.reply import Reply, encode, header_value, is_generated
from mockserver.engine.responses import BrokenContract
from mockserver.engine.samples import Samples
from mockserver.openapi.contract import JSON, Contract, Operation
from mockserver.openapi.schemas import Schema
from mockserver.resources.example_schemas import described
from mockserver.resources.fitting import Fitting, Unfit
from mockserver.resources.identity import Way


class Body(NamedTuple):
    """What a response shows."""

    value: Any
    key: object
    """Selects the generated values of what is missing."""
    way: Way = ()
    """The properties that lead to the part that is valid already."""


class Documented:
    """One documented response of an operation."""

    def __init__(self, contract: Contract, operation: Operation, status: int) -> None:
        self.status = status
        response = contract.follow(operation.response(status) or {})
        where = f"{operation.operation_id} {status}"
        content: dict[str, Schema] = sendable(response.get("content", {}), where)
        name = json_in(content)
        self.media_type = concrete(name) if name is not None else JSON
        self.schema: Schema | None = (
            described(contract, content[name]) if name is not None else None
        )
        """The schema of its JSON body; None if it has none."""
        self.is_empty = not content
        self.headers: dict[str, Schema] = {
            header.lower(): contract.follow(node)
            for header, node in response.get("headers", {}).items()
            if is_generated(header)
        }


class Replies:
    """The successful responses of one operation."""

    def __init__(
        self, contract: Contract, operation: Operation, fitting: Fitting, samples: Samples
    ) -> None:
        self.samples = samples
        self._contract = contract
        self._operation = operation
        self._fitting = fitting
        self._documented: dict[int, Documented] = {}

    @cached_property
    def success(self) -> Documented:
        """The response of the operation's documented success."""
        return self.of(self._operation.success)

    @cached_property
    def created(self) -> Documented:
        """The response to a creation: a 201 if it is documented."""
        is_documented = 201 in self._operation.statuses
        return self.of(201) if is_documented else self.success

    @cached_property
    def deleted(self) -> Documented:
        """The response to a deletion: a 204 if it is documented."""
        return self.of(204) if 204 in self._operation.statuses else self.success

    def of(self, status: int) -> Documented:
        """Return the response of a status."""
        if status not in self._documented:
            self._documented[status] = Documented(self._contract, self._operation, status)
        return self._documented[status]

    def has(self, status: int) -> bool:
        """Return whether a status is documented by its number."""
        return status in self._operation.statuses

    def reply(self, documented: Documented, body: Body, headers: Headers) -> Reply:
        """Return a response with as much of a body as its schema allows.

        Where responses are no JSON, or nothing valid is found, it is a sample.
        """
        schema = documented.schema
        own = [*headers, *self._required(documented, body.key, headers)]
        if documented.is_empty:
            return Reply(documented.status, b"", own, None)
        if schema is None:
            return self.samples.success(body.key)
        try:
            value = self._fitting.fit_around(schema, body.way, body.value, body.key).value
        except Unfit:
            return self.samples.success(body.key)
        if not self._fitting.is_valid(schema, value):
            raise BrokenContract(f"status {documented.status}: the body breaks its schema")
        name = documented.media_type
        media_type = JSON_BYTES if name == JSON else name.encode("latin-1")
        return Reply(documented.status, encode(value), own, media_type)

    def _required(self, documented: Documented, key: object, sent: Headers) -> Iterator[Any]:
        """Yield the required headers that are not sent yet."""
        names = {name for name, _ in sent}
        for name, header in documented.headers.items():
            if header.get("required") and name.encode() not in names:
                value = header.get("example")
                if value is None:
                    value = self._fitting.generated(header.get("schema", {}), (name, key))
                text = value if isinstance(value, str) else encode(value).decode()
                yield name.encode(), header_value(text)
