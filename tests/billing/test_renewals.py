"""Renewals: charged at the end of the period, retried if declined, in order of time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from mockserver.billing import checkout, payment_methods, subscription
from mockserver.billing.account import add_months
from mockserver.billing.errors import SubscriptionPastDue

from .conftest import NOON, WORKING, actions, at, refused
from .plans import END, GROWTH, MOMENT, break_card, current, granted, invoiced, subscribed


def test_a_renewal_is_invoice_charge_and_a_new_period() -> None:
    """A renewal happens exactly at the end of the period."""
    context = at(subscribed(), END - MOMENT)
    assert (current(context).period, len(context.account.invoices)) == (1, 1)
    context = at(context, END + timedelta(hours=7))
    assert (current(context).period_start, current(context).period_end) == (
        END,
        add_months(NOON, 2),
    )
    invoice = context.account.invoices[-1]
    assert (invoice.amount_cents, invoice.status, invoice.created_at, invoice.paid_at) == (
        2_900,
        "paid",
        END,
        END,
    )
    assert (invoice.period_start, invoice.period_end) == (END, add_months(NOON, 2))
    assert granted(context) == [150_000, 150_000]
    renewed = context.account.audit_log[-1]
    assert (renewed.action, renewed.actor, renewed.created_at) == (
        "subscription.renewed",
        "system",
        END,
    )


def test_a_year_is_twelve_renewals_in_order() -> None:
    """Overdue renewals are done in order, each at its own time."""
    context = at(
        subscribed(now=datetime(2026, 1, 31, 12, tzinfo=UTC)), datetime(2027, 1, 31, 12, tzinfo=UTC)
    )
    moments = [invoice.created_at for invoice in context.account.invoices]
    assert len(moments) == 13
    assert all(before < after for before, after in pairwise(moments))
    assert [(moment.month, moment.day) for moment in moments[:4]] == [
        (1, 31),
        (2, 28),
        (3, 31),
        (4, 30),
    ]
    assert [invoice.period_end for invoice in context.account.invoices[:-1]] == moments[1:]


def test_a_declined_renewal_makes_it_past_due() -> None:
    """A declined renewal leaves an open invoice and grants no credits."""
    context = subscribed()
    break_card(context)
    context = at(context, END)
    unpaid = context.account.invoices[-1]
    assert (current(context).status, current(context).unpaid_invoice_id) == ("past_due", unpaid.id)
    assert (unpaid.amount_cents, unpaid.status, unpaid.paid_at) == (2_900, "open", None)
    assert granted(context) == [150_000]
    assert context.account.audit_log[-1].details["reason"] == "insufficient_funds"


def test_a_renewal_without_a_card_is_past_due_too() -> None:
    """A renewal without a card makes the subscription past_due."""
    context = subscribed()
    payment_methods.remove(context, WORKING)
    context = at(context, END)
    assert current(context).status == "past_due"
    assert context.account.audit_log[-1].details["reason"] == "no_payment_method"


def test_a_renewal_with_an_expired_card_is_past_due_too() -> None:
    """A renewal with an expired card makes the subscription past_due."""
    context = subscribed()
    wallet = context.account.wallet
    wallet.cards = [payment_methods.expiring(card, NOON) for card in wallet.cards]
    context = at(context, END)
    assert context.account.audit_log[-1].details["reason"] == "expired_card"


@pytest.mark.parametrize(("days", "tries"), [(3, 0), (5, 1), (7, 2)])
def test_a_renewal_is_retried_after_3_5_and_7_days(days: int, tries: int) -> None:
    """A retry with a working card pays the open invoice and continues the period."""
    context = subscribed()
    break_card(context)
    due = END + timedelta(days=days)
    context = at(context, due - MOMENT)
    assert (current(context).status, current(context).retries) == ("past_due", tries)
    payment_methods.add(context, "pm_card_amex")
    payment_methods.set_default(context, "pm_card_amex")
    context = at(context, due)
    assert (current(context).status, current(context).retries) == ("active", 0)
    assert current(context).unpaid_invoice_id is None
    invoice = context.account.invoices[-1]
    assert (invoice.status, invoice.created_at, invoice.paid_at) == ("paid", END, due)
    assert granted(context) == [150_000, 150_000]
    assert current(context).period_end == add_months(NOON, 2)
    assert current(at(context, add_months(NOON, 2))).period == 3


def test_the_last_failed_retry_ends_the_subscription() -> None:
    """After the retry on day 7 fails, the invoice is void and the subscription ends."""
    context = subscribed()
    break_card(context)
    context = at(context, END + timedelta(days=7) - MOMENT)
    assert current(context).status == "past_due"
    context = at(context, END + timedelta(days=7))
    assert context.account.subscription is None
    assert invoiced(context) == [(2_900, "paid"), (2_900, "void")]
    assert actions(context)[-5:] == [
        "subscription.past_due",
        "subscription.retry_failed",
        "subscription.retry_failed",
        "subscription.retry_failed",
        "subscription.ended",
    ]
    assert granted(context) == [150_000]


def test_a_past_due_subscription_cannot_be_upgraded() -> None:
    """A past_due subscription cannot be upgraded; the error says that the payment is retried."""
    context = subscribed()
    break_card(context)
    context = at(context, END)
    payment_methods.add(context, "pm_card_amex")
    payment_methods.set_default(context, "pm_card_amex")
    with refused(context, SubscriptionPastDue) as caught:
        subscription.change(context, GROWTH)
    assert "default card" in str(caught.value)


def test_a_plan_that_is_bought_while_past_due_settles_the_old_one() -> None:
    """The open invoice of a replaced subscription becomes void."""
    context = subscribed()
    break_card(context)
    context = at(context, END)
    session = checkout.open_price(context, GROWTH, "subscription", None, None)
    checkout.complete(context, session.id, "pm_card_amex")
    assert (current(context).plan, current(context).status) == ("growth", "active")
    assert invoiced(context) == [(2_900, "paid"), (2_900, "void"), (9_900, "paid")]


def test_a_plan_that_is_bought_is_renewed_by_the_card_that_paid() -> None:
    """The card that paid for a plan also pays its renewals, as with Stripe."""
    context = subscribed()
    break_card(context)
    session = checkout.open_price(context, GROWTH, "subscription", None, None)
    checkout.complete(context, session.id, "pm_card_amex")
    context = at(context, END)
    assert (current(context).plan, current(context).period, current(context).status) == (
        "growth",
        2,
        "active",
    )
