"""Events: what an account tells the outside about its changes (names and data assumed, but for the usage alert).

An account keeps the events that were not published yet. They are no part of its state: whoever runs the rules takes
them out after each operation, and publishes or drops them.
"""

from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple


class Event(NamedTuple):
    """Something that happened. A named tuple, since every ledger entry makes one."""

    type: str
    created_at: datetime
    data: dict[str, Any]
    """Plain values and moments; never a code, a client secret or a key."""
    source: str
    """The id of what it tells of: a ledger entry, an entry of the audit log, an invoice, a message."""
    url: str | None = None
    """Of a usage alert: the one address that it goes to. Any other event goes to whoever asked for its type."""

    @property
    def id(self) -> str:
        """Made from what it tells of, so that events take no ids of the account and are the same in every run."""
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
"""All types but the usage alert, which goes to one address. Each action of the audit log is one: see ``Context``."""
