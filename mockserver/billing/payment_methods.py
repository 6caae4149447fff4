"""Cards: added by their Stripe id, one of them the default (assumed; test ids behave as Stripe publishes it)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mockserver.billing.account import Card
from mockserver.billing.context import Context
from mockserver.billing.errors import CardAlreadyAdded, CardDeclined, CardInUse, NoUsableCard

AUTHENTICATION_REQUIRED = "authentication_required"
"""Stripe's decline code where the payer has to pass 3-D Secure, and is not there or has not yet."""


def make_card(context: Context, stripe_id: str, id: str | None = None) -> Card:
    """The card that a Stripe id stands for, not added to anything yet; with a new id, unless one is given."""
    known = context.catalogue.card(stripe_id)
    return Card(
        id=context.account.ids.uuid() if id is None else id,
        stripe_id=stripe_id,
        brand=known.brand,
        last4=known.last4,
        exp_month=known.exp_month or 12,
        exp_year=known.exp_year or context.now.year + 3,
        created_at=context.now,
        declines_charge=known.declines_charge,
    )


def add(context: Context, stripe_id: str, *, authenticated: bool = True) -> Card:
    """Add a card; the first one becomes the default. Raises CardAlreadyAdded, CardDeclined.

    Whoever sends a payment method id has set the card up in a browser, authentication included; a page that is that
    browser says whether the payer has passed.
    """
    wallet = context.account.wallet
    if wallet.find(stripe_id) is not None:
        raise CardAlreadyAdded(stripe_id)
    must_be_savable(context, stripe_id)
    if not authenticated and context.catalogue.card(stripe_id).authentication != "never":
        raise CardDeclined(AUTHENTICATION_REQUIRED)
    card = make_card(context, stripe_id)
    wallet.cards.append(card)
    if wallet.default_id is None:
        wallet.default_id = card.id
    context.audit(
        "payment_method.added", payment_method_id=card.id, brand=card.brand, last4=card.last4
    )
    context.tell("payment_method_added", f"Added {card.label}")
    return card


def must_be_savable(context: Context, stripe_id: str) -> None:
    """Raise CardDeclined, if the card's bank would not let it be added."""
    refusal = context.catalogue.card(stripe_id).declines_attach
    if refusal is not None:
        raise CardDeclined(refusal)


def remove(context: Context, name: str) -> Card:
    """Remove a card; a removed default hands over to the oldest left. Raises CardNotFound, CardInUse."""
    account = context.account
    card = account.wallet.get(name)
    if (
        account.auto_recharge.enabled
        and account.auto_recharge.stripe_payment_method_id == card.stripe_id
    ):
        raise CardInUse(card.stripe_id)
    if account.auto_recharge.stripe_payment_method_id == card.stripe_id:
        account.auto_recharge.stripe_payment_method_id = None
    account.wallet.cards.remove(card)
    if account.wallet.default_id == card.id:
        account.wallet.default_id = account.wallet.cards[0].id if account.wallet.cards else None
    context.audit(
        "payment_method.removed", payment_method_id=card.id, brand=card.brand, last4=card.last4
    )
    context.tell("payment_method_removed", f"Removed {card.label}")
    return card


def set_default(context: Context, name: str) -> Card:
    """Make a card the default; the one that is changes nothing. Raises CardNotFound."""
    wallet = context.account.wallet
    card = wallet.get(name)
    if wallet.default_id != card.id:
        wallet.default_id = card.id
        context.audit("payment_method.default_set", payment_method_id=card.id)
    return card


def expiring(card: Card, moment: datetime) -> Card:
    """The same card, valid to the end of another month."""
    return replace(card, exp_month=moment.month, exp_year=moment.year)


def declining(card: Card, code: str) -> Card:
    """The same card, whose charges are declined from now on."""
    return replace(card, declines_charge=code)


def charge(card: Card | None, now: datetime, *, authenticated: bool = False) -> Card:
    """Charge a card: the card that paid. Raises NoUsableCard, CardDeclined."""
    if card is None:
        raise NoUsableCard()
    refusal = card.decline_code(now)
    if refusal is not None and not (authenticated and refusal == AUTHENTICATION_REQUIRED):
        raise CardDeclined(refusal)
    return card


def charge_present(context: Context, card: Card | None, *, authenticated: bool) -> Card:
    """Charge a card while its holder is there, who may have to pass 3-D Secure. Raises NoUsableCard, CardDeclined."""
    asks = (
        card is not None
        and context.now < card.expires_at
        and _asks_for_authentication(context, card)
    )
    if asks and not authenticated:
        raise CardDeclined(AUTHENTICATION_REQUIRED)
    return charge(card, context.now, authenticated=authenticated)


def _asks_for_authentication(context: Context, card: Card) -> bool:
    """Whether the holder has to pass now; for some cards, having been saved is enough."""
    kind = context.catalogue.card(card.stripe_id).authentication
    return kind == "always" or (
        kind == "once" and context.account.wallet.find(card.stripe_id) is None
    )
