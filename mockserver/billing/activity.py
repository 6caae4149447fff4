"""Recent activity: events worth showing to the customer, with or without money (assumed)."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

ActivityType = Literal[
    "deposit",
    "auto_recharge",
    "auto_recharge_failed",
    "bonus",
    "refund",
    "subscription",
    "payment_method_added",
    "payment_method_removed",
    "usage_alert",
]


class Activity(Struct, frozen=True):
    """One event of the recent activity. The amount is None if no money moved."""

    id: str
    type: ActivityType
    description: str
    amount_microcents: int | None
    created_at: datetime
