"""One exchange on its way through the judge: what it was for, and what it says of an account."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from contract_tests.http.exchange import ANYBODY, SAFE_METHODS, Exchange
from contract_tests.http.redaction import UNKNOWN_KEY
from contract_tests.judge.violation import Response
from contract_tests.openapi.contract import Operation
from contract_tests.openapi.request import RequestJudgement
from contract_tests.openapi.schemas import Schemas


class Outcome(Enum):
    """What an exchange means for the account that it is about."""

    NOTHING = "nothing is learnt"
    UNKNOWN = "something may have been changed"
    REFUSED = "the request was refused, so nothing was changed"
    SUCCESS = "the response shows the account, or what was changed"


@dataclass(frozen=True)
class Case:
    """An exchange, the operation that it is for, and what the contract says of its request."""

    exchange: Exchange
    operation: Operation | None
    """None for an undeclared path or method."""
    path_params: dict[str, str]
    request: RequestJudgement
    account: str
    """Whose data the response shows: the account of the key, or what a header names instead."""

    @property
    def is_unauthenticated(self) -> bool:
        """Whether the operation needs a key, and the request has none that is known."""
        is_secured = self.operation is not None and self.operation.secured
        return is_secured and self.exchange.account in (ANYBODY, UNKNOWN_KEY)

    @property
    def is_write(self) -> bool:
        if self.operation is None:
            return self.exchange.method not in SAFE_METHODS
        return not self.operation.is_read

    @property
    def outcome(self) -> Outcome:
        """What the exchange means for its account."""
        exchange = self.exchange
        unclear = Outcome.UNKNOWN if self.is_write else Outcome.NOTHING
        if self.operation is None:
            return unclear if exchange.status < 400 else Outcome.NOTHING
        if exchange.error or exchange.status == 0 or exchange.status >= 500:
            return unclear
        if exchange.method == "HEAD":
            return Outcome.NOTHING
        if exchange.status >= 400:
            return Outcome.REFUSED
        return Outcome.SUCCESS if exchange.object and not self.request.breaches else unclear

    def response(self, schemas: Schemas) -> Response | None:
        """Return the response with what was asked; None for an undeclared operation."""
        if self.operation is None:
            return None
        params = _params(self.exchange, self.operation, self.path_params, schemas)
        return Response(self.exchange, self.operation, self.exchange.object, params)


def _params(
    exchange: Exchange, operation: Operation, path_params: dict[str, str], schemas: Schemas
) -> dict[str, Any]:
    """Return the parameters by name, as values, with the contract's defaults."""
    params: dict[str, Any] = dict(path_params)
    query = dict(exchange.query)
    for parameter in operation.parameters:
        if parameter.node["in"] != "query" or "schema" not in parameter.node:
            continue
        name = parameter.node["name"]
        schema = schemas.node(parameter.child("schema"))
        text = query.get(name)
        if text is None:
            params[name] = schema.get("default")
        elif schema.get("type") == "integer" and text.lstrip("-").isdigit():
            params[name] = int(text)
        else:
            params[name] = text
    return params
