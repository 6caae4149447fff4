"""Money as the contract writes it: what a display must say, and which tier and warning a balance brings."""

MICROCENTS_PER_CENT = 1_000_000
MICROCENTS_PER_CREDIT = 20_000
CREDITS_PER_REQUEST = {"light": 1, "js": 5, "pdf": 3, "ocr": 6, "crawl": 1}

_DOLLAR = 100 * MICROCENTS_PER_CENT
_TIERS = (("high_volume", 500, 500), ("scale", 200, 300), ("growth", 50, 100), ("basic", 5, 60))


def display(microcents: int) -> str:
    """An amount for people, rounded toward minus infinity: ``$1,234.56``, with four decimals below a cent."""
    decimals = 4 if 0 < abs(microcents) < MICROCENTS_PER_CENT else 2
    units = microcents // (_DOLLAR // 10**decimals)
    whole, fraction = divmod(abs(units), 10**decimals)
    return f"{'-' if units < 0 else ''}${whole:,}.{fraction:0{decimals}d}"


def tier(microcents: int) -> str:
    """The tier of a balance."""
    return next((name for name, dollars, _ in _TIERS if microcents >= dollars * _DOLLAR), "free")


def requests_per_minute(microcents: int) -> int:
    """What the tier of a balance allows."""
    return next((rate for _, dollars, rate in _TIERS if microcents >= dollars * _DOLLAR), 30)


RATES = frozenset({30, 60, 100, 300, 500})


def warning(microcents: int) -> str | None:
    """What ``X-AlterLab-Balance-Warning`` says of a balance."""
    if microcents <= 0:
        return "exhausted"
    if microcents < _DOLLAR // 10:
        return "critical"
    return "low" if microcents < _DOLLAR // 2 else None
