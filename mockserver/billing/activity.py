"""Recent activity: what a customer would want to see happened, money or not (assumed)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

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


@dataclass(frozen=True, slots=True)
class Activity:
    id: str
    type: ActivityType
    description: str
    amount_microcents: int | None
    created_at: datetime
