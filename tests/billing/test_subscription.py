"""Subscriptions: up at once and prorated, down at the period's end, renewed as the clock passes it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from mockserver.billing import checkout, money, payment_methods, subscription
from mockserver.billing.account import Subscription, add_months
from mockserver.billing.context import Context
from mockserver.billing.errors import CardDeclined, NoUsableCard, SubscriptionPastDue, UnknownPrice

from .conftest import (
    DECLINED_LATER,
    NOON,
    WORKING,
    actions,
    at,
    catalogue,
    fresh,
    later,
    problems,
    refused,
    state,
)

STARTER, GROWTH, SCALE = (f"price_{name}_monthly" for name in ("starter", "growth", "scale"))
END = datetime(2026, 4, 18, 12, tzinfo=UTC)
"""Of the first period of what begins at noon."""
MOMENT = timedelta(milliseconds=1)


def subscribed(price_id: str = STARTER, now: datetime = NOON, card: str = WORKING) -> Context:
    """An account on a plan since a moment."""
    context = fresh(now=now)
    payment_methods.add(context, card)
    subscription.change(context, price_id)
    return context


def current(context: Context) -> Subscription:
    assert context.account.subscription is not None
    return context.account.subscription


def break_card(context: Context) -> None:
    """From now on the card is declined."""
    wallet = context.account.wallet
    wallet.cards = [payment_methods.declining(card, "insufficient_funds") for card in wallet.cards]


def granted(context: Context) -> list[int]:
    """The credits of each grant, oldest first."""
    entries = (entry for entry in context.account.ledger.entries if entry.type == "subscription")
    return [entry.amount_microcents // money.MICROCENTS_PER_CREDIT for entry in entries]


def invoiced(context: Context) -> list[tuple[int, str]]:
    return [(invoice.amount_cents, invoice.status) for invoice in context.account.invoices]


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        ("2026-03-18T12:00:00+00:00", 1, "2026-04-18T12:00:00+00:00"),
        ("2026-01-31T08:30:00+00:00", 1, "2026-02-28T08:30:00+00:00"),
        ("2026-01-31T08:30:00+00:00", 2, "2026-03-31T08:30:00+00:00"),
        ("2028-01-31T00:00:00+00:00", 1, "2028-02-29T00:00:00+00:00"),
        ("2028-02-29T00:00:00+00:00", 12, "2029-02-28T00:00:00+00:00"),
        ("2026-12-31T23:59:59+00:00", 2, "2027-02-28T23:59:59+00:00"),
        ("2026-11-30T00:00:00+00:00", 0, "2026-11-30T00:00:00+00:00"),
        ("2026-11-15T00:00:00+00:00", 26, "2029-01-15T00:00:00+00:00"),
    ],
)
def test_months_keep_the_day_where_they_can(anchor: str, months: int, expected: str) -> None:
    """The same day some months later, or the last day of a shorter month."""
    assert add_months(datetime.fromisoformat(anchor), months) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("price_id", "slug"), [(STARTER, "starter"), (GROWTH, "growth"), (SCALE, "scale")]
)
def test_a_first_plan_starts_at_once(with_card: Context, price_id: str, slug: str) -> None:
    """Charged, invoiced and granted in full, from now on for a month."""
    plan = catalogue().plan(slug)
    started = subscription.change(with_card, price_id)
    assert started is current(with_card)
    assert (started.plan, started.status, started.period_start, started.period_end) == (
        slug,
        "active",
        NOON,
        END,
    )
    assert granted(with_card) == [plan.monthly_credits]
    assert invoiced(with_card) == [(plan.price_cents, "paid")]
    invoice = with_card.account.invoices[0]
    assert (invoice.period_start, invoice.period_end) == (NOON, END)
    assert with_card.account.ledger.deposited_cents == 0


def test_a_plan_needs_a_card(context: Context) -> None:
    """Without a card there is no plan."""
    with refused(context, NoUsableCard):
        subscription.change(context, STARTER)


def test_a_plan_needs_a_card_that_works(context: Context) -> None:
    """A declined first charge starts nothing."""
    payment_methods.add(context, DECLINED_LATER)
    with refused(context, CardDeclined):
        subscription.change(context, STARTER)


@pytest.mark.parametrize("price_id", ["price_nope", "", "price_credits_25"])
def test_only_a_plans_price_is_a_plan(with_card: Context, price_id: str) -> None:
    """change-plan takes the price of a plan; neither nonsense nor a credit pack."""
    with refused(with_card, UnknownPrice) as caught:
        subscription.change(with_card, price_id)
    assert STARTER in str(caught.value)


def test_an_upgrade_applies_at_once_prorated_by_the_second() -> None:
    """The difference of price and credits for what is left of the period; the period stays."""
    context = later(subscribed(), days=7)
    subscription.change(context, GROWTH)
    assert (current(context).plan, current(context).period_start, current(context).period_end) == (
        "growth",
        NOON,
        END,
    )
    assert invoiced(context)[-1] == ((9_900 - 2_900) * 24 // 31, "paid")
    assert granted(context)[-1] == (550_000 - 150_000) * 24 // 31


@pytest.mark.parametrize(
    ("seconds", "price"), [(0, 7_000), (1, 6_999), (31 * 86_400 - 1, 0), (31 * 43_200, 3_500)]
)
def test_proration_counts_seconds(seconds: int, price: int) -> None:
    """From the whole difference in the first moment to nothing in the last second."""
    context = later(subscribed(), seconds=seconds)
    subscription.change(context, GROWTH)
    assert invoiced(context)[-1] == (price, "paid")


def test_an_upgrade_is_renewed_at_its_own_price() -> None:
    """The next period is paid in full, on the same day as before."""
    context = later(subscribed(), days=7)
    subscription.change(context, SCALE)
    context = at(context, END)
    assert invoiced(context)[-1] == (29_900, "paid")
    assert granted(context)[-1] == 1_800_000


def test_an_upgrade_that_is_declined_changes_nothing() -> None:
    """No charge, no plan."""
    context = later(subscribed(), days=7)
    break_card(context)
    with refused(context, CardDeclined):
        subscription.change(context, GROWTH)


def test_a_downgrade_waits_for_the_periods_end() -> None:
    """Nothing is charged or granted now; at the period's end the smaller plan begins."""
    context = later(subscribed(GROWTH), days=7)
    subscription.change(context, STARTER)
    assert (current(context).plan, current(context).pending_plan) == ("growth", "starter")
    assert invoiced(context) == [(9_900, "paid")]
    before = at(context, END - MOMENT)
    assert current(before).plan == "growth"
    after = at(before, END)
    assert (current(after).plan, current(after).pending_plan) == ("starter", None)
    assert invoiced(after) == [(9_900, "paid"), (2_900, "paid")]
    assert granted(after) == [550_000, 150_000]


def test_asking_for_the_current_plan_takes_a_downgrade_back() -> None:
    """Until the period's end one may stay."""
    context = subscribed(GROWTH)
    subscription.change(context, STARTER)
    subscription.change(context, GROWTH)
    assert current(context).pending_plan is None
    assert current(at(context, END)).plan == "growth"


def test_asking_for_the_current_plan_changes_nothing() -> None:
    """It is there already: no charge, no entry, no word in the audit log."""
    context = subscribed(GROWTH)
    before = state(context)
    subscription.change(context, GROWTH)
    assert state(context) == before


def test_asking_twice_for_a_downgrade_is_asking_once() -> None:
    """Already scheduled: nothing changes."""
    context = subscribed(GROWTH)
    subscription.change(context, STARTER)
    before = state(context)
    subscription.change(context, STARTER)
    assert state(context) == before


def test_an_upgrade_takes_a_downgrade_back() -> None:
    """What was asked for last is what counts."""
    context = subscribed(GROWTH)
    subscription.change(context, STARTER)
    subscription.change(context, SCALE)
    assert (current(context).plan, current(context).pending_plan) == ("scale", None)
    assert current(at(context, END)).plan == "scale"


def test_the_free_plan_ends_the_subscription_at_the_periods_end() -> None:
    """Cancelled: paid until the end, then over, and never charged again."""
    context = subscribed()
    subscription.schedule(context, current(context), "free")
    assert current(at(context, END - MOMENT)).plan == "starter"
    context = at(context, END)
    assert context.account.subscription is None
    assert actions(context)[-1] == "subscription.ended"
    before = state(context)
    assert state(later(context, days=400)) == before


def test_after_the_end_a_plan_can_start_again() -> None:
    """A new plan is a new subscription with a day of its own."""
    context = subscribed()
    first = current(context).id
    subscription.schedule(context, current(context), "free")
    context = at(context, END + timedelta(days=5))
    subscription.change(context, GROWTH)
    assert (current(context).period_start, current(context).period) == (context.now, 1)
    assert current(context).id != first


def test_a_renewal_is_invoice_charge_and_a_new_period() -> None:
    """Renewal happens as the clock passes the period's end: not a moment before, and at that moment."""
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
    """All the work that falls due on the way is done, each at its own moment."""
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
    """The period begins unpaid: an open invoice, and no credits."""
    context = subscribed()
    break_card(context)
    context = at(context, END)
    unpaid = context.account.invoices[-1]
    assert (current(context).status, current(context).unpaid_invoice_id) == ("past_due", unpaid.id)
    assert (unpaid.amount_cents, unpaid.status, unpaid.paid_at) == (2_900, "open", None)
    assert granted(context) == [150_000]
    assert context.account.audit_log[-1].details["reason"] == "insufficient_funds"


def test_a_renewal_without_a_card_is_past_due_too() -> None:
    """A removed card cannot pay."""
    context = subscribed()
    payment_methods.remove(context, WORKING)
    context = at(context, END)
    assert current(context).status == "past_due"
    assert context.account.audit_log[-1].details["reason"] == "no_payment_method"


def test_a_renewal_with_an_expired_card_is_past_due_too() -> None:
    """An expired card cannot pay either."""
    context = subscribed()
    wallet = context.account.wallet
    wallet.cards = [payment_methods.expiring(card, NOON) for card in wallet.cards]
    context = at(context, END)
    assert context.account.audit_log[-1].details["reason"] == "expired_card"


@pytest.mark.parametrize(("days", "tries"), [(3, 0), (5, 1), (7, 2)])
def test_it_is_tried_again_after_3_5_and_7_days(days: int, tries: int) -> None:
    """A card that works by then pays the open invoice, and the period goes on as if nothing had been."""
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


def test_the_last_failed_try_ends_it() -> None:
    """Unpaid after 7 days: the invoice is void and the plan is over."""
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


def test_past_due_there_is_no_upgrade() -> None:
    """First the open invoice: the error says that it is tried again by itself."""
    context = subscribed()
    break_card(context)
    context = at(context, END)
    payment_methods.add(context, "pm_card_amex")
    payment_methods.set_default(context, "pm_card_amex")
    with refused(context, SubscriptionPastDue) as caught:
        subscription.change(context, GROWTH)
    assert "default card" in str(caught.value)


def test_a_plan_that_is_bought_while_past_due_settles_the_old_one() -> None:
    """An open invoice is paid or void in the end: when its subscription is replaced, nothing will ever collect it."""
    context = subscribed()
    break_card(context)
    context = at(context, END)
    session = checkout.open_price(context, GROWTH, "subscription", None, None)
    checkout.complete(context, session.id, "pm_card_amex")
    assert (current(context).plan, current(context).status) == ("growth", "active")
    assert invoiced(context) == [(2_900, "paid"), (2_900, "void"), (9_900, "paid")]


def test_a_plan_that_is_bought_is_renewed_by_the_card_that_paid() -> None:
    """As Stripe does: the card that paid for a plan on the checkout page pays for the months to come."""
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


def test_a_changed_plan_is_recent_activity() -> None:
    """Started, upgraded, renewed, ended: a customer can read it."""
    context = subscribed()
    subscription.change(context, GROWTH)
    context = at(context, END)
    subscription.schedule(context, current(context), "free")
    context = at(context, add_months(NOON, 2))
    told = [
        activity.description
        for activity in context.account.activities
        if activity.type == "subscription"
    ]
    assert told == [
        "Started the Starter plan",
        "Upgraded to the Growth plan",
        "Renewed the Growth plan",
        "At the period's end: the free plan",
        "The growth plan ended (at the period's end)",
    ]
    assert problems(context) == []


@pytest.mark.parametrize("days", [0, 1, 13, 30.9])
@pytest.mark.parametrize("price_id", [GROWTH, SCALE])
def test_what_an_upgrade_will_cost_is_what_it_costs(price_id: str, days: float) -> None:
    """The price shown before is the price charged, the credits shown are those granted, and looking changes nothing."""
    context = later(subscribed(), days=days)
    plan = next(plan for plan in catalogue().plans if plan.price_id == price_id)
    before = state(context)
    planned = subscription.preview(context, plan)
    assert state(context) == before
    subscription.change(context, price_id)
    assert (planned.kind, planned.takes_effect_at) == ("upgrade", context.now)
    assert (planned.amount_cents, planned.credits) == (
        invoiced(context)[-1][0],
        granted(context)[-1],
    )


@pytest.mark.parametrize(
    ("price_id", "expected"),
    [
        (STARTER, ("downgrade", 0, 0, END)),
        (GROWTH, ("keep", 0, 0, NOON)),
    ],
)
def test_what_costs_nothing_now_says_when_it_comes(
    price_id: str, expected: tuple[object, ...]
) -> None:
    """A cheaper plan begins with the next period; the plan that there is, at once."""
    plan = next(plan for plan in catalogue().plans if plan.price_id == price_id)
    planned = subscription.preview(subscribed(GROWTH), plan)
    assert (
        planned.kind,
        planned.amount_cents,
        planned.credits,
        planned.takes_effect_at,
    ) == expected


def test_without_a_plan_the_first_month_is_paid_at_once(with_card: Context) -> None:
    """In full, and with all its credits."""
    plan = catalogue().plan("starter")
    planned = subscription.preview(with_card, plan)
    assert (planned.kind, planned.amount_cents, planned.credits) == ("start", 2_900, 150_000)
    subscription.change(with_card, STARTER)
    assert (invoiced(with_card), granted(with_card)) == ([(2_900, "paid")], [150_000])


@pytest.mark.parametrize("price_id", [STARTER, SCALE])
def test_a_change_is_paid_by_a_card_that_asks_once_its_holder_has_passed(price_id: str) -> None:
    """Starting and upgrading: declined without 3-D Secure, and paid with it."""
    context = fresh() if price_id == STARTER else subscribed()
    asking = payment_methods.add(context, "pm_card_authenticationRequired")
    payment_methods.set_default(context, asking.id)
    with refused(context, CardDeclined) as caught:
        subscription.change(context, price_id)
    assert caught.value.code == "authentication_required"
    subscription.change(context, price_id, authenticated=True)
    assert current(context).plan == price_id.split("_")[1]
