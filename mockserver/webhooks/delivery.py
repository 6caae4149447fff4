"""A delivery: one event for one URL, with all attempts to send it."""

from __future__ import annotations

import hmac
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, NamedTuple

import msgspec
import orjson
from msgspec import Struct, field

from mockserver.json_bytes import kept
from mockserver.webhooks.event import Conventions, Event

Status = Literal["pending", "delivered", "failed", "dropped"]


class Attempt(NamedTuple):
    """One call of the receiver and its outcome."""

    at: datetime
    """The moment, on the mock's clock, at which the call was due."""
    duration_ms: int
    """Real time, independent of the mock's clock."""
    headers: dict[str, str]
    """Headers of the request."""
    status: int | None
    """Status code of the response; None if there was no response."""
    response_body: bytes
    """The first bytes of the response's body."""
    error: str | None
    """Why the attempt failed, as a sentence; None if it succeeded."""


class Delivery(Struct, eq=False, dict=True):
    """One event on its way to one URL.

    A ``dropped`` delivery is not sent (again). A ``failed`` delivery used up all its attempts.
    """

    id: str
    endpoint_id: str | None
    """None for a direct delivery, which goes to the URL that the event names."""
    account_id: str
    event: Event
    url: str
    created_at: datetime
    replay_of: str | None = None
    """Id of the delivery that this one repeats."""
    status: Status = "pending"
    reason: str | None = None
    """Why it was dropped."""
    next_attempt_at: datetime | None = None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def payload(self) -> dict[str, Any]:
        """The JSON body. A direct delivery has only the two fields that the contract documents."""
        event = self.event
        if event.is_whole:
            return dict(event.data)
        if event.url is not None:
            return {"event": event.type, "data": event.data}
        return {
            "id": event.id,
            "event": event.type,
            "created_at": event.created_at,
            "account_id": self.account_id,
            "data": event.data,
        }

    @cached_property
    def body(self) -> bytes:
        """The serialized payload. Computed on demand, since many deliveries are never sent."""
        try:
            return _encoded(self.payload)
        except TypeError:  # an integer beyond 64 bits, in an item of another document
            data = orjson.Fragment(msgspec.json.encode(self.event.data))
            if self.event.is_whole:
                return msgspec.json.encode(self.event.data)
            return _encoded({**self.payload, "data": data})

    def headers(self, secret: str, conventions: Conventions) -> dict[str, str]:
        """Return the request's headers, without ``Host``, ``Content-Length`` and ``Connection``."""
        return {
            "Content-Type": "application/json",
            "User-Agent": conventions.user_agent,
            conventions.signature_header: sign(secret, self.body),
            "X-Mock-Delivery": self.id,
        }

    def drop(self, reason: str) -> None:
        """Give the delivery up: it is not sent (again)."""
        self.status, self.reason, self.next_attempt_at = "dropped", reason, None


def sign(secret: str, body: bytes) -> str:
    """Return the signature of a body: ``sha256=`` and its HMAC (documented)."""
    return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()


def _encoded(payload: dict[str, Any]) -> bytes:
    options = orjson.OPT_PASSTHROUGH_DATETIME
    return kept(orjson.dumps(payload, default=_json_value, option=options))


def _json_value(value: Any) -> Any:
    """Format a datetime as the API does: ISO 8601 in UTC with milliseconds."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")[:-6] + "Z"
    raise TypeError(f"an event cannot carry a value of type {type(value).__name__}")
