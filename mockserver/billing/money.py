"""Money as integers, and its only display format.

Documented: 1,000,000 microcents = $0.01. Assumed: a credit is worth one light request, $0.0002
(observed).
"""

from functools import lru_cache

MICROCENTS_PER_CENT = 1_000_000
MICROCENTS_PER_CREDIT = 20_000
"""One credit, the unit of usage, costs $0.0002."""

_CENTS_PER_DOLLAR = 100
_MICROCENTS_PER_FOURTH_DECIMAL = MICROCENTS_PER_CENT // 100


@lru_cache(maxsize=4_096)
def display(microcents: int) -> str:
    """Format an amount for people: ``$1,234.56``, and four decimals below a cent.

    Amounts are rounded toward minus infinity: never more money is shown than there is.
    """
    if 0 < abs(microcents) < MICROCENTS_PER_CENT:
        units, decimals = microcents // _MICROCENTS_PER_FOURTH_DECIMAL, 4
    else:
        units, decimals = microcents // MICROCENTS_PER_CENT, 2
    sign = "-" if units < 0 else ""
    whole, fraction = divmod(abs(units), 10**decimals)
    return f"{sign}${whole:,}.{fraction:0{decimals}d}"


def display_cents(cents: int) -> str:
    """Format an amount of whole cents for people."""
    return display(cents * MICROCENTS_PER_CENT)


def in_cents(microcents: int) -> int:
    """Convert to whole cents, rounded toward minus infinity."""
    return microcents // MICROCENTS_PER_CENT


def in_microcents(cents: int) -> int:
    """Convert cents to microcents."""
    return cents * MICROCENTS_PER_CENT


def dollars(cents: int) -> str:
    """Format an amount of whole cents for a sentence: ``$25`` or ``$25.50``."""
    return (
        f"${cents // _CENTS_PER_DOLLAR:,}"
        if cents % _CENTS_PER_DOLLAR == 0
        else display_cents(cents)
    )
