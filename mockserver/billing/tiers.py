"""Tiers: the balance determines the tier, the tier the allowed requests a minute (observed)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from mockserver.billing.money import in_microcents

TierName = Literal["free", "basic", "growth", "scale", "high_volume"]
Warning = Literal["low", "critical", "exhausted"]


class Tier(Struct, frozen=True):
    name: TierName
    from_microcents: int
    requests_per_minute: int


TIERS = (
    Tier("high_volume", in_microcents(500_00), 500),
    Tier("scale", in_microcents(200_00), 300),
    Tier("growth", in_microcents(50_00), 100),
    Tier("basic", in_microcents(5_00), 60),
    Tier("free", 0, 30),
)

_CRITICAL_BELOW_CENTS = 10
_LOW_BELOW_CENTS = 50


def tier_of(balance_microcents: int) -> Tier:
    """Return the tier of a balance; the lowest for a negative one."""
    for tier in TIERS:
        if balance_microcents >= tier.from_microcents:
            return tier
    return TIERS[-1]


def warning_of(balance_microcents: int) -> Warning | None:
    """Return the warning that newer clients read from a header, or None (observed).

    Zero and less is exhausted, below $0.10 critical, below $0.50 low.
    """
    if balance_microcents <= 0:
        return "exhausted"
    if balance_microcents < in_microcents(_CRITICAL_BELOW_CENTS):
        return "critical"
    return "low" if balance_microcents < in_microcents(_LOW_BELOW_CENTS) else None
