"""Serves any document: callers by its security schemes, errors in its own shapes, no state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from mockserver.engine import mistakes
from mockserver.engine.behaviour import About, Beside, ControlPart, ErrorResponse
from mockserver.engine.call import Handler
from mockserver.engine.caller import Caller
from mockserver.engine.errors import Headers, Refusal, Unauthorized
from mockserver.engine.redaction import USUAL_SECRETS, Redactor
from mockserver.engine.request import Request
from mockserver.generator import Generator
from mockserver.openapi.contract import Contract, Operation
from mockserver.openapi.security import Security
from mockserver.resources.errors import ErrorBodies
from mockserver.resources.state import NoState

_RETRY_AFTER_SECONDS = 60
_CREDENTIAL = "mock"
"""The credential in the interactive docs' forms. Any other is accepted too."""


class AnyCaller(Struct, frozen=True):
    """A caller whose credentials have the form that the document requires."""

    key: str
    account_id: str | None = None

    def enter(self, now: datetime, *, is_write: bool) -> None:
        """Do nothing: there is no rate limit."""

    def peek(self, now: datetime) -> None:
        """Do nothing: there is no account."""

    def context(self, params: Mapping[str, Any], now: datetime) -> None:
        """Return None: there is no state to read or change."""

    def throttle(self, now: datetime, seconds: int | None) -> Refusal:  # noqa: ARG002 (any time)
        """Return a 429 with ``Retry-After``."""
        seconds = _RETRY_AFTER_SECONDS if seconds is None else seconds
        sentence = f"Too many requests. Try again in {seconds} seconds."
        return Refusal(429, sentence, [(b"retry-after", b"%d" % seconds)])

    def leave(self) -> None:
        """Do nothing: there are no events."""


class Resources:
    """The default behaviour, derived from the document alone."""

    negotiates = True
    """Responses are in the media type that ``Accept`` selects, and OPTIONS is served."""

    def __init__(self, contract: Contract, state: NoState, generator: Generator) -> None:
        self.handlers: Mapping[str, Handler] = {}
        self.state = state
        self.control = ControlPart()
        self.beside = Beside()
        title = contract.document["info"]["title"]
        self.about = About(f"Mock of {title}", credentials=_credentials(contract))
        self._errors = ErrorBodies(contract, generator)

    def identify(self, request: Request, security: Security) -> AnyCaller:
        """Return the caller that the credentials name. Raises Unauthorized."""
        key = security.credentials(request.headers, request.query)
        if key is not None:
            return AnyCaller(key)
        mistakes.warn_of_credentials(request.warnings, request.headers, security)
        challenge = (security.challenge or "").encode("latin-1", "replace")
        headers = [(b"www-authenticate", challenge)] if challenge else []
        raise Unauthorized("Credentials are missing or have the wrong form.", headers)

    def headers(self, caller: Caller | None, now: datetime) -> Headers:  # noqa: ARG002 (no headers)
        """Return no headers."""
        return []

    def error(self, error: Exception, operation: Operation | None) -> ErrorResponse | None:
        """Return a refusal in the document's own shape; None for any other error."""
        return self._errors.response(error, operation) if isinstance(error, Refusal) else None


def redactor_of(contract: Contract) -> Redactor:
    """Return a redactor that also hides API keys in query parameters."""
    names = {
        str(scheme.get("name"))
        for scheme in contract.security_schemes.values()
        if (scheme.get("type"), scheme.get("in")) == ("apiKey", "query")
    }
    return Redactor(USUAL_SECRETS | names)


def _credentials(contract: Contract) -> dict[str, str]:
    """Return credentials that the mock accepts, for the reference page."""
    return {
        name: _CREDENTIAL
        for name, scheme in contract.security_schemes.items()
        if scheme.get("type") == "apiKey" or str(scheme.get("scheme", "")).lower() == "bearer"
    }
