"""Calls operations of the contract by their operationId, with one key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from contract_tests.http.channel import Channel
from contract_tests.http.exchange import Exchange, Request
from contract_tests.openapi.contract import JSON
from contract_tests.openapi.lists import ListOperation

Json = dict[str, Any]
_NOTHING = object()


@dataclass(frozen=True)
class Client:
    """Requests with one key (by its name in the keyring), or with none."""

    channel: Channel
    key: str | None

    def call(
        self,
        operation_id: str,
        body: Any = _NOTHING,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Exchange:
        """Call an operation, and return the exchange. Raise Withheld if it may not be sent."""
        operation = self.channel.contract.operations[operation_id]
        url = operation.path
        for name, value in (path or {}).items():
            url = url.replace(f"{{{name}}}", quote(value, safe=""))
        request = Request(
            operation.method, url, [(name, str(value)) for name, value in (query or {}).items()]
        )
        if body is not _NOTHING:
            request.body = json.dumps(body).encode()
            request.headers["Content-Type"] = JSON
        request.headers.update(headers or {})
        return self.channel.send(request, self.key)

    def raw(self, request: Request) -> Exchange:
        """Send a request as it is."""
        return self.channel.send(request, self.key)

    def control(self, method: str, path: str, body: Json | None = None) -> Exchange:
        """Call the mock's control API, for this account."""
        request = Request(method, f"/_mock/{path}")
        if body is not None:
            request.body = json.dumps(body).encode()
            request.headers["Content-Type"] = JSON
        return self.channel.send(request, self.key)

    def pages(
        self,
        listed: ListOperation,
        size: int = 100,
        at_most: int = 20,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[Exchange]:
        """All pages of a list, one after another."""
        for number in range(at_most):
            exchange = self.call(listed.id, query=listed.page(number, size), headers=headers)
            yield exchange
            if not listed.has_more(exchange.object, number, size):
                return
