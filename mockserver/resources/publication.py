"""What a change sends: events to webhook endpoints, and callbacks that the document describes."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import Any

from msgspec import structs

from mockserver.engine import mistakes
from mockserver.engine.call import Call
from mockserver.engine.reply import Reply
from mockserver.openapi.contract import Contract, Operation
from mockserver.openapi.schemas import Schema
from mockserver.resources.account import Account
from mockserver.resources.callbacks import Callback, callbacks_of, url_of, webhook_schema_of
from mockserver.resources.events import Verb, type_of
from mockserver.resources.events import change as next_change
from mockserver.resources.fitting import Fitting, Unfit
from mockserver.resources.model import Resource
from mockserver.resources.store import Change


class Publication:
    """Publishes the changes of one operation."""

    def __init__(
        self, contract: Contract, operation: Operation, resource: Resource, fitting: Fitting
    ) -> None:
        self._contract = contract
        self._operation = operation
        self._resource = resource
        self._fitting = fitting

    def changed(self, call: Call[Account, Any], verb: Verb, change: Change) -> None:
        """Emit the event of a change, if an endpoint may want it.

        The body is that of the documented webhook with its name; of any other, an envelope.
        """
        webhooks = call.world.webhooks
        if not webhooks.endpoints:
            return
        documented = self._contract.document.get("webhooks", {})
        kind = type_of(self._resource, verb, documented)
        data, is_whole = change.item.data, False
        schema = webhook_schema_of(self._contract, documented.get(kind))
        if schema is not None:
            body = self._fitted(schema, kind, change)
            data, is_whole = (body, True) if isinstance(body, dict) else (data, False)
        event = next_change(call.context, kind, call.request.now, data, call.world.seed)
        webhooks.publish(call.context.id, [structs.replace(event, is_whole=is_whole)])

    def call_back(self, call: Call[Account, Any], reply: Reply, change: Change) -> None:
        """Queue the callbacks of a creation whose URLs it names, if their hosts are allowed."""
        webhooks = call.world.webhooks
        for callback in self._callbacks:
            url = url_of(callback.expression, call, reply)
            if url is None:
                continue
            refusal = webhooks.refusal(url)
            if refusal is not None:
                mistakes.add(call.request.warnings, f"The callback {callback.name}: {refusal}")
                continue
            data: Any = change.item.data
            if callback.schema is not None:
                data = self._fitted(callback.schema, callback.name, change)
            now, seed = call.request.now, call.world.seed
            if isinstance(data, dict):
                event = next_change(call.context, callback.name, now, data, seed)
                event = structs.replace(event, url=url, is_whole=True)
                webhooks.publish(call.context.id, [event])

    def _fitted(self, schema: Schema, name: str, change: Change) -> Any:
        """Return an item as a schema wants it; as it is where it does not fit."""
        data: Any = change.item.data
        with suppress(Unfit):
            return self._fitting.fit(schema, data, (name, change.key), is_sparse=True).value
        return data

    @cached_property
    def _callbacks(self) -> list[Callback]:
        return callbacks_of(self._contract, self._operation)
