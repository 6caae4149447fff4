"""Bounds and lists of values that a description states in words are compared."""

from __future__ import annotations

import time

import pytest

from mockserver.contract import words
from mockserver.contract.changes import Effect

NARROWS, WIDENS, BOTH = Effect.NARROWS, Effect.WIDENS, Effect.INCOMPARABLE
UNKNOWN = Effect.UNKNOWN
CASES: list[tuple[str, str, Effect | None]] = [
    ("between $5 and $1000", "between $10 and $500", NARROWS),
    ("between $10 and $500", "between $5 and $1,000", WIDENS),
    ("Amount in cents ($25-$2000)", "Amount in cents ($25-$1000)", NARROWS),
    ("Amount in cents ($25-$2000)", "Charge, in cents ($25-$2000)", None),
    ("Amount in cents ($25-$2000)", "Amount to charge, $25 to $2,000", None),
    ("at most 100 characters", "at most 50 characters", NARROWS),
    ("up to 100", "up to 200", WIDENS),
    ("Results per page", "Results per page (max 100)", NARROWS),
    ("Results per page (max 100)", "Results per page", WIDENS),
    ("Between 1 and 10", "Between 5 and 20", BOTH),
    ("One of daily, weekly, monthly", "One of daily, weekly", NARROWS),
    (
        "One of 'daily', 'weekly' or 'monthly'",
        "Either 'daily', 'weekly', 'monthly' or 'hourly'",
        WIDENS,
    ),
    ("Mode", "One of a, b", UNKNOWN),
    ("1,000,000 = $0.01", "1,000,000 = $0.02", UNKNOWN),
    ("more than 5", "at least 5", WIDENS),
    ("at least 5", "more than 5", NARROWS),
    ("less than 10 days", "less than 10 hours", UNKNOWN),
    ("no more than 10", "no more than 5", NARROWS),
    ("Enable auto-recharge", "Switch it on", None),
    ("1-100", "1-50", NARROWS),
    ("from 10 to 50", "from 10 to 40", NARROWS),
    ("Must be 5\u201360 minutes", "Must be 10\u201360 minutes", NARROWS),
    ("Filter by reference_type (e.g. 'crawl')", "Filter by type (e.g. 'crawl')", None),
    ("minimum 10, maximum 500", "minimum of 20; maximum of 500", NARROWS),
    (
        "Number of days (1 to 30), 90 days for enterprise",
        "Number of days (1 to 60), 90 days for enterprise",
        WIDENS,
    ),
    ("ISO 8601 date", "ISO 8601 timestamp", None),
    ("amount >= 5", "amount >= 10", NARROWS),
    ("Between 5 and 10.", "Between 5 and 9.", NARROWS),
    ("On 2024-01-31 or later", "On 2024-02-28 or later", UNKNOWN),
    ("a 3 to 5 digit code, 2 and 3", "a 3 to 5 digit code, 2 and 4", UNKNOWN),
    ("Date (e.g. 2024-01-01)", "Date", UNKNOWN),
    ("Between -10 and 10", "Between -5 and 10", NARROWS),
    ("ms, 0.5 to 2.5", "ms, 0.5 to 1.5", NARROWS),
    ("5\u201360", "5-60", None),
]


@pytest.mark.parametrize(("old", "new", "effect"), CASES)
def test_what_words_state_is_compared(old: str, new: str, effect: Effect | None) -> None:
    """It is narrower, wider, both, unknown, or the same in other words."""
    assert words.change(old, new) is effect


@pytest.mark.parametrize("part", ["1,", "1", "1-", "'a',", "at least 1 "])
def test_long_descriptions_are_read_soon(part: str) -> None:
    """Only the beginning of a description is searched for bounds."""
    start = time.process_time()
    words.change(part * 4_000, part * 3_999)
    assert time.process_time() - start < 2
