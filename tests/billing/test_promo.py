"""Promo codes: a bonus on a deposit, once per account."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.billing import checkout, promo
from mockserver.billing.catalogue import PromoCode
from mockserver.billing.context import Context
from mockserver.billing.errors import PromoCodeRefused
from mockserver.billing.money import in_microcents

from .conftest import catalogue, deposit, fresh, refused

SPRING_IS_OVER = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize("typed", ["WELCOME10", "welcome10", "  Welcome10 "])
def test_codes_are_understood_as_people_type_them(context: Context, typed: str) -> None:
    """Case and surrounding spaces are ignored."""
    assert promo.check(context, typed, 5_000).code == "WELCOME10"


@pytest.mark.parametrize("typed", ["NOPE", "", "WELCOME", "WELCOME10X"])
def test_an_unknown_code_is_refused(context: Context, typed: str) -> None:
    """A code that is not in the catalogue is refused."""
    with refused(context, PromoCodeRefused) as caught:
        promo.check(context, typed, 5_000)
    assert "does not exist" in str(caught.value)


def test_a_code_is_valid_until_it_expires() -> None:
    """A code is refused from the moment of its expiry."""
    assert (
        promo.check(fresh(now=SPRING_IS_OVER - timedelta(milliseconds=1)), "SPRING2025").code
        == "SPRING2025"
    )
    over = fresh(now=SPRING_IS_OVER)
    with refused(over, PromoCodeRefused) as caught:
        promo.check(over, "SPRING2025")
    assert "expired" in str(caught.value)


def test_a_deposit_below_the_minimum_is_refused(context: Context) -> None:
    """A deposit below the code's minimum is refused with that minimum."""
    assert promo.check(context, "BONUS5", 2_500).code == "BONUS5"
    with refused(context, PromoCodeRefused) as caught:
        promo.check(context, "BONUS5", 2_499)
    assert "$25" in str(caught.value)


def test_without_an_amount_the_minimum_is_not_asked(context: Context) -> None:
    """A code can be checked before the amount is known."""
    assert promo.check(context, "BONUS5").code == "BONUS5"


def test_checking_redeems_nothing(context: Context) -> None:
    """Validating a code changes nothing."""
    before = context.account.ids.counter
    for _ in range(3):
        promo.check(context, "WELCOME10", 5_000)
    assert (context.account.redeemed_promo_codes, context.account.ids.counter) == ([], before)


def test_a_code_works_once_per_account(context: Context) -> None:
    """A code works once per account; another account can still use it."""
    deposit(context, promo_code="WELCOME10")
    with refused(context, PromoCodeRefused) as caught:
        checkout.open_deposit(context, 5_000, promo_code="welcome10")
    assert "used" in str(caught.value)
    assert promo.check(fresh("other"), "WELCOME10", 5_000).code == "WELCOME10"


def test_two_open_deposits_cannot_use_a_code_twice(context: Context) -> None:
    """The first paid deposit uses the code; the second is credited without a bonus."""
    first, second = (
        checkout.open_deposit(context, 5_000, promo_code="WELCOME10") for _ in range(2)
    )
    checkout.complete(context, second.id)
    checkout.complete(context, first.id)
    assert (first.bonus_cents, second.bonus_cents) == (0, 500)
    assert context.account.redeemed_promo_codes == ["WELCOME10"]
    assert context.account.ledger.balance == in_microcents(2 * 5_000 + 500)


def test_a_code_that_expires_before_payment_gives_no_bonus() -> None:
    """The code must be valid at payment; the deposit is credited anyway."""
    context = fresh(now=SPRING_IS_OVER - timedelta(hours=1))
    session = checkout.open_deposit(context, 5_000, promo_code="SPRING2025")
    checkout.complete(context.at(SPRING_IS_OVER), session.id)
    assert session.bonus_cents == 0
    assert context.account.ledger.balance == in_microcents(5_000)
    assert context.account.redeemed_promo_codes == []


@pytest.mark.parametrize(
    ("code", "amount_cents", "bonus_cents"),
    [
        ("WELCOME10", 2_000, 200),
        ("WELCOME10", 2_009, 200),
        ("WELCOME10", 20_000, 2_000),
        ("WELCOME10", 200_000, 2_000),
        ("BONUS5", 2_500, 500),
        ("BONUS5", 200_000, 500),
        ("SPRING2025", 25_001, 5_000),
    ],
)
def test_the_bonus_is_a_share_or_a_fixed_amount(
    code: str, amount_cents: int, bonus_cents: int
) -> None:
    """A bonus is a percentage or fixed, rounded down to the cent, and capped."""
    known = catalogue().promo_code(code)
    assert known is not None
    assert promo.bonus_cents(known, amount_cents) == bonus_cents


@given(
    type=st.sampled_from(["percentage", "fixed"]),
    value=st.integers(0, 100_000),
    cap=st.none() | st.integers(0, 100_000),
    amount=st.integers(1_000, 200_000),
)
def test_the_bonus_never_exceeds_the_cap(
    type: str, value: int, cap: int | None, amount: int
) -> None:
    """The cap always holds, and below it the bonus is exact."""
    code = PromoCode(
        "ANY", "percentage" if type == "percentage" else "fixed", value, max_bonus_cents=cap
    )
    exact = amount * value // 100 if type == "percentage" else value
    bonus = promo.bonus_cents(code, amount)
    assert bonus == exact or (cap is not None and bonus == cap < exact)
    assert cap is None or bonus <= cap


def test_a_redeemed_bonus_is_in_ledger_and_activity(context: Context) -> None:
    """A bonus is a ledger entry that refers to the promo code, and an activity."""
    session = deposit(context, promo_code="BONUS5")
    entry = context.account.ledger.entries[-1]
    assert (entry.type, entry.reference_type, entry.amount_microcents) == (
        "bonus",
        "promo",
        in_microcents(500),
    )
    assert entry.reference_id == session.id
    assert [activity.type for activity in context.account.activities] == ["deposit", "bonus"]
    assert context.account.ledger.deposited_cents == 5_000
