"""A delivery: one event on its way to one address, with every attempt that was made."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, NamedTuple

import orjson

from mockserver.billing.events import Event

SIGNATURE = "X-Alterlab-Signature"

Status = Literal["pending", "delivered", "failed", "dropped"]


class Attempt(NamedTuple):
    """One call, and what came of it. A body is kept as it began."""

    at: datetime
    """By the mock's clock: the moment at which it was due."""
    duration_ms: int
    """In real time, whatever the mock's clock does."""
    headers: dict[str, str]
    status: int | None
    answer: bytes
    error: str | None


@dataclass(eq=False)
class Delivery:
    """``dropped`` never goes out; ``failed`` went out in vain as often as it is tried."""

    id: str
    endpoint_id: str | None
    """None: a usage alert to the account's own ``webhook_url``."""
    account_id: str
    event: Event
    url: str
    created_at: datetime
    replay_of: str | None = None
    status: Status = "pending"
    reason: str | None = None
    """Why it was dropped."""
    next_attempt_at: datetime | None = None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def payload(self) -> dict[str, Any]:
        """What it carries: of a usage alert exactly what the contract documents, of anything else more facts."""
        event = self.event
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
        """The payload as it is sent and signed. Made when it is needed: much that is queued is never sent."""
        return orjson.dumps(self.payload, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)

    def headers(self, secret: str) -> dict[str, str]:
        """All headers but those that HTTP itself wants."""
        return {
            "Content-Type": "application/json",
            "User-Agent": "alterlab-billing-mock",
            SIGNATURE: sign(secret, self.body),
            "X-Mock-Delivery": self.id,
        }

    def drop(self, reason: str) -> None:
        """Never send it (again)."""
        self.status, self.reason, self.next_attempt_at = "dropped", reason, None


def sign(secret: str, body: bytes) -> str:
    """What ``X-Alterlab-Signature`` says of a body (documented)."""
    return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()


def _plain(value: Any) -> Any:
    """Moments as the API writes them: ISO 8601 in UTC, to the millisecond."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")[:-6] + "Z"
    raise TypeError(f"{type(value).__name__} does not belong into an event")
