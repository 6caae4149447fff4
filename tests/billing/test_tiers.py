"""Tiers and warnings depend on the balance."""

import pytest

from mockserver.billing.money import in_microcents
from mockserver.billing.tiers import TIERS, tier_of, warning_of


@pytest.mark.parametrize(
    ("cents", "tier"),
    [(0, "free"), (500, "basic"), (5_000, "growth"), (20_000, "scale"), (50_000, "high_volume")],
)
def test_a_tier_begins_at_its_balance(cents: int, tier: str) -> None:
    """free < $5 <= basic < $50 <= growth < $200 <= scale < $500 <= high_volume."""
    assert tier_of(in_microcents(cents)).name == tier
    assert tier_of(in_microcents(cents + 1)).name == tier


@pytest.mark.parametrize(
    ("cents", "below"),
    [(0, "free"), (500, "free"), (5_000, "basic"), (20_000, "growth"), (50_000, "scale")],
)
def test_a_microcent_less_is_the_tier_below(cents: int, below: str) -> None:
    """The bounds are exact to the microcent."""
    assert tier_of(in_microcents(cents) - 1).name == below


def test_more_balance_allows_more_requests() -> None:
    """The limits rise from tier to tier."""
    limits = [
        tier.requests_per_minute for tier in sorted(TIERS, key=lambda tier: tier.from_microcents)
    ]
    assert limits == sorted(set(limits))


@pytest.mark.parametrize(
    ("microcents", "warning"),
    [
        (-1, "exhausted"),
        (0, "exhausted"),
        (1, "critical"),
        (in_microcents(10) - 1, "critical"),
        (in_microcents(10), "low"),
        (in_microcents(50) - 1, "low"),
        (in_microcents(50), None),
    ],
)
def test_warnings_come_in_as_the_balance_goes_down(microcents: int, warning: str | None) -> None:
    """Below $0.50 is low, below $0.10 critical, zero or less exhausted."""
    assert warning_of(microcents) == warning
