"""Checkout sessions: opened by a deposit or a price, paid once."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from mockserver.billing import auto_recharge, checkout, promo
from mockserver.billing.account import AutoRechargeRequest, CheckoutSession, Subscription
from mockserver.billing.context import Context
from mockserver.billing.errors import (
    PromoCodeRefused,
    SessionClosed,
    SessionNotFound,
    UnknownPrice,
    WrongCheckoutMode,
)
from mockserver.billing.money import in_microcents

from .conftest import (
    DECLINED_LATER,
    NOON,
    WORKING,
    Change,
    actions,
    deposit,
    fresh,
    later,
    refused,
    state,
)
from .sessions import ADDRESSES, OPENERS, open_deposit, open_pack, open_plan

RECHARGE = AutoRechargeRequest(threshold_microcents=1_000_000_000, amount_cents=3_000)


@OPENERS
def test_opening_a_session_costs_nothing(
    context: Context, open_one: Callable[[Context], CheckoutSession]
) -> None:
    """Nothing is charged or credited until a session is paid."""
    session = open_one(context)
    assert re.fullmatch(r"cs_test_[A-Za-z0-9]{24}", session.id)
    assert session.status(NOON) == "open"
    account = context.account
    assert (account.ledger.balance, account.ledger.entries, account.invoices) == (0, [], [])
    assert account.subscription is None
    assert account.checkout_sessions == {session.id: session}


def test_a_session_keeps_what_the_deposit_asked_for(context: Context) -> None:
    """A session keeps the amount, the URLs and the promo code in the catalogue's spelling."""
    session = checkout.open_deposit(
        context, 7_700, success_url=ADDRESSES[0], cancel_url=ADDRESSES[1], promo_code=" welcome10 "
    )
    assert (session.amount_cents, session.price_id, session.promo_code) == (
        7_700,
        None,
        "WELCOME10",
    )
    assert (session.success_url, session.cancel_url) == ADDRESSES


def test_a_deposit_checks_its_promo_code_first(context: Context) -> None:
    """An unusable promo code opens no session."""
    with refused(context, PromoCodeRefused):
        checkout.open_deposit(context, 2_000, promo_code="BONUS5")


def test_a_price_says_what_it_costs(context: Context) -> None:
    """Plans and credit packs cost what the catalogue says."""
    assert open_pack(context).amount_cents == 2_500
    plan = open_plan(context)
    assert (plan.amount_cents, plan.description, plan.price_id) == (
        2_900,
        "Starter",
        "price_starter_monthly",
    )


def test_an_unknown_price_opens_nothing(context: Context) -> None:
    """An unknown price is a 400 that lists the known ones."""
    with refused(context, UnknownPrice) as caught:
        checkout.open_price(context, "price_nope", "payment", *ADDRESSES)
    for price_id in ("price_starter_monthly", "price_credits_100"):
        assert price_id in str(caught.value)


@pytest.mark.parametrize(
    ("price_id", "mode", "expected"),
    [
        ("price_starter_monthly", "payment", "subscription"),
        ("price_credits_25", "subscription", "payment"),
        ("price_credits_25", "setup", "payment"),
        ("price_credits_25", "", "payment"),
    ],
)
def test_another_mode_opens_nothing(
    context: Context, price_id: str, mode: str, expected: str
) -> None:
    """A mode that does not fit the price is a 400 that names the right one."""
    with refused(context, WrongCheckoutMode) as caught:
        checkout.open_price(context, price_id, mode, *ADDRESSES)
    assert f"'{expected}'" in str(caught.value)


def test_paying_a_deposit_is_one_step(with_card: Context) -> None:
    """Ledger, bonus, invoice, audit log, activity and auto-recharge are written together."""
    context = with_card
    session = checkout.open_deposit(context, 5_000, promo_code="WELCOME10", auto_recharge=RECHARGE)
    context = context.at(NOON + timedelta(minutes=5), "payer")
    assert checkout.complete(context, session.id) is session
    account = context.account
    assert (session.status(context.now), session.completed_at, session.bonus_cents) == (
        "complete",
        context.now,
        500,
    )
    assert [
        (entry.type, entry.amount_microcents, entry.reference_type)
        for entry in account.ledger.entries
    ] == [
        ("deposit", in_microcents(5_000), "deposit"),
        ("bonus", in_microcents(500), "promo"),
    ]
    assert [entry.reference_id for entry in account.ledger.entries] == [session.id, session.id]
    assert [
        (invoice.amount_cents, invoice.status, invoice.paid_at) for invoice in account.invoices
    ] == [(5_000, "paid", context.now)]
    assert {"deposit.completed", "promo_code.redeemed", "auto_recharge.updated"} <= set(
        actions(context)
    )
    assert [activity.type for activity in account.activities][-2:] == ["deposit", "bonus"]
    assert account.auto_recharge.enabled
    assert account.auto_recharge.threshold_microcents == RECHARGE.threshold_microcents
    assert account.auto_recharge.amount_cents == RECHARGE.amount_cents
    assert account.auto_recharge.stripe_payment_method_id == WORKING
    assert account.auto_recharge.consent.source == "deposit_flow"


def test_an_unpaid_deposit_switches_nothing_on(with_card: Context) -> None:
    """Auto-recharge requested with a deposit is enabled when the deposit is paid."""
    checkout.open_deposit(with_card, 5_000, auto_recharge=RECHARGE)
    assert not with_card.account.auto_recharge.enabled


def test_a_deposit_without_auto_recharge_leaves_the_settings(with_card: Context) -> None:
    """Only a deposit that requests auto-recharge changes its settings."""
    auto_recharge.configure(with_card, enabled=True, threshold_microcents=7, amount_cents=9_900)
    deposit(with_card)
    assert (
        with_card.account.auto_recharge.enabled,
        with_card.account.auto_recharge.threshold_microcents,
    ) == (True, 7)


@OPENERS
def test_paying_twice_changes_nothing(
    context: Context, open_one: Callable[[Context], CheckoutSession]
) -> None:
    """Completing twice changes nothing, whoever pays and however much later."""
    session = open_one(context)
    first = checkout.complete(context, session.id, WORKING)
    before = state(context)
    for again in (context, context.at(NOON + timedelta(days=3))):
        for card in (None, WORKING, DECLINED_LATER):
            assert checkout.complete(again, session.id, card) is first
    assert state(context) == before


def test_a_credit_pack_is_credited_like_a_deposit(with_card: Context) -> None:
    """A paid pack is in ledger, invoices and activity, like a deposit."""
    session = open_pack(with_card)
    checkout.complete(with_card, session.id)
    account = with_card.account
    assert (account.ledger.balance, account.ledger.deposited_cents) == (in_microcents(2_500), 2_500)
    assert account.ledger.entries[-1].reference_id == session.id
    assert [invoice.amount_cents for invoice in account.invoices] == [2_500]
    assert account.subscription is None


def test_a_paid_plan_starts_a_subscription(context: Context) -> None:
    """A paid plan starts with credits and an invoice, and its card is kept for renewals."""
    session = open_plan(context)
    checkout.complete(context, session.id, "pm_card_mastercard")
    account = context.account
    assert account.subscription is not None
    assert (account.subscription.plan, account.subscription.status) == ("starter", "active")
    assert account.ledger.balance == 150_000 * 20_000
    assert account.ledger.deposited_cents == 0
    assert [invoice.amount_cents for invoice in account.invoices] == [2_900]
    assert [card.stripe_id for card in account.wallet.cards] == ["pm_card_mastercard"]
    assert {"checkout.completed", "subscription.started"} <= set(actions(context))


def test_a_declined_payment_is_remembered_until_it_is_paid(context: Context) -> None:
    """A decline by the control API is recorded, credits nothing and leaves the session open."""
    session = open_deposit(context)
    checkout.decline(context, session.id, "insufficient_funds")
    assert (session.status(NOON), session.last_decline_code) == ("open", "insufficient_funds")
    assert context.account.ledger.entries == []
    checkout.complete(context, session.id)
    assert (session.status(NOON), session.last_decline_code) == ("complete", None)


def test_a_session_expires_after_24_hours(context: Context) -> None:
    """A session is open for 24 hours; then it can be neither paid nor declined."""
    session = open_deposit(context)
    end = NOON + timedelta(hours=24)
    assert session.status(end - timedelta(milliseconds=1)) == "open"
    assert session.status(end) == "expired"
    over = later(context, hours=24)
    with refused(over, SessionClosed) as caught:
        checkout.complete(over, session.id)
    assert "expired" in str(caught.value)
    with refused(over, SessionClosed):
        checkout.decline(over, session.id, "card_declined")


def test_a_session_can_be_paid_in_its_last_moment(context: Context) -> None:
    """A session can be paid until the last moment of its 24 hours."""
    session = open_deposit(context)
    checkout.complete(later(context, hours=24, milliseconds=-1), session.id)
    assert context.account.ledger.balance == in_microcents(5_000)


def test_a_session_can_be_expired_by_hand(context: Context) -> None:
    """An expired session stays expired, and expiring it again changes nothing."""
    session = open_deposit(context)
    checkout.expire(context, session.id)
    assert session.status(NOON) == "expired"
    before = state(context)
    assert checkout.expire(context, session.id) is session
    assert state(context) == before
    with refused(context, SessionClosed):
        checkout.complete(context, session.id)


def test_expiring_what_ran_out_changes_nothing(context: Context) -> None:
    """Expiring a session that is 24 hours old changes nothing."""
    session = open_deposit(context)
    over = later(context, days=2)
    before = state(over)
    assert checkout.expire(over, session.id) is session
    assert state(over) == before


def test_a_paid_session_stays_paid(context: Context) -> None:
    """A paid session can be neither declined nor expired, whatever its age."""
    session = deposit(context)
    with refused(context, SessionClosed) as caught:
        checkout.expire(context, session.id)
    assert "complete" in str(caught.value)
    with refused(context, SessionClosed):
        checkout.decline(context, session.id, "card_declined")
    assert session.status(NOON + timedelta(days=400)) == "complete"


@pytest.mark.parametrize(
    "change",
    [
        lambda context: checkout.complete(context, "cs_test_nope"),
        lambda context: checkout.decline(context, "cs_test_nope", "card_declined"),
        lambda context: checkout.expire(context, "cs_test_nope"),
        lambda context: checkout.get(context, "cs_test_nope"),
    ],
    ids=["complete", "decline", "expire", "get"],
)
def test_an_unknown_session_is_not_found(context: Context, change: Change) -> None:
    """An unknown session is a 404 and changes nothing."""
    with refused(context, SessionNotFound):
        change(context)


def test_another_accounts_session_is_not_found(context: Context) -> None:
    """A session of another account is not found."""
    session = open_deposit(context)
    other = fresh("other")
    with refused(other, SessionNotFound):
        checkout.complete(other, session.id)
    assert session.status(NOON) == "open"


def test_a_bonus_that_could_not_be_given_does_not_stop_the_deposit(context: Context) -> None:
    """If the promo code was used meanwhile, the deposit is credited without a bonus."""
    session = checkout.open_deposit(context, 5_000, promo_code="BONUS5")
    promo.redeem(context, "BONUS5", 5_000, reference_id="elsewhere")
    before = context.account.ledger.balance
    checkout.complete(context, session.id)
    assert context.account.ledger.balance - before == in_microcents(5_000)


def test_a_plan_that_is_bought_replaces_the_one_there_was(context: Context) -> None:
    """A bought plan replaces the current subscription."""
    checkout.complete(context, open_plan(context).id)
    after = later(context, days=3)
    session = checkout.open_price(after, "price_growth_monthly", "subscription", *ADDRESSES)
    checkout.complete(after, session.id)
    current = after.account.subscription
    assert isinstance(current, Subscription)
    assert (current.plan, current.started_at, current.period) == ("growth", after.now, 1)


def test_portal_sessions_are_kept(context: Context) -> None:
    """A portal session can be found by the id that was handed out."""
    portal = checkout.open_portal(context)
    assert context.account.portal_sessions == {portal.id: portal}
