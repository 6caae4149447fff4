"""Cards: added by their Stripe id; one of them is the default.

The rules are assumed. The behaviour of the test card ids is the one that Stripe publishes.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from mockserver.billing.account import Card
from mockserver.billing.context import Context
from mockserver.billing.errors import CardAlreadyAdded, CardDeclined, CardInUse, NoUsableCard

AUTHENTICATION_REQUIRED = "authentication_required"
"""Stripe's decline code for a payment that needs 3-D Secure and was not authenticated."""


def make_card(context: Context, stripe_id: str, id: str | None = None) -> Card:
    """Create the card that a Stripe id stands for, without adding it to the account.

    Without an ``id``, a new one is taken from the account.
    """
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
    """Add a card; the first card becomes the default.

    A client that sends a payment method id has already set up and authenticated the card in a
    browser. A hosted page passes whether its payer is ``authenticated``.
    Raise CardAlreadyAdded or CardDeclined.
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
    context.record_activity("payment_method_added", f"Added {card.label}")
    return card


def must_be_savable(context: Context, stripe_id: str) -> None:
    """Raise CardDeclined if the bank refuses to let the card be saved."""
    refusal = context.catalogue.card(stripe_id).declines_attach
    if refusal is not None:
        raise CardDeclined(refusal)


def remove(context: Context, name: str) -> Card:
    """Remove a card. If it was the default, the oldest remaining card becomes the default.

    Raise CardNotFound, or CardInUse if an enabled auto-recharge names the card.
    """
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
    context.record_activity("payment_method_removed", f"Removed {card.label}")
    return card


def set_default(context: Context, name: str) -> Card:
    """Make a card the default, unless it already is. Raise CardNotFound."""
    wallet = context.account.wallet
    card = wallet.get(name)
    if wallet.default_id != card.id:
        wallet.default_id = card.id
        context.audit("payment_method.default_set", payment_method_id=card.id)
    return card


def expiring(card: Card, moment: datetime) -> Card:
    """Return a copy of the card that expires at the end of the month of ``moment``."""
    return replace(card, exp_month=moment.month, exp_year=moment.year)


def declining(card: Card, code: str) -> Card:
    """Return a copy of the card whose charges are declined."""
    return replace(card, declines_charge=code)


def charge(card: Card | None, now: datetime, *, authenticated: bool = False) -> Card:
    """Charge a card and return it. Raise NoUsableCard if there is none, or CardDeclined."""
    if card is None:
        raise NoUsableCard()
    refusal = card.decline_code(now)
    if refusal is not None and not (authenticated and refusal == AUTHENTICATION_REQUIRED):
        raise CardDeclined(refusal)
    return card


def charge_present(context: Context, card: Card | None, *, authenticated: bool) -> Card:
    """Charge a card while its holder is present and may have to pass 3-D Secure.

    Raise NoUsableCard or CardDeclined.
    """
    required = (
        card is not None
        and context.now < card.expires_at
        and _requires_authentication(context, card)
    )
    if required and not authenticated:
        raise CardDeclined(AUTHENTICATION_REQUIRED)
    return charge(card, context.now, authenticated=authenticated)


def _requires_authentication(context: Context, card: Card) -> bool:
    """Return whether the holder must authenticate; for some cards, not once they are saved."""
    kind = context.catalogue.card(card.stripe_id).authentication
    return kind == "always" or (
        kind == "once" and context.account.wallet.find(card.stripe_id) is None
    )
