"""Units of money, their display for people, and the tiers of a balance."""

from __future__ import annotations

MICROCENTS = 1_000_000
"""Microcents in a cent."""
CREDIT = 20_000
"""Microcents in a credit."""
_DOLLAR = 100 * MICROCENTS
_TENTH_OF_A_MIL = _DOLLAR // 10_000
_TIERS = ((5, "free"), (50, "basic"), (200, "growth"), (500, "scale"))


def display(microcents: int) -> str:
    """Return an amount in dollars, rounded toward minus infinity."""
    if 0 < abs(microcents) < MICROCENTS:
        units = abs(microcents // _TENTH_OF_A_MIL)
        digits = f"{units // 10_000}.{units % 10_000:04d}"
    else:
        cents = abs(microcents // MICROCENTS)
        digits = f"{cents // 100:,}.{cents % 100:02d}"
    return f"{'-' if microcents < 0 else ''}${digits}"


def display_cents(cents: int) -> str:
    """Return an amount of cents in dollars."""
    return display(cents * MICROCENTS)


def tier(balance: int) -> str:
    """Return the tier of a balance in microcents."""
    for dollars, name in _TIERS:
        if balance < dollars * _DOLLAR:
            return name
    return "high_volume"


def warning(balance: int) -> str | None:
    """Return the warning that a balance in microcents deserves, if any."""
    if balance <= 0:
        return "exhausted"
    if balance < 10 * MICROCENTS:
        return "critical"
    return "low" if balance < 50 * MICROCENTS else None
