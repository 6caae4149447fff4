"""Amounts in dollars, for fields whose unit the document says."""

from __future__ import annotations

from decimal import Decimal

from mockserver.docs.model import Json, Schema

_PER_DOLLAR = {"cents": 100, "microcents": 100_000_000}


def unit_of(name: str | None, schema: Schema) -> str | None:
    """Return the unit of an amount: ``x-unit``, or the suffix of its name; None if unknown."""
    if schema.unit is not None:
        return schema.unit if schema.unit in _PER_DOLLAR else None
    suffix = (name or "").rpartition("_")
    return suffix[2] if suffix[1] and suffix[2] in _PER_DOLLAR else None


def dollars(amount: Json, unit: str) -> str:
    """Return an integer amount as ``$2,000`` or ``$0.05``; empty for any other value."""
    if not isinstance(amount, int) or isinstance(amount, bool):
        return ""
    value = abs(Decimal(amount) / _PER_DOLLAR[unit])
    whole = value == value.to_integral_value()
    digits = 0 if whole else max(2, -int(value.normalize().as_tuple().exponent))
    return f"{'-' if amount < 0 else ''}${value:,.{digits}f}"


def bounds(schema: Schema, unit: str) -> str:
    """Return the range of an amount in dollars: ``$25 to $2,000``; empty if it has none."""
    if schema.minimum is None and schema.maximum is None:
        return ""
    if schema.maximum is None:
        return f"at least {dollars(schema.minimum, unit)}"
    if schema.minimum is None:
        return f"at most {dollars(schema.maximum, unit)}"
    return f"{dollars(schema.minimum, unit)} to {dollars(schema.maximum, unit)}"
