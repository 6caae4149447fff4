"""The control API as a service. Its callers are those of the served API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mockserver.clock import ClockError
from mockserver.control.operations import HANDLERS
from mockserver.engine.behaviour import Behaviour, ErrorResponse
from mockserver.engine.call import Handler
from mockserver.engine.caller import Caller
from mockserver.engine.errors import Headers, Refusal, Unprocessable, envelope
from mockserver.engine.request import Request
from mockserver.engine.state import UnusableState
from mockserver.engine.world import NoStateFile, TooManySnapshots, UnknownSnapshot
from mockserver.faults.registry import TooManyFaults, UnknownFault, UnknownFaultSet
from mockserver.openapi.contract import Contract, Operation
from mockserver.openapi.security import Security
from mockserver.openapi.yaml_file import FileError
from mockserver.webhooks.dispatcher import TooManyEndpoints, UnknownDelivery, UnknownEndpoint
from mockserver.webhooks.target import RefusedUrl

_STATUS: dict[type[Exception], int] = {
    ClockError: 409,
    FileError: 409,
    NoStateFile: 409,
    TooManyFaults: 409,
    TooManySnapshots: 409,
    UnknownFault: 404,
    UnknownFaultSet: 404,
    UnknownSnapshot: 404,
    TooManyEndpoints: 409,
    UnknownDelivery: 404,
    UnknownEndpoint: 404,
}


class ControlService:
    """Serves the operations under ``/_mock``, with errors in the mock's own envelope."""

    negotiates = False
    """All responses are JSON."""

    def __init__(self, behaviour: Behaviour, document: Contract) -> None:
        self._behaviour = behaviour
        self.handlers: Mapping[str, Handler] = {
            **HANDLERS,
            **behaviour.control.handlers,
            "get_openapi_document": lambda _: document.document,
        }

    def identify(self, request: Request, security: Security) -> Caller:
        """Return the caller as the served API identifies them. Raises Refusal."""
        return _Unlimited(self._behaviour.identify(request, security))

    def headers(self, caller: Caller | None, now: datetime) -> Headers:  # noqa: ARG002 (no headers)
        """Return no headers."""
        return []

    def made_up(self, *_: Any) -> Any:
        """Return None: the control API knows no ``Prefer``."""
        return None

    def error(self, error: Exception, operation: Operation | None) -> ErrorResponse | None:
        """Return ``{"detail": ...}`` with the status of the error."""
        refusal = _refusal_of(error)
        if refusal is None:
            return self._behaviour.error(error, operation)
        return ErrorResponse(refusal.status, envelope(refusal), refusal.headers)


class _Unlimited:
    """A caller whose requests are not charged against a rate limit."""

    __slots__ = ("_caller",)

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    @property
    def key(self) -> str:
        return self._caller.key

    @property
    def account_id(self) -> str | None:
        return self._caller.account_id

    def enter(self, now: datetime, *, is_write: bool) -> None:  # noqa: ARG002 (never charged)
        self._caller.peek(now)

    def peek(self, now: datetime) -> None:
        self._caller.peek(now)

    def context(self, params: Mapping[str, Any], now: datetime) -> Any:
        return self._caller.context(params, now)

    def throttle(self, now: datetime, seconds: int | None) -> Refusal:
        return self._caller.throttle(now, seconds)

    def leave(self) -> None:
        self._caller.leave()


def _refusal_of(error: Exception) -> Refusal | None:
    """Return the refusal of an error of the mock itself; None for any other error."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, UnusableState):
        return Unprocessable(
            [{"loc": ["body"], "msg": text, "type": "value_error"} for text in error.problems]
        )
    if isinstance(error, RefusedUrl):
        return Unprocessable([{"loc": ["body", "url"], "msg": str(error), "type": "value_error"}])
    for kind in type(error).__mro__:
        if kind in _STATUS:
            return Refusal(_STATUS[kind], str(error))
    return None
