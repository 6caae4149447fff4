"""What the requests of an operation name: a collection, an item of it, and the fields to set."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import orjson

from mockserver.engine.call import Call
from mockserver.resources.account import Account, Json
from mockserver.resources.compiled import Compiled
from mockserver.resources.fitting import part_at
from mockserver.resources.model import Place, Served
from mockserver.resources.places import request_schema
from mockserver.resources.words import plain, singular


class ItemRequests:
    """The requests of one operation."""

    def __init__(self, compiled: Compiled, served: Served) -> None:
        self._shared = compiled
        self._served = served
        self._resource = compiled.model.resources[served.resource]
        self._operation = compiled.contract.operations[served.operation_id]
        self._shapes = compiled.fitting.shapes

    def values(self, call: Call[Account, Any]) -> list[str]:
        """Return the values of the path, in its order."""
        texts = call.request.path_params
        return [
            _text(call.params.get(name, texts.get(name, ""))) for name in self._served.parameters
        ]

    def place(self, call: Call[Account, Any]) -> Place:
        """Return the collection or singleton that a request names. Raises Missing."""
        return self._shared.store.resolved(call.context, self.named_place(call))

    def named_place(self, call: Call[Account, Any]) -> Place:
        values = self.values(call) if self._served.link is None else []
        return self._shared.store.place(self._resource, values)

    def link(self, values: list[str]) -> str:
        return self._served.link.place(values) if self._served.link is not None else ""

    def key(self, call: Call[Account, Any]) -> str:
        """Return the key of the item: that of the path, or that in the body."""
        values = self.values(call)
        count = len(self._resource.template.parameters)
        if len(values) > count:
            return values[count]
        body, identity = self.item_in(call), self._resource.identity
        has_key = isinstance(body, dict) and identity is not None
        return str(body[identity]) if has_key and body.get(identity) is not None else ""

    def chosen_key(self, call: Call[Account, Any]) -> str | None:
        """Return the key that the query of a creation chooses, as in ``?bookId=dune``."""
        value = call.params.get(self._key_parameter) if self._key_parameter else None
        return str(value) if isinstance(value, str | int) and value != "" else None

    @cached_property
    def _key_parameter(self) -> str:
        """The query parameter that names the key of a new item; empty without one."""
        noun = singular(self._resource.template.segments[-1])
        return next(
            (
                str(parameter["name"])
                for parameter in self._operation.parameters
                if parameter.get("in") == "query" and plain(parameter["name"]) == f"{noun}id"
            ),
            "",
        )

    def item_in(self, call: Call[Account, Any]) -> Any:
        """Return the item in the request body."""
        return part_at(self._served.request, self.sent(call))

    @cached_property
    def is_on_collection(self) -> bool:
        """Whether the path names a collection, and no item of it."""
        count = len(self._resource.template.parameters)
        return not self._resource.is_singleton and len(self._served.parameters) <= count

    def given(self, call: Call[Account, Any]) -> Json:
        """Return the fields that a request may set."""
        body, store = self.item_in(call), self._shared.store
        given = store.writable(self.item_schema, self._resource, body)
        if not given and self._operation.request_body is None:
            properties = self._shapes.of(self._resource.schema).properties
            sent = call.request.query.decode("latin-1")
            given = {
                name: value
                for name, value in call.params.items()
                if name in properties and value is not None and name in sent
            }
        return given

    @cached_property
    def item_schema(self) -> Any:
        """The schema of the item in the request body."""
        whole: Any = request_schema(self._shared.contract, self._operation)
        part = whole
        for name in self._served.request:
            part = self._shapes.of(part).properties.get(name)
        return part if part is not None else whole

    def sent(self, call: Call[Account, Any]) -> Any:
        """Return the body as it was sent, with the document's defaults for what is missing."""
        body, payload = call.body, call.request.payload
        if not isinstance(body, dict):
            return body
        try:
            sent = orjson.loads(payload)
        except orjson.JSONDecodeError:
            sent = {}
        return {name: value for name, value in body.items() if value is not None or name in sent}


def _text(value: Any) -> str:
    """Return the text of a value in a path. A whole number has no fraction, whatever its type."""
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if is_whole else str(value)
