"""The cards that a page offers, and cards that are typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Hashable, Iterable, Iterator
from datetime import datetime
from functools import cached_property

from markupsafe import Markup
from msgspec import Struct

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
_EXPIRY = re.compile(r"(?:([0-9]{1,2})\s*[/-]\s*|([0-9]{2})\s?)([0-9]{2}|[0-9]{4})", re.ASCII)
"""Month and year; both have all their digits if nothing separates them."""
NAMES = {"number": "cardNumber", "expiry": "cardExpiry", "cvc": "cardCvc"}
"""The names of a typed card's inputs, which are those of Stripe's own page, by field."""
CONTACT = ("email", "billingName", "billingCountry", "billingPostalCode")
"""The other inputs of Stripe's page. They are shown again after an error, and not stored."""
_SAMPLES = {
    "pm_card_visa": "Visa",
    "pm_card_mastercard": "Mastercard",
    "pm_card_authenticationRequired": "3-D Secure",
    "pm_card_chargeDeclined": "Declined",
    "pm_card_chargeDeclinedInsufficientFunds": "No funds",
}
"""The test cards that a page offers to fill in, if the catalogue has them."""
_YEARS_OF_A_SAMPLE = 8
_ASKS = "Asks for authentication (3-D Secure)"
_OPTIONS = Markup('<optgroup label="{}">\n{}\n</optgroup>\n')
_OPTION = Markup('<option value="{}">{}</option>')
_LIST = Markup("<h3>{}</h3>\n<ul>\n{}\n</ul>\n")
_LIST_ITEM = Markup("<li><code>{}</code> {}</li>")
_MAX_KEPT = 100
"""Lists of test cards that are kept, one for each set of cards that accounts have."""
Behaviour = Callable[[TestCard], tuple[str, str]]
"""Returns the group of a card, and a note."""
LIVE_CARD = "test_mode_live_card"
"""Stripe's decline code for a card that is not a test card."""
_NUMBER_PROBLEMS = {
    "incorrect_number": "This is not a card number. Check its digits.",
    LIVE_CARD: (
        f"The card was declined ({LIVE_CARD}) and not stored: it is not a test card. "
        "Use a number listed under 'Test card numbers'."
    ),
}
"""Why a typed number is refused, by Stripe's code."""


class CardRefused(Exception):
    """A chosen or typed card that cannot be used. The message never contains what was typed."""

    def __init__(self, field: str, reason: str, code: str | None = None) -> None:
        super().__init__(reason)
        self.field = field
        self.code = code
        self.status = 402 if code else 400


class Choice(Struct, frozen=True):
    """One card of a list."""

    value: str
    """The id or the number of the card."""
    label: str


class Sample(Struct, frozen=True):
    """A test card that a page offers to fill in."""

    id: str
    label: str
    brand: str


class Group(Struct, frozen=True):
    """Cards with the same behaviour."""

    label: str
    choices: list[Choice]


class Selection(Struct, frozen=True, dict=True, eq=False):
    """All groups of cards that a page offers, as HTML that is made once."""

    groups: list[Group]

    @cached_property
    def options(self) -> Markup:
        """The options of a list to choose from."""
        return self._markup(_OPTIONS, _OPTION)

    @cached_property
    def lists(self) -> Markup:
        """Lists to read."""
        return self._markup(_LIST, _LIST_ITEM)

    def _markup(self, group: Markup, line: Markup) -> Markup:
        return Markup().join(
            group.format(
                offered.label,
                Markup("\n").join(line.format(card.value, card.label) for card in offered.choices),
            )
            for offered in self.groups
            if offered.choices
        )


def name(brand: str, last4: str) -> str:
    """Return the display name of a card, such as ``Visa •••• 4242``."""
    return f"{_BRANDS.get(brand, brand)} •••• {last4}"


def paying_card(context: Context, card: str | None) -> str:
    """Return the name of the card that pays: the given one, or the default."""
    wallet = context.account.wallet
    found = wallet.find(card) if card else wallet.default
    known = found or context.catalogue.card(card or "pm_card_visa")
    return name(known.brand, known.last4)


def to_pay_with(context: Context) -> Selection:
    """Return every card that can be chosen to pay, the account's own first."""
    wallet = context.account.wallet
    own = sorted(wallet.cards, key=lambda card: card.id != wallet.default_id)
    choices = [Choice(card.stripe_id, _label(card, context, wallet.default_id)) for card in own]
    return _test_cards(context, _at_payment, Group("On file", choices))


def to_add(context: Context) -> Selection:
    """Return the test cards that are not on the account, refused ones included."""
    return _test_cards(context, _at_setup)


def numbers_to_pay_with(catalogue: Catalogue) -> Selection:
    """Return every number that can be typed to pay."""
    return _numbers(catalogue, _at_payment)


def numbers_to_add(catalogue: Catalogue) -> Selection:
    """Return every number that can be typed to add a card."""
    return _numbers(catalogue, _at_setup)


def is_id(value: str) -> bool:
    """Return whether a text has the form of a payment method's id."""
    return _ID.fullmatch(value) is not None


def chosen(fields: dict[str, str], catalogue: Catalogue, now: datetime) -> str | None:
    """Return the id of the card that was chosen or typed in a form; None if the form has none.

    Raise CardRefused if the card cannot be used.
    """
    if _is_typed(fields):
        return typed(fields, catalogue, now).id
    card = fields.get("card")
    if card is not None and not is_id(card):
        raise CardRefused("card", "This is not a card. Choose one from the list.")
    return card


def typed(fields: dict[str, str], catalogue: Catalogue, now: datetime) -> TestCard:
    """Return the test card that was typed. Raise CardRefused if the details are unusable."""
    number = _number(fields)
    if not number:
        raise CardRefused("number", "Type a card number.")
    try:
        card = card_of(number, catalogue)
    except CardDetailsRefused as refused:
        raise CardRefused("number", _NUMBER_PROBLEMS[refused.code], refused.code) from None
    _check_expiry(_typed_text(fields, "expiry"), now)
    length = 4 if card.brand == "amex" else 3
    if not re.fullmatch(rf"[0-9]{{{length}}}", _typed_text(fields, "cvc"), re.ASCII):
        raise CardRefused(
            "cvc", f"The security code of this card has {length} digits. Any digits work."
        )
    return card


def samples(catalogue: Catalogue) -> list[Sample]:
    """Return the test cards that a page offers to fill in."""
    known = {card.id: card for card in catalogue.test_cards if card.number is not None}
    return [Sample(id, label, known[id].brand) for id, label in _SAMPLES.items() if id in known]


def filled_in(id: str, catalogue: Catalogue, now: datetime) -> dict[str, str]:
    """Return the values of a card form that is filled in with a test card."""
    card = next((card for card in catalogue.test_cards if card.id == id and card.number), None)
    if card is None or card.number is None:
        return {}
    return {
        "cardNumber": " ".join(re.findall(".{1,4}", card.number)),
        "cardExpiry": f"12 / {(now.year + _YEARS_OF_A_SAMPLE) % 100:02}",
        "cardCvc": "1234" if card.brand == "amex" else "123",
    }


def kept(fields: dict[str, str], catalogue: Catalogue) -> dict[str, str]:
    """Return the typed values that a page shows again, which never include a live number."""
    if not _is_typed(fields):
        return {}
    values = {name: fields[name] for name in CONTACT if name in fields}
    for field, name in NAMES.items():
        values[name] = _typed_text(fields, field)
    try:
        card_of(_number(fields), catalogue)
    except CardDetailsRefused as refused:
        if refused.code == LIVE_CARD:
            del values["cardNumber"]
    return values


def _is_typed(fields: dict[str, str]) -> bool:
    return any(name in fields for name in ("typed", "number", "cardNumber"))


def _typed_text(fields: dict[str, str], field: str) -> str:
    return fields.get(NAMES[field], fields.get(field, ""))


def _number(fields: dict[str, str]) -> str:
    return re.sub(r"[\s-]", "", _typed_text(fields, "number"))


def _check_expiry(text: str, now: datetime) -> None:
    found = _EXPIRY.fullmatch(text)
    month, digits = (int(found[1] or found[2]), found[3]) if found else (0, "")
    if not 1 <= month <= 12:
        raise CardRefused("expiry", "Type the expiry date as month and year, such as 12/34.")
    year = int(digits)
    if len(digits) == 2:
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


def _test_cards(context: Context, behaviour: Behaviour, *own: Group) -> Selection:
    """Return the account's own cards and the other test cards, grouped once for each wallet."""
    catalogue = context.catalogue
    taken = frozenset(card.stripe_id for card in context.account.wallet.cards)
    return _kept(
        catalogue,
        ("test cards", behaviour, taken, *(choice for group in own for choice in group.choices)),
        lambda: [*own, *_grouped(lambda card: card.id, _others(catalogue, taken), behaviour)],
    )


def _numbers(catalogue: Catalogue, behaviour: Behaviour) -> Selection:
    """Return the numbers of all test cards, which are grouped once."""
    return _kept(
        catalogue,
        ("numbers", behaviour),
        lambda: _grouped(lambda card: card.number, catalogue.test_cards, behaviour),
    )


def _kept(catalogue: Catalogue, key: Hashable, make: Callable[[], list[Group]]) -> Selection:
    kept = catalogue.derived
    if key not in kept:
        if len(kept) >= _MAX_KEPT:
            kept.clear()
        kept[key] = Selection(make())
    selection: Selection = kept[key]
    return selection


def _others(catalogue: Catalogue, taken: Container[str]) -> Iterator[TestCard]:
    """Yield the test cards that are not taken, one of each behaviour."""
    seen = set()
    for card in catalogue.test_cards:
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
    """Return the group of a card that pays, and a note."""
    code = card.declines_charge
    if card.authentication != "never":
        notes = ["only once"] if card.authentication == "once" else []
        if code not in (None, AUTHENTICATION_REQUIRED):
            notes.append(f"then declined: {code}")
        return _ASKS, ", ".join(notes)
    return ("Pays", "") if code is None else ("Declined", f"declined: {code}")


def _at_setup(card: TestCard) -> tuple[str, str]:
    """Return the group of a card that is added, and a note."""
    if card.declines_attach is not None:
        return "Refused", f"refused: {card.declines_attach}"
    note = f"charges are declined: {card.declines_charge}" if card.declines_charge else ""
    return ("Is added" if card.authentication == "never" else _ASKS), note


def _grouped(
    value: Callable[[TestCard], str | None],
    cards: Iterable[TestCard],
    behaviour: Behaviour,
) -> list[Group]:
    """Group cards by behaviour: working cards first, refused cards last."""
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
