"""Checkout sessions: opened by a deposit or a price, paid once."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from mockserver.billing import auto_recharge, checkout, payment_methods, promo
from mockserver.billing.account import AutoRechargeRequest, CheckoutSession, Subscription
from mockserver.billing.catalogue import TestCard
from mockserver.billing.context import Context
from mockserver.billing.errors import (
    CardDeclined,
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
    account,
    actions,
    catalogue,
    deposit,
    fresh,
    later,
    refused,
    state,
)

ADDRESSES = ("https://example.com/paid", "https://example.com/back")
RECHARGE = AutoRechargeRequest(threshold_microcents=1_000_000_000, amount_cents=3_000)


def open_pack(context: Context) -> CheckoutSession:
    return checkout.open_price(context, "price_credits_25", "payment", *ADDRESSES)


def open_plan(context: Context) -> CheckoutSession:
    return checkout.open_price(context, "price_starter_monthly", "subscription", *ADDRESSES)


def open_deposit(context: Context) -> CheckoutSession:
    return checkout.open_deposit(context, 5_000)


OPENERS = pytest.mark.parametrize("open_one", [open_deposit, open_pack, open_plan])


@OPENERS
def test_opening_a_session_costs_nothing(
    context: Context, open_one: Callable[[Context], CheckoutSession]
) -> None:
    """Nothing is charged or credited until it is paid."""
    session = open_one(context)
    assert re.fullmatch(r"cs_test_[A-Za-z0-9]{24}", session.id)
    assert session.status(NOON) == "open"
    account = context.account
    assert (account.ledger.balance, account.ledger.entries, account.invoices) == (0, [], [])
    assert account.subscription is None
    assert account.checkout_sessions == {session.id: session}


def test_a_deposit_costs_what_it_says(context: Context) -> None:
    """A deposit keeps the amount, the addresses and the promo code as the catalogue writes it."""
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
    """A code that cannot be used opens no session."""
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
    """Unknown price: 400, and the error names those that exist."""
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
    """A mode that does not fit the price is a 400 that says which one does."""
    with refused(context, WrongCheckoutMode) as caught:
        checkout.open_price(context, price_id, mode, *ADDRESSES)
    assert f"'{expected}'" in str(caught.value)


def test_paying_a_deposit_is_one_step(with_card: Context) -> None:
    """Ledger, bonus, invoice, audit log, activity and auto-recharge are all written at once."""
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
    """Auto-recharge that a deposit asked for takes effect when it is paid."""
    checkout.open_deposit(with_card, 5_000, auto_recharge=RECHARGE)
    assert not with_card.account.auto_recharge.enabled


def test_a_deposit_without_auto_recharge_leaves_the_settings(with_card: Context) -> None:
    """Only a deposit that asked for it touches auto-recharge."""
    auto_recharge.configure(with_card, enabled=True, threshold_microcents=7, amount_cents=9_900)
    deposit(with_card)
    assert (
        with_card.account.auto_recharge.enabled,
        with_card.account.auto_recharge.threshold_microcents,
    ) == (True, 7)


def test_auto_recharge_keeps_the_card_that_paid(context: Context) -> None:
    """A payer's card that is not on the account is saved, since recharges will need it."""
    deposit(context, auto_recharge=RECHARGE, card="pm_card_amex")
    assert [card.stripe_id for card in context.account.wallet.cards] == ["pm_card_amex"]
    assert context.account.auto_recharge.stripe_payment_method_id == "pm_card_amex"


def test_a_plain_deposit_keeps_no_card(context: Context) -> None:
    """Paying once is not a wish to be charged again."""
    deposit(context, card="pm_card_amex")
    assert context.account.wallet.cards == []


@OPENERS
def test_paying_twice_changes_nothing(
    context: Context, open_one: Callable[[Context], CheckoutSession]
) -> None:
    """Completing twice changes nothing and answers the same, whoever pays and however much later."""
    session = open_one(context)
    first = checkout.complete(context, session.id, WORKING)
    before = state(context)
    for again in (context, context.at(NOON + timedelta(days=3))):
        for card in (None, WORKING, DECLINED_LATER):
            assert checkout.complete(again, session.id, card) is first
    assert state(context) == before


def test_a_credit_pack_is_credited_like_a_deposit(with_card: Context) -> None:
    """A pack of the catalogue is balance that was bought: ledger, invoice, activity."""
    session = open_pack(with_card)
    checkout.complete(with_card, session.id)
    account = with_card.account
    assert (account.ledger.balance, account.ledger.deposited_cents) == (in_microcents(2_500), 2_500)
    assert account.ledger.entries[-1].reference_id == session.id
    assert [invoice.amount_cents for invoice in account.invoices] == [2_500]
    assert account.subscription is None


def test_a_paid_plan_starts_a_subscription(context: Context) -> None:
    """The plan starts when it is paid: credits, invoice, and the card is kept for renewals."""
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


@OPENERS
@pytest.mark.parametrize(
    "card", [card.id for card in catalogue().test_cards if card.declines_charge is not None]
)
def test_a_declining_card_leaves_everything_as_it_was(
    context: Context, open_one: Callable[[Context], CheckoutSession], card: str
) -> None:
    """A declining card leaves the session open and the ledger untouched."""
    session = open_one(context)
    with refused(context, CardDeclined) as caught:
        checkout.complete(context, session.id, card)
    known = catalogue().card(card)
    assert caught.value.code == (
        known.declines_charge if known.authentication == "never" else "authentication_required"
    )
    assert session.status(NOON) == "open"
    assert checkout.complete(context, session.id, WORKING).status(NOON) == "complete"


ASKING = [card for card in catalogue().test_cards if card.authentication != "never"]


@OPENERS
@pytest.mark.parametrize("card", ASKING, ids=lambda card: card.id)
def test_a_card_that_asks_for_authentication_pays_once_its_holder_has_passed(
    context: Context, open_one: Callable[[Context], CheckoutSession], card: TestCard
) -> None:
    """3-D Secure: declined before, and after it the card pays, or is declined for a reason of its own."""
    session = open_one(context)
    with refused(context, CardDeclined) as caught:
        checkout.complete(context, session.id, card.id)
    assert caught.value.code == "authentication_required"
    if card.declines_charge in (None, "authentication_required"):
        assert (
            checkout.complete(context, session.id, card.id, authenticated=True).status(NOON)
            == "complete"
        )
        return
    with refused(context, CardDeclined) as caught:
        checkout.complete(context, session.id, card.id, authenticated=True)
    assert caught.value.code == card.declines_charge


@pytest.mark.parametrize("card", ASKING, ids=lambda card: card.id)
def test_a_card_on_file_asks_again_only_if_it_always_asks(context: Context, card: TestCard) -> None:
    """One that asks on setup has asked when it was added."""
    payment_methods.add(context, card.id)
    session = open_deposit(context)
    if card.authentication == "once":
        assert checkout.complete(context, session.id, card.id).status(NOON) == "complete"
        return
    with refused(context, CardDeclined) as caught:
        checkout.complete(context, session.id, card.id)
    assert caught.value.code == "authentication_required"


def test_an_expired_card_does_not_ask(context: Context) -> None:
    """Its bank has nothing to authenticate."""
    payment_methods.add(context, "pm_card_authenticationRequired")
    context.account.wallet.cards = [
        payment_methods.expiring(card, NOON) for card in context.account.wallet.cards
    ]
    over = later(context, days=20)
    session = open_deposit(over)
    with refused(over, CardDeclined) as caught:
        checkout.complete(over, session.id)
    assert caught.value.code == "expired_card"


def test_authentication_helps_no_card_that_is_declined_anyway(context: Context) -> None:
    """Passing 3-D Secure is no money."""
    session = open_deposit(context)
    with refused(context, CardDeclined) as caught:
        checkout.complete(context, session.id, DECLINED_LATER, authenticated=True)
    assert caught.value.code == "generic_decline"


@pytest.mark.parametrize("kind", ["declines_attach", "expired"])
@pytest.mark.parametrize("opens", ["plan", "recharging deposit"])
def test_a_card_that_cannot_be_kept_leaves_everything_as_it_was(kind: str, opens: str) -> None:
    """A plan, or a deposit that asks for auto-recharge, keeps the payer's card; if it cannot, nothing has happened."""
    odd = TestCard("pm_card_odd", "visa", "0000", exp_month=1, exp_year=2020)
    if kind == "declines_attach":
        odd = TestCard("pm_card_odd", "visa", "0000", declines_attach="generic_decline")
    known = replace(catalogue(), test_cards=[*catalogue().test_cards, odd])
    context = Context(account("someone", NOON), known, NOON, "api_key")
    session = open_plan(context)
    if opens == "recharging deposit":
        session = checkout.open_deposit(context, 5_000, auto_recharge=RECHARGE)
    with refused(context, CardDeclined):
        checkout.complete(context, session.id, "pm_card_odd")


def test_an_expired_card_on_the_account_is_declined(with_card: Context) -> None:
    """The default card pays, and expired it does not."""
    card = with_card.account.wallet.cards[0]
    with_card.account.wallet.cards[0] = payment_methods.expiring(card, NOON - timedelta(days=40))
    session = open_deposit(with_card)
    with refused(with_card, CardDeclined) as caught:
        checkout.complete(with_card, session.id)
    assert caught.value.code == "expired_card"


def test_without_a_name_the_default_card_pays(context: Context) -> None:
    """A default card that fails is not passed over."""
    payment_methods.add(context, DECLINED_LATER)
    session = open_deposit(context)
    with refused(context, CardDeclined):
        checkout.complete(context, session.id)


def test_without_any_card_a_working_one_pays(context: Context) -> None:
    """Who pays on the page needs no card on the account."""
    session = open_deposit(context)
    checkout.complete(context, session.id)
    assert context.account.ledger.balance == in_microcents(5_000)


def test_a_declined_payment_is_remembered_until_it_is_paid(context: Context) -> None:
    """Declining by the control API: the session stays open, knows why, and nothing is credited."""
    session = open_deposit(context)
    checkout.decline(context, session.id, "insufficient_funds")
    assert (session.status(NOON), session.last_decline_code) == ("open", "insufficient_funds")
    assert context.account.ledger.entries == []
    checkout.complete(context, session.id)
    assert (session.status(NOON), session.last_decline_code) == ("complete", None)


def test_a_session_expires_after_24_hours(context: Context) -> None:
    """Open to the last millisecond of its day; then it can be neither paid nor declined."""
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
    """24 hours are 24 hours."""
    session = open_deposit(context)
    checkout.complete(later(context, hours=24, milliseconds=-1), session.id)
    assert context.account.ledger.balance == in_microcents(5_000)


def test_a_session_can_be_expired_by_hand(context: Context) -> None:
    """Once expired it stays so, and expiring it again changes nothing."""
    session = open_deposit(context)
    checkout.expire(context, session.id)
    assert session.status(NOON) == "expired"
    before = state(context)
    assert checkout.expire(context, session.id) is session
    assert state(context) == before
    with refused(context, SessionClosed):
        checkout.complete(context, session.id)


def test_expiring_what_ran_out_changes_nothing(context: Context) -> None:
    """A session that is 24 hours old is expired already."""
    session = open_deposit(context)
    over = later(context, days=2)
    before = state(over)
    assert checkout.expire(over, session.id) is session
    assert state(over) == before


def test_a_paid_session_stays_paid(context: Context) -> None:
    """It can be neither declined nor expired, and age does not change it."""
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
    """Unknown: 404, and nothing happens."""
    with refused(context, SessionNotFound):
        change(context)


def test_another_accounts_session_is_not_found(context: Context) -> None:
    """Nothing is shared between accounts."""
    session = open_deposit(context)
    other = fresh("other")
    with refused(other, SessionNotFound):
        checkout.complete(other, session.id)
    assert session.status(NOON) == "open"


def test_a_bonus_that_could_not_be_given_does_not_stop_the_deposit(context: Context) -> None:
    """A code that was used up meanwhile costs the bonus and nothing else."""
    session = checkout.open_deposit(context, 5_000, promo_code="BONUS5")
    promo.redeem(context, "BONUS5", 5_000, reference_id="elsewhere")
    before = context.account.ledger.balance
    checkout.complete(context, session.id)
    assert context.account.ledger.balance - before == in_microcents(5_000)


def test_a_plan_that_is_bought_replaces_the_one_there_was(context: Context) -> None:
    """There is one subscription at a time."""
    checkout.complete(context, open_plan(context).id)
    after = later(context, days=3)
    session = checkout.open_price(after, "price_growth_monthly", "subscription", *ADDRESSES)
    checkout.complete(after, session.id)
    current = after.account.subscription
    assert isinstance(current, Subscription)
    assert (current.plan, current.started_at, current.period) == ("growth", after.now, 1)


def test_portal_visits_are_kept(context: Context) -> None:
    """What was handed out can be found again, so that no address is dead."""
    portal = checkout.open_portal(context)
    assert context.account.portal_sessions == {portal.id: portal}
