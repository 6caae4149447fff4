"""Refunds: charged usage is credited back, never more than was charged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.billing import refunds, usage
from mockserver.billing.context import Context
from mockserver.billing.errors import RefundRefused
from mockserver.billing.money import in_microcents

from .conftest import credit, deposit, fresh, problems, refused

CREDITS_PER_CENT = 50


def charged(cents: int) -> Context:
    """Return an account with a balance of zero, after usage of that many cents."""
    context = fresh()
    if cents:
        credit(context, cents * CREDITS_PER_CENT)
        usage.record(context, "light", cents * CREDITS_PER_CENT)
    return context


@pytest.mark.parametrize(
    ("charged_cents", "refunded_before", "amount_cents"),
    [
        pytest.param(100, [], 1, id="the smallest part"),
        pytest.param(100, [], 60, id="a part"),
        pytest.param(100, [], 100, id="the whole"),
        pytest.param(100, [60], 40, id="the rest"),
        pytest.param(100, [1, 2, 3], 94, id="the rest of several"),
    ],
)
def test_charged_usage_is_refunded_in_part_or_in_whole(
    charged_cents: int, refunded_before: list[int], amount_cents: int
) -> None:
    """A refund credits the balance and lowers what was spent, even if the balance is zero."""
    context = charged(charged_cents)
    for cents in refunded_before:
        refunds.refund(context, cents)
    refunds.refund(context, amount_cents)
    refunded = sum(refunded_before) + amount_cents
    ledger = context.account.ledger
    assert ledger.balance == in_microcents(refunded)
    assert ledger.spent_cents == charged_cents - refunded
    assert refunds.refundable_cents(context.account) == charged_cents - refunded
    assert problems(context) == []


@pytest.mark.parametrize(
    ("charged_cents", "refunded_before", "amount_cents", "sentence"),
    [
        pytest.param(0, [], 1, "Nothing can be refunded", id="nothing was charged"),
        pytest.param(100, [100], 1, "Nothing can be refunded", id="everything is refunded"),
        pytest.param(100, [], 101, r"from \$0.01 to \$1.00", id="more than was charged"),
        pytest.param(100, [60], 41, r"from \$0.01 to \$0.40", id="more than is left"),
        pytest.param(100, [], 0, r"from \$0.01", id="zero"),
        pytest.param(100, [], -1, r"from \$0.01", id="a negative amount"),
    ],
)
def test_never_more_is_refunded_than_was_charged(
    charged_cents: int, refunded_before: list[int], amount_cents: int, sentence: str
) -> None:
    """An amount below one cent or above charged usage less earlier refunds changes nothing."""
    context = charged(charged_cents)
    for cents in refunded_before:
        refunds.refund(context, cents)
    with refused(context, RefundRefused) as error:
        refunds.refund(context, amount_cents)
    error.match(sentence)


def test_a_deposit_is_not_refundable(context: Context) -> None:
    """A refund credits usage back; money that was only deposited stays on the balance."""
    deposit(context, 5_000)
    with refused(context, RefundRefused):
        refunds.refund(context, 1)


def test_a_fraction_of_a_cent_is_not_refundable() -> None:
    """Refunds are whole cents; the charged usage is rounded down."""
    context = charged(1)
    credit(context, CREDITS_PER_CENT)
    usage.record(context, "light", CREDITS_PER_CENT - 1)
    assert refunds.refundable_cents(context.account) == 1


def test_a_refund_leaves_its_records() -> None:
    """One ledger entry, one audit entry, one activity and an event for each of the first two."""
    context = charged(100)
    context.account.events.clear()
    entry = refunds.refund(context, 25, "Refund of a broken job")
    assert (entry.type, entry.reference_type, entry.reference_id) == ("refund", "refund", None)
    assert entry.amount_microcents == in_microcents(25)
    assert context.account.ledger.entries[-1] == entry
    audited = context.account.audit_log[-1]
    assert (audited.action, audited.details) == ("refund.granted", {"amount_cents": 25})
    activity = context.account.activities[-1]
    assert (activity.type, activity.amount_microcents) == ("refund", in_microcents(25))
    assert entry.description == activity.description == "Refund of a broken job"
    assert [(event.type, event.source) for event in context.account.events] == [
        ("credit_transaction.created", entry.id),
        ("refund.granted", audited.id),
    ]


def test_a_grant_has_no_limit(context: Context) -> None:
    """The fixture of a persona may ask for a refund without usage."""
    refunds.grant(context, 25)
    assert context.account.ledger.balance == in_microcents(25)
    assert refunds.refundable_cents(context.account) == 0
    assert problems(context) == []


changes = st.lists(
    st.tuples(st.sampled_from(["deposit", "use", "refund"]), st.integers(-5, 3_000)), max_size=30
)


@given(changes=changes)
def test_the_books_add_up(changes: list[tuple[str, int]]) -> None:
    """Whatever is deposited, used and refunded, refunds are granted exactly up to the usage."""
    context = fresh()
    balance = charged_credits = refunded = deposited = 0
    for change, number in changes:
        if change == "deposit":
            deposit(context, 1_000 + abs(number))
            deposited += 1_000 + abs(number)
            balance += in_microcents(1_000 + abs(number))
        elif change == "use":
            credits = min(abs(number) * 37 + 1, balance // 20_000)
            if credits:
                usage.record(context, "light", credits)
                charged_credits += credits
                balance -= credits * 20_000
        elif 1 <= number <= charged_credits // CREDITS_PER_CENT - refunded:
            refunds.refund(context, number)
            refunded += number
            balance += in_microcents(number)
        else:
            with refused(context, RefundRefused):
                refunds.refund(context, number)
        ledger = context.account.ledger
        assert ledger.balance == balance == sum(e.amount_microcents for e in ledger.entries)
        assert ledger.deposited_cents == deposited
        assert ledger.spent_cents == charged_credits // CREDITS_PER_CENT - refunded >= 0
    assert problems(context) == []
