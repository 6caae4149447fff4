"""Events: what an account publishes about its changes.

Observed: an event has a name and data. Assumed: which names and which data. An account holds the
events that are not published yet. They are not part of its state: whatever runs an operation takes
them out afterwards, and publishes or drops them.
"""

from datetime import datetime
from hashlib import blake2b
from typing import Any

from msgspec import Struct


class Event(Struct, frozen=True):
    """One event. Every ledger entry creates one."""

    type: str
    created_at: datetime
    data: dict[str, Any]
    """Plain values and datetimes; never a code, a client secret or a key."""
    source: str
    """The id of the reported record: a ledger entry, an audit entry, an invoice or a message."""
    url: str | None = None
    """The only recipient of a usage alert. Other events go to all endpoints that want the type."""
    is_whole: bool = False

    @property
    def id(self) -> str:
        """The event's id, derived from its type and source: it takes no id from the account."""
        return "evt_" + blake2b(f"{self.type}:{self.source}".encode(), digest_size=12).hexdigest()


TYPES = (
    "auto_recharge.disabled",
    "auto_recharge.failed",
    "auto_recharge.succeeded",
    "auto_recharge.updated",
    "checkout.completed",
    "checkout.created",
    "checkout.declined",
    "checkout.expired",
    "credit_transaction.created",
    "deposit.completed",
    "deposit.created",
    "invoice.created",
    "invoice.paid",
    "invoice.voided",
    "payment_method.added",
    "payment_method.default_set",
    "payment_method.removed",
    "portal.opened",
    "promo_code.redeemed",
    "refund.granted",
    "setup_intent.created",
    "setup_intent.requires_action",
    "setup_intent.setup_failed",
    "setup_intent.succeeded",
    "subscription.ended",
    "subscription.past_due",
    "subscription.renewed",
    "subscription.retry_failed",
    "subscription.scheduled",
    "subscription.started",
    "subscription.updated",
    "subscription.upgraded",
    "usage_alert.fired",
    "usage_alerts.updated",
    "verification.confirmed",
    "verification.failed",
    "verification.initiated",
)
"""All event types except the usage alert, which has one recipient. Every audit action is a type."""
