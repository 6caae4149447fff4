"""Errors as HTTP sees them. The one place that knows which status an error of billing has.

The envelope is FastAPI's, as first-party clients read it (observed): ``{"detail": "..."}``, and a list of
``{loc, msg, type}`` when the request does not fit the contract.
"""

from dataclasses import dataclass, field
from typing import Any

from mockserver.billing import errors as billing
from mockserver.engine.clock import ClockError
from mockserver.engine.world import TooManySnapshots, UnknownSnapshot, UnusableState
from mockserver.faults.registry import TooManyFaults, UnknownFault, UnknownFaultSet
from mockserver.webhooks.dispatcher import TooManyEndpoints, UnknownDelivery, UnknownEndpoint
from mockserver.webhooks.target import RefusedUrl

Problem = dict[str, Any]
"""One thing that is wrong with a request: ``loc``, ``msg``, ``type``."""


@dataclass
class Refusal(Exception):
    """A request that is answered with an error."""

    status: int
    detail: str | list[Problem]
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    @property
    def body(self) -> dict[str, Any]:
        return {"detail": self.detail}


class Unauthorized(Refusal):
    def __init__(self, detail: str) -> None:
        super().__init__(401, detail)


class PreferenceRefused(Refusal):
    """A ``Prefer`` header that cannot be followed: about this mock, and so outside the contract."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, f"Prefer: {detail}")


class Unprocessable(Refusal):
    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(422, problems)


_STATUS: dict[type[Exception], int] = {
    billing.InvalidRequest: 400,
    billing.PaymentRequired: 402,
    billing.Forbidden: 403,
    billing.NotFound: 404,
    billing.Conflict: 409,
    billing.Gone: 410,
    ClockError: 409,
    TooManyFaults: 409,
    TooManySnapshots: 409,
    UnknownFault: 404,
    UnknownFaultSet: 404,
    UnknownSnapshot: 404,
    TooManyEndpoints: 409,
    UnknownDelivery: 404,
    UnknownEndpoint: 404,
}


def refusal_of(error: Exception) -> Refusal | None:
    """The answer to an error that a handler raised on purpose; None for any other."""
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
