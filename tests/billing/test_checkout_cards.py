"""The card that pays a checkout session: named, default, authenticated, declined, saved."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from mockserver.billing import checkout, payment_methods
from mockserver.billing.account import AutoRechargeRequest, CheckoutSession
from mockserver.billing.catalogue import TestCard
from mockserver.billing.context import Context
from mockserver.billing.errors import CardDeclined
from mockserver.billing.money import in_microcents

from .conftest import DECLINED_LATER, NOON, WORKING, account, catalogue, deposit, later, refused
from .sessions import OPENERS, open_deposit, open_plan

RECHARGE = AutoRechargeRequest(threshold_microcents=1_000_000_000, amount_cents=3_000)


def test_auto_recharge_keeps_the_card_that_paid(context: Context) -> None:
    """The payer's card is saved if the deposit enables auto-recharge."""
    deposit(context, auto_recharge=RECHARGE, card="pm_card_amex")
    assert [card.stripe_id for card in context.account.wallet.cards] == ["pm_card_amex"]
    assert context.account.auto_recharge.stripe_payment_method_id == "pm_card_amex"


def test_a_plain_deposit_keeps_no_card(context: Context) -> None:
    """A deposit alone does not save the payer's card."""
    deposit(context, card="pm_card_amex")
    assert context.account.wallet.cards == []


@OPENERS
@pytest.mark.parametrize(
    "card", [card.id for card in catalogue().test_cards if card.declines_charge is not None]
)
def test_a_declining_card_leaves_everything_as_it_was(
    context: Context, open_one: Callable[[Context], CheckoutSession], card: str
) -> None:
    """A declined payment leaves the session open and the ledger unchanged."""
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
    """Without 3-D Secure the card is declined; with it, it pays or fails for another reason."""
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
    """A saved card that requires authentication once does not require it again."""
    payment_methods.add(context, card.id)
    session = open_deposit(context)
    if card.authentication == "once":
        assert checkout.complete(context, session.id, card.id).status(NOON) == "complete"
        return
    with refused(context, CardDeclined) as caught:
        checkout.complete(context, session.id, card.id)
    assert caught.value.code == "authentication_required"


def test_an_expired_card_does_not_ask(context: Context) -> None:
    """An expired card is declined as expired, without authentication."""
    payment_methods.add(context, "pm_card_authenticationRequired")
    context.account.wallet.cards = [
        payment_methods.expiring(card, NOON) for card in context.account.wallet.cards
    ]
    over = later(context, days=20)
    session = open_deposit(over)
    with refused(over, CardDeclined) as caught:
        checkout.complete(over, session.id)
    assert caught.value.code == "expired_card"


def test_authentication_does_not_prevent_other_declines(context: Context) -> None:
    """Authentication does not prevent a decline for another reason."""
    session = open_deposit(context)
    with refused(context, CardDeclined) as caught:
        checkout.complete(context, session.id, DECLINED_LATER, authenticated=True)
    assert caught.value.code == "generic_decline"


@pytest.mark.parametrize("kind", ["declines_attach", "expired"])
@pytest.mark.parametrize("opens", ["plan", "recharging deposit"])
def test_a_card_that_cannot_be_kept_leaves_everything_as_it_was(kind: str, opens: str) -> None:
    """If the payer's card has to be saved and cannot be, nothing changes."""
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
    """An expired default card is declined."""
    card = with_card.account.wallet.cards[0]
    with_card.account.wallet.cards[0] = payment_methods.expiring(card, NOON - timedelta(days=40))
    session = open_deposit(with_card)
    with refused(with_card, CardDeclined) as caught:
        checkout.complete(with_card, session.id)
    assert caught.value.code == "expired_card"


def test_without_a_name_the_default_card_pays(context: Context) -> None:
    """Without a named card the default card pays, even if it is declined."""
    payment_methods.add(context, DECLINED_LATER)
    session = open_deposit(context)
    with refused(context, CardDeclined):
        checkout.complete(context, session.id)


def test_without_any_card_a_working_one_pays(context: Context) -> None:
    """An account without a card pays with a card that always works."""
    session = open_deposit(context)
    checkout.complete(context, session.id)
    assert context.account.ledger.balance == in_microcents(5_000)
