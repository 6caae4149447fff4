"""Money as whole microcents, and its display format."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.billing import money
from mockserver.billing.usage_log import CREDITS_PER_REQUEST


def test_a_cent_is_a_million_microcents() -> None:
    """1 cent = 1,000,000 microcents."""
    assert money.in_microcents(1) == 1_000_000


def test_a_credit_costs_two_hundredths_of_a_cent() -> None:
    """1 credit = $0.0002 = 20,000 microcents."""
    assert money.MICROCENTS_PER_CREDIT == 20_000
    assert money.display(money.MICROCENTS_PER_CREDIT) == "$0.0002"


def test_each_type_of_request_has_its_price() -> None:
    """One request costs: light 1, js 5, pdf 3, ocr 6, crawl 1 per page."""
    assert CREDITS_PER_REQUEST == {"light": 1, "js": 5, "pdf": 3, "ocr": 6, "crawl": 1}


@pytest.mark.parametrize(
    ("microcents", "shown"),
    [
        (0, "$0.00"),
        (1_000_000, "$0.01"),
        (1_234_000_000, "$12.34"),
        (-50_000_000, "-$0.50"),
        (123_456_000_000, "$1,234.56"),
        (123_456_789_000_000, "$1,234,567.89"),
        (420_000, "$0.0042"),
        (999_999, "$0.0099"),
        (10_000, "$0.0001"),
        (9_999, "$0.0000"),
        (1_999_999, "$0.01"),
        (-1, "-$0.0001"),
        (-420_000, "-$0.0042"),
        (-999_999, "-$0.0100"),
        (-1_000_000, "-$0.01"),
        (-1_000_001, "-$0.02"),
        (-123_456_000_000, "-$1,234.56"),
    ],
)
def test_amounts_are_shown_in_dollars(microcents: int, shown: str) -> None:
    """Two decimals; four below a cent; rounded toward minus infinity."""
    assert money.display(microcents) == shown


@given(st.integers(-(10**18), 10**18))
def test_more_money_than_there_is_is_never_shown(microcents: int) -> None:
    """The shown amount is at most the real one, and less by at most its last digit."""
    shown = (
        Decimal(money.display(microcents).replace("$", "").replace(",", ""))
        * 100
        * money.MICROCENTS_PER_CENT
    )
    last_digit = (
        10_000 if abs(microcents) < money.MICROCENTS_PER_CENT else money.MICROCENTS_PER_CENT
    )
    assert 0 <= microcents - shown < last_digit


@given(st.integers(-(10**18), 10**18))
def test_whole_cents_round_toward_minus_infinity(microcents: int) -> None:
    """A fraction of a cent never counts as a cent."""
    assert (
        0
        <= microcents - money.in_microcents(money.in_cents(microcents))
        < money.MICROCENTS_PER_CENT
    )


@pytest.mark.parametrize(
    ("cents", "shown"),
    [(0, "$0"), (2_500, "$25"), (2_550, "$25.50"), (200_000, "$2,000"), (7, "$0.07")],
)
def test_sentences_leave_out_cents_that_are_not_there(cents: int, shown: str) -> None:
    """Sentences say ``$25``, but ``$25.50``."""
    assert money.dollars(cents) == shown


def test_cents_are_shown_like_the_same_amount_in_microcents() -> None:
    """Cents and microcents have the same display format."""
    assert money.display_cents(123_456) == money.display(123_456_000_000) == "$1,234.56"
