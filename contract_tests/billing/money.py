"""Amounts as the contract shows them, and the tier and warning that follow from a balance."""

MICROCENTS_PER_CENT = 1_000_000
MICROCENTS_PER_CREDIT = 20_000
CREDITS_PER_REQUEST = {"light": 1, "js": 5, "pdf": 3, "ocr": 6, "crawl": 1}

_DOLLAR = 100 * MICROCENTS_PER_CENT
_TIERS = (("high_volume", 500, 500), ("scale", 200, 300), ("growth", 50, 100), ("basic", 5, 60))

AGREED_TIER = "enterprise"
"""The tier that is agreed upon with the vendor, whatever the balance is."""


def display(microcents: int) -> str:
    """Return an amount for people: ``$1,234.56``, or four decimals below a cent.

    Rounds toward minus infinity.
    """
    decimals = 4 if 0 < abs(microcents) < MICROCENTS_PER_CENT else 2
    units = microcents // (_DOLLAR // 10**decimals)
    whole, fraction = divmod(abs(units), 10**decimals)
    return f"{'-' if units < 0 else ''}${whole:,}.{fraction:0{decimals}d}"


def tier(microcents: int) -> str:
    """Return the tier of a balance."""
    return next((name for name, dollars, _ in _TIERS if microcents >= dollars * _DOLLAR), "free")


def requests_per_minute(microcents: int) -> int:
    """Return the rate limit of a balance's tier."""
    return next((rate for _, dollars, rate in _TIERS if microcents >= dollars * _DOLLAR), 30)


RATES = frozenset({30, 60, 100, 300, 500})
"""The rate limits of all tiers, in requests per minute."""


def warning(microcents: int) -> str | None:
    """Return the ``X-AlterLab-Balance-Warning`` of a balance; None if it must be absent."""
    if microcents <= 0:
        return "exhausted"
    if microcents < _DOLLAR // 10:
        return "critical"
    return "low" if microcents < _DOLLAR // 2 else None
