"""What the mock tells a test, as the control API's document describes it. Amounts are in microcents, moments in UTC."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """An e-mail, a text message or a webhook call that the mock would have sent."""

    id: str
    channel: str
    """``email``, ``sms`` or ``webhook``."""
    recipient: str
    subject: str
    text: str
    code: str | None
    """The verification code that it carries."""
    payload: dict[str, Any] | None
    """What a webhook call carries."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request to the Billing API and its answer. Keys, codes and client secrets are redacted."""

    at: datetime
    account_id: str | None
    operation_id: str | None
    """The operationId in the contract, such as ``create_deposit``."""
    method: str
    path: str
    query: str
    status: int | None
    """None when a fault broke the connection before there was an answer."""
    request_body: Any
    """JSON as it is, anything else as text, None if there was none."""
    response_body: Any
    fault: str | None = None
    """The names of the faults that it suffered."""


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """A checkout session, and the account's balance beside it."""

    session_id: str
    status: str
    """``open``, ``complete`` or ``expired``."""
    amount_cents: int
    amount_display: str
    description: str
    price_id: str | None
    promo_code: str | None
    bonus_cents: int
    last_decline_code: str | None
    """Why the last payment failed."""
    created_at: datetime
    expires_at: datetime
    completed_at: datetime | None
    balance_microcents: int
    balance_display: str


@dataclass(frozen=True, slots=True)
class UsageCharge:
    """A usage event, and the balance after it and all that followed, such as a recharge."""

    id: str
    type: str
    requests: int
    credits: int
    cost_microcents: int
    cost_display: str
    balance_microcents: int
    balance_display: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule by which requests go wrong, and how often it was met."""

    id: str
    name: str
    """What ``X-Mock-Fault`` says in the answers that it spoils."""
    operations: list[str] | None
    """The operationIds that it is about; None for all."""
    next: int | None
    share: float | None
    status: int | None
    detail: str | None
    headers: dict[str, str] | None
    retry_after_seconds: int | None
    connection: str | None
    """``reset``, ``truncated_body`` or ``answer_lost``."""
    latency: dict[str, int] | None
    account: str | None
    """Whose requests it is about, as a name; None for all."""
    set: str | None
    """The set that it came with."""
    seen: int
    applied: int
    remaining: int | None
    """Requests that it will still hit; None when that is open."""


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """An address that is told of events."""

    id: str
    url: str
    secret: str
    """What signs its deliveries."""
    account_id: str | None
    events: list[str]
    """The types that it wants; empty for all."""
    modes: dict[str, Any]
    """What goes wrong on purpose."""
    pending: int
    delivered: int
    failed: int
    dropped: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WebhookAttempt:
    """One call, and what came of it."""

    at: datetime
    duration_ms: int
    request_headers: dict[str, str]
    response_status: int | None
    response_body: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """One event on its way to one address."""

    id: str
    endpoint_id: str | None
    """None for a usage alert to the account's own ``webhook_url``."""
    account_id: str
    event: str
    """Its type, such as ``deposit.completed``."""
    event_id: str
    url: str
    status: str
    """``pending``, ``delivered``, ``failed`` or ``dropped``."""
    reason: str | None
    """Why it was dropped."""
    replay_of: str | None
    created_at: datetime
    next_attempt_at: datetime | None
    body: dict[str, Any]
    attempts: list[WebhookAttempt]
    """Oldest first."""
