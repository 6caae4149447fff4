"""Responses that say nothing of the API: noise, and what something in front of the API has sent."""

from __future__ import annotations

from collections.abc import Iterator

from contract_tests.findings.finding import Finding
from contract_tests.http.exchange import Exchange
from contract_tests.judge import response as responses
from contract_tests.judge.case import Case
from contract_tests.openapi.contract import Contract, Operation
from contract_tests.openapi.schemas import Schemas

ANY_OPERATION = "any operation"
"""The operation of a finding that is about the way to the deployment."""
_SENDERS = {"gateway": "a gateway", "waf": "a firewall", "login": "a login page"}
_MAX_SERVER = 60


def is_judged(exchange: Exchange, operation: Operation | None) -> bool:
    """Return whether a response is the API's own, and shows something of the API."""
    if exchange.noise:
        return False
    return exchange.origin == "api" or _declares(operation, exchange)


def findings(case: Case, contract: Contract, schemas: Schemas) -> Iterator[Finding]:
    """Yield what a response shows that is not to be judged."""
    exchange, operation = case.exchange, case.operation
    if exchange.origin != "api" and not _declares(operation, exchange):
        if not exchange.noise:
            yield _of_another(exchange)
    elif exchange.noise == "429" and operation is not None and 429 in operation.responses:
        # The account was busy, which is no violation. The form of the response may be one.
        yield from responses.judge(case, operation, contract, schemas)


def _declares(operation: Operation | None, exchange: Exchange) -> bool:
    """Return whether the contract knows such a response: its media type, or a redirect."""
    response = operation.response(exchange.status) if operation is not None else None
    if response is None:
        return False
    is_redirect = 300 <= exchange.status < 400
    return is_redirect or exchange.media_type in response.node.get("content", {})


def _of_another(exchange: Exchange) -> Finding:
    sender, status = exchange.origin, exchange.status
    server = (exchange.response_header("server") or "")[:_MAX_SERVER]
    named = f" (Server: {server})" if server else ""
    return Finding(
        ANY_OPERATION,
        "not_the_api",
        "/response",
        f"{sender} {status}",
        "assumed",
        "a response of the API",
        f"{status} of {_SENDERS[sender]}{named}: {responses.excerpt(exchange)}",
        "#/paths",
        exchange,
    )
