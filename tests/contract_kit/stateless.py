"""A small stateless mock of any OpenAPI document, with responses from schemas and examples."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from contract_tests.http.exchange import ANYBODY, Exchange
from contract_tests.openapi.contract import JSON, Contract, Operation
from contract_tests.openapi.examples import sample
from contract_tests.openapi.request import judge
from contract_tests.openapi.schemas import Schemas
from tests.contract_kit.json_server import Reply

CODES = {
    401: "unauthenticated",
    404: "not_found",
    405: "invalid",
    413: "invalid",
    415: "invalid",
    422: "invalid",
}
Fault = Callable[[str, Reply], Reply]
"""A function that takes an operationId and a reply and returns the reply to send."""


def no_fault(operation_id: str, reply: Reply) -> Reply:  # noqa: ARG001 (part of Fault)
    """Return the documented reply."""
    return reply


class Stateless:
    """A mock that responds to requests as the document says."""

    def __init__(self, contract: Contract, fault: Fault = no_fault) -> None:
        self.contract = contract
        self.schemas = Schemas(contract)
        self.fault = fault
        self.targets: list[str] = []
        """The method and target of each request."""

    def reply(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
        """Return status, body and headers."""
        path = urlsplit(target).path
        self.targets.append(f"{method} {target}")
        if path == "/_mock/health":
            return 200, {"status": "ok", "seed": 1, "clock": "2026-01-31T12:00:00Z"}, {}
        if path == "/_mock/reset":
            return 200, {}, {}
        matched = self.contract.match(method, path)
        if matched is None:
            allowed = self.contract.methods_of(path)
            more = {"Allow": ", ".join(allowed)} if allowed else {}
            return self.error(405 if allowed else 404, more)
        return self.fault(matched[0].id, self.of_operation(*matched, method, target, headers, body))

    def of_operation(
        self,
        operation: Operation,
        path_params: dict[str, str],
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes,
    ) -> Reply:
        credential = self.contract.credential
        given = headers.get(credential.header.lower(), "") if credential is not None else ""
        if credential is not None and operation.secured and credential.key_in(given) is None:
            return self.error(401)
        exchange = Exchange(
            number=1,
            method=method,
            url=f"http://mock{target}",
            path=urlsplit(target).path,
            request_headers=tuple(headers.items()),
            request_body=body,
            status=200,
            response_headers=(),
            response_body=b"",
            started=datetime.now(UTC),
            seconds=0.0,
            account=ANYBODY,
        )
        judged = judge(exchange, operation, path_params, self.schemas)
        if judged.breaches:
            return self.error(judged.refusal)
        status = next(status for status in operation.responses if status < 300)
        response = operation.responses[status]
        if "content" not in response.node:
            return status, None, {}
        place = self.contract.at(response.child("content", JSON, "schema"))
        return status, sample(self.contract, place), {}

    def error(self, status: int, headers: dict[str, str] | None = None) -> Reply:
        """Return an error in the document's shape."""
        if "detail" in self.contract.error_fields:
            return status, {"detail": "No."}, headers or {}
        code: Any = CODES[status] if self.contract.title == "Notes" else status
        return status, {"code": code, "message": "No."}, headers or {}
