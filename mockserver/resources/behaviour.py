"""Serves any document: callers by its security schemes, errors in its own shapes, no state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mockserver.engine.behaviour import About, Beside, ControlPart, ErrorResponse
from mockserver.engine.call import Handler
from mockserver.engine.caller import Caller
from mockserver.engine.errors import Headers, Refusal, Unauthorized
from mockserver.engine.request import Request
from mockserver.generator import Generator
from mockserver.openapi.contract import Contract, Operation
from mockserver.openapi.security import Security
from mockserver.resources.errors import ErrorBodies
from mockserver.resources.state import NoState

_RETRY_AFTER_SECONDS = 60


@dataclass(frozen=True, slots=True)
class AnyCaller:
    """A caller whose credentials have the form that the document asks for."""

    key: str
    account_id: str | None = None

    def enter(self, now: datetime, *, is_write: bool) -> None:
        """Do nothing: there is no limit."""

    def peek(self, now: datetime) -> None:
        """Do nothing: there is no account."""

    def context(self, params: Mapping[str, Any], now: datetime) -> None:
        """Return nothing: there is no state to read or change."""

    def throttle(self, now: datetime, seconds: int | None) -> Refusal:  # noqa: ARG002
        """Return a 429."""
        seconds = _RETRY_AFTER_SECONDS if seconds is None else seconds
        sentence = f"Too many requests. Try again in {seconds} seconds."
        return Refusal(429, sentence, [(b"retry-after", b"%d" % seconds)])

    def leave(self) -> None:
        """Do nothing: there are no events."""


class Resources:
    """The behaviour of a document for which nobody wrote one."""

    def __init__(self, contract: Contract, state: NoState, generator: Generator) -> None:
        self.handlers: Mapping[str, Handler] = {}
        self.state = state
        self.control = ControlPart()
        self.beside = Beside()
        self.about = About(
            f"Mock of {contract.document['info']['title']}", credentials=_credentials(contract)
        )
        self._errors = ErrorBodies(contract, generator)

    def identify(self, request: Request, security: Security) -> AnyCaller:
        """Return whoever satisfies the security requirements. Raises Unauthorized."""
        key = security.credentials(request.headers, request.scope["query_string"])
        if key is None:
            headers = (
                [(b"www-authenticate", security.challenge.encode("latin-1", "replace"))]
                if security.challenge
                else []
            )
            raise Unauthorized("Credentials are missing or have the wrong form.", headers)
        return AnyCaller(key)

    def headers(self, caller: Caller | None, now: datetime) -> Headers:  # noqa: ARG002
        """Return no headers."""
        return []

    def error(self, error: Exception, operation: Operation | None) -> ErrorResponse | None:
        """Return a refusal in the document's own words."""
        if not isinstance(error, Refusal):
            return None
        status = self._errors.status(error, operation)
        return ErrorResponse(status, self._errors.body(status, error, operation), error.headers)


def _credentials(contract: Contract) -> dict[str, str]:
    """Return credentials that the mock accepts, for the interactive docs."""
    return {
        name: "mock"
        for name, scheme in contract.security_schemes.items()
        if scheme.get("type") == "apiKey"
    }
