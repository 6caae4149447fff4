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
    status: int
    request_body: Any
    """JSON as it is, anything else as text, None if there was none."""
    response_body: Any


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
