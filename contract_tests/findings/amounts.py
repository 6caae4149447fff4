"""The size of a difference between amounts, which an accepted finding must keep."""

from __future__ import annotations

import re
from decimal import Decimal

KINDS = frozenset({"money", "display", "usage", "pagination"})
"""Kinds of findings that are about amounts and counts."""
MAX_SIZES = 50
"""Distinct sizes that are kept for one finding."""

_DATE = re.compile(r"\d{4}-\d\d")
_NUMBER = re.compile(r"(?P<sign>-?)\$?(?P<digits>\d[\d,]*(?:\.\d+)?)")


def sizes_of(kind: str, expected: str, got: str) -> tuple[str, ...]:
    """Return by how much two amounts differ; nothing where they are not two numbers."""
    if kind not in KINDS:
        return ()
    wanted, shown = _first_number(expected), _first_number(got)
    return () if wanted is None or shown is None else (f"{shown - wanted:f}",)


def largest(sizes: tuple[str, ...]) -> Decimal:
    """Return the largest of sizes, without its sign."""
    return max((abs(Decimal(size)) for size in sizes), default=Decimal(0))


def _first_number(text: str) -> Decimal | None:
    found = None if _DATE.search(text) else _NUMBER.search(text)
    return Decimal(found["sign"] + found["digits"].replace(",", "")) if found else None
