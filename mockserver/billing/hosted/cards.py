"""The cards that a page offers, and those that people type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from mockserver.billing.account import Card
from mockserver.billing.card_details import card_of
from mockserver.billing.catalogue import Catalogue, TestCard
from mockserver.billing.context import Context
from mockserver.billing.errors import CardDetailsRefused
from mockserver.billing.payment_methods import AUTHENTICATION_REQUIRED

_BRANDS = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "American Express",
    "discover": "Discover",
    "diners": "Diners Club",
    "jcb": "JCB",
    "unionpay": "UnionPay",
}
_ID = re.compile(r"pm_\w{1,250}", re.ASCII)
_EXPIRY = re.compile(r"([0-9]{1,2})\s*[/-]\s*([0-9]{2}|[0-9]{4})", re.ASCII)
_ASKS = "Asks for authentication (3-D Secure)"
LIVE_CARD = "test_mode_live_card"
"""Stripe's decline code where a card that is no test card is used in test mode."""
_OF_A_NUMBER = {
    "incorrect_number": "This is no card number. Check its digits.",
    LIVE_CARD: (
        f"The card was declined ({LIVE_CARD}) and has not been kept: it is no test card. "
        "The numbers that work are listed under 'Test card numbers' below."
    ),
}
"""Why a typed number cannot be used, by Stripe's code."""


class CardRefused(Exception):
    """A card that was typed, and why it cannot be used; what was typed is never repeated."""

    def __init__(self, field: str, reason: str, code: str | None = None) -> None:
        super().__init__(reason)
        self.field = field
        self.code = code
        self.status = 402 if code else 400


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of a list of cards."""

    value: str
    """Its id, or its number."""
    label: str


@dataclass(frozen=True, slots=True)
class Group:
    """Cards that behave alike."""

    label: str
    choices: list[Choice]


def name(brand: str, last4: str) -> str:
    """A card as people know it: ``Visa •••• 4242``."""
    return f"{_BRANDS.get(brand, brand)} •••• {last4}"


def named(context: Context, card: str | None) -> str:
    """The name of the card that pays: one of the account, a test card, or the default."""
    wallet = context.account.wallet
    found = wallet.find(card) if card else wallet.default
    known = found or context.catalogue.card(card or "pm_card_visa")
    return name(known.brand, known.last4)


def on_file(context: Context) -> Group:
    """The account's own cards, the default first."""
    wallet = context.account.wallet
    own = sorted(wallet.cards, key=lambda card: card.id != wallet.default_id)
    return Group(
        "On file",
        [Choice(card.stripe_id, _label(card, context, wallet.default_id)) for card in own],
    )


def to_pay_with(context: Context) -> list[Group]:
    """Every card that can be chosen to pay, those that the account has first."""
    return [on_file(context), *_chosen_by(lambda card: card.id, _others(context), _at_payment)]


def to_add(context: Context) -> list[Group]:
    """Every test card that can be added to the account, and those that are refused."""
    return _chosen_by(lambda card: card.id, _others(context), _at_setup)


def numbers_to_pay_with(catalogue: Catalogue) -> list[Group]:
    """Every number that can be typed to pay."""
    return _chosen_by(lambda card: card.number, catalogue.test_cards, _at_payment)


def numbers_to_add(catalogue: Catalogue) -> list[Group]:
    """Every number that can be typed to add a card."""
    return _chosen_by(lambda card: card.number, catalogue.test_cards, _at_setup)


def is_id(value: str) -> bool:
    """Whether a text can be a payment method's id."""
    return _ID.fullmatch(value) is not None


def chosen(fields: dict[str, str], catalogue: Catalogue, now: datetime) -> str | None:
    """The id of the card that a form names, or that was typed into it; None if there is none. Raises CardRefused."""
    if "typed" in fields or "number" in fields:
        return typed(fields, catalogue, now).id
    card = fields.get("card")
    if card is not None and not is_id(card):
        raise CardRefused("card", "That is no card. Choose one of the list.")
    return card


def typed(fields: dict[str, str], catalogue: Catalogue, now: datetime) -> TestCard:
    """The test card that somebody typed. Raises CardRefused."""
    number = re.sub(r"[\s-]", "", fields.get("number", ""))
    if not number:
        raise CardRefused("number", "Type a card number.")
    try:
        card = card_of(number, catalogue)
    except CardDetailsRefused as refused:
        raise CardRefused("number", _OF_A_NUMBER[refused.code], refused.code) from None
    _check_expiry(fields.get("expiry", ""), now)
    length = 4 if card.brand == "amex" else 3
    if not re.fullmatch(rf"[0-9]{{{length}}}", fields.get("cvc", ""), re.ASCII):
        raise CardRefused(
            "cvc", f"The security code of this card has {length} digits; any will do."
        )
    return card


def _check_expiry(text: str, now: datetime) -> None:
    found = _EXPIRY.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= 12:
        raise CardRefused("expiry", "Type the expiry date as month and year, such as 12/34.")
    month, year = int(found[1]), int(found[2])
    if len(found[2]) == 2:
        year += now.year // 100 * 100
    if (year, month) < (now.year, now.month):
        raise CardRefused(
            "expiry", "This expiry date is in the past. Type a future one, such as 12/34."
        )


def _label(card: Card, context: Context, default_id: str | None) -> str:
    parts = [name(card.brand, card.last4), f"{card.exp_month:02d}/{card.exp_year % 100:02d}"]
    if card.id == default_id:
        parts.append("default")
    problem = card.decline_code(context.now)
    if (
        problem == AUTHENTICATION_REQUIRED
        or context.catalogue.card(card.stripe_id).authentication == "always"
    ):
        parts.append("asks for authentication")
    elif problem is not None:
        parts.append(f"declined: {problem}")
    return ", ".join(parts)


def _others(context: Context) -> Iterator[TestCard]:
    """The test cards, but for those that the account has and those that are others by another name."""
    taken = {card.stripe_id for card in context.account.wallet.cards}
    seen = set()
    for card in context.catalogue.test_cards:
        alike = (
            card.brand,
            card.last4,
            card.declines_attach,
            card.declines_charge,
            card.authentication,
        )
        if alike not in seen and card.id not in taken:
            yield card
        seen.add(alike)


def _at_payment(card: TestCard) -> tuple[str, str]:
    """Among which a card belongs when it pays, and what is to be known of it."""
    code = card.declines_charge
    if card.authentication != "never":
        notes = ["only once"] if card.authentication == "once" else []
        if code not in (None, AUTHENTICATION_REQUIRED):
            notes.append(f"then declined: {code}")
        return _ASKS, ", ".join(notes)
    return ("Pays", "") if code is None else ("Declined", f"declined: {code}")


def _at_setup(card: TestCard) -> tuple[str, str]:
    """Among which a card belongs when it is added, and what is to be known of it."""
    if card.declines_attach is not None:
        return "Refused", f"refused: {card.declines_attach}"
    note = f"charges are declined: {card.declines_charge}" if card.declines_charge else ""
    return ("Is added" if card.authentication == "never" else _ASKS), note


def _chosen_by(
    value: Callable[[TestCard], str | None],
    cards: Iterable[TestCard],
    behaviour: Callable[[TestCard], tuple[str, str]],
) -> list[Group]:
    """Cards in groups that behave alike: those that work first, those that do not last."""
    groups: dict[str, list[Choice]] = {
        "Pays": [],
        "Is added": [],
        _ASKS: [],
        "Declined": [],
        "Refused": [],
    }
    for card in cards:
        group, note = behaviour(card)
        chosen = value(card)
        if chosen is not None:
            label = ", ".join(part for part in (name(card.brand, card.last4), note) if part)
            groups[group].append(Choice(chosen, label))
    return [Group(label, choices) for label, choices in groups.items() if choices]
