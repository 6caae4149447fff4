"""Records that the control API returns, field by field as its document describes them.

Amounts are in the unit that the field names: US cents or microcents (millionths of a cent). Times
are in UTC.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """An e-mail, a text message or a usage alert; none of them but the alert is really sent."""

    id: str
    channel: str
    """``email``, ``sms`` or ``webhook``."""
    recipient: str
    """E-mail address, telephone number or URL."""
    subject: str
    text: str
    code: str | None
    """Verification code in the text; None if there is none."""
    payload: dict[str, Any] | None
    """JSON body of a webhook call; None for other channels."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request to the Billing API and its response.

    API keys, verification codes and client secrets are redacted.
    """

    at: datetime
    account_id: str | None
    operation_id: str | None
    """operationId of the contract, such as ``create_deposit``."""
    method: str
    path: str
    query: str
    status: int | None
    """None if a fault broke the connection before there was a response."""
    request_body: Any
    """Parsed JSON, or text if it is not JSON; None if there was no body."""
    response_body: Any
    fault: str | None = None
    """Names of the faults that applied, separated by commas."""
    warnings: list[str] = field(default_factory=list)
    """What the client probably did not mean, as in ``X-Mock-Warning``."""


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """A checkout session, with the account's balance."""

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
    """Decline code of the last failed payment; None if none failed."""
    created_at: datetime
    expires_at: datetime
    completed_at: datetime | None
    balance_microcents: int
    balance_display: str


@dataclass(frozen=True, slots=True)
class UsageCharge:
    """A usage event, with the balance after it and its consequences, such as a recharge."""

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
class Refund:
    """A refund of usage, with the balance after it."""

    id: str
    """Id of its ledger entry."""
    amount_cents: int
    amount_display: str
    description: str
    balance_microcents: int
    balance_display: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Fault:
    """An active fault rule, with its counters."""

    id: str
    name: str
    """Value of the header ``X-Mock-Fault`` in the responses that it changes."""
    operations: list[str] | None
    """The operationIds whose requests it selects; None for all."""
    next: int | None
    """How many requests it applies to in all; None if unlimited."""
    share: float | None
    """Share of the requests that it applies to, 0 to 1; None for all."""
    status: int | None
    detail: str | None
    headers: dict[str, str] | None
    retry_after_seconds: int | None
    connection: str | None
    """``reset``, ``truncated_body`` or ``answer_lost``."""
    latency: dict[str, int] | None
    """Delay in milliseconds: ``ms``, ``min_ms`` and ``max_ms``, or ``median_ms`` and ``p95_ms``."""
    account: str | None
    """Name of the account whose requests it selects; None for all accounts."""
    set: str | None
    """Name of the fault set that it belongs to."""
    seen: int
    """Number of requests that it selected."""
    applied: int
    """Number of requests that it applied to."""
    remaining: int | None
    """How many more requests it applies to; None if unlimited."""


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """A URL that receives events."""

    id: str
    url: str
    secret: str
    """Key of its deliveries' signatures."""
    account_id: str | None
    events: list[str]
    """Event types that it receives; empty for all."""
    modes: dict[str, Any]
    """Deliberate misbehaviour of its deliveries."""
    pending: int
    """Number of unfinished deliveries; the next three count the finished ones."""
    delivered: int
    failed: int
    dropped: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WebhookAttempt:
    """One call of a receiver and its outcome."""

    at: datetime
    """By the mock's clock."""
    duration_ms: int
    """Real time."""
    request_headers: dict[str, str]
    response_status: int | None
    response_body: str | None
    """The first 1,024 bytes of it."""
    error: str | None
    """Why the attempt failed; None if it succeeded."""


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """One event for one URL, with all attempts to send it."""

    id: str
    endpoint_id: str | None
    """None for a usage alert to the account's own ``webhook_url``."""
    account_id: str
    event: str
    """Type of the event, such as ``deposit.completed``."""
    event_id: str
    url: str
    status: str
    """``pending``, ``delivered``, ``failed`` or ``dropped``."""
    reason: str | None
    """Why it was dropped."""
    replay_of: str | None
    """Id of the delivery that it repeats."""
    created_at: datetime
    next_attempt_at: datetime | None
    body: dict[str, Any]
    raw_body: str
    """The same as it was sent, and signed."""
    attempts: list[WebhookAttempt]
    """Oldest first."""
