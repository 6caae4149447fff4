"""What is for sale and what is known to everybody: plans, prices, promo codes, test cards.

Loaded from ``fixtures/catalogue.yaml``; the one thing that all accounts share.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from typing import Literal

from mockserver.billing.errors import UnknownPrice

PlanSlug = Literal["free", "starter", "growth", "scale"]
CheckoutMode = Literal["subscription", "payment"]
Authentication = Literal["never", "once", "always"]
"""3-D Secure: ``once`` when the card is saved or first pays, ``always`` for every payment that the payer makes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A monthly plan. The free one has no price."""

    slug: PlanSlug
    name: str
    price_cents: int
    monthly_credits: int
    price_id: str | None = None


@dataclass(frozen=True, slots=True)
class CreditPack:
    """A one-time purchase of balance."""

    price_id: str
    name: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class PromoCode:
    """A bonus on a deposit: a percentage with a cap, or a fixed amount. Once per account."""

    code: str
    type: Literal["percentage", "fixed"]
    value: int
    """Percent, or cents."""
    min_deposit_cents: int = 0
    max_bonus_cents: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TestCard:
    """A payment method id with known behaviour, as Stripe publishes them."""

    __test__ = False

    id: str
    brand: str
    last4: str
    declines_attach: str | None = None
    """Stripe's decline code when the card is added to a customer."""
    declines_charge: str | None = None
    """Stripe's decline code when the card is charged."""
    exp_month: int | None = None
    exp_year: int | None = None
    number: str | None = None
    """The card number that Stripe publishes for it, digits only; each number is of one card."""
    authentication: Authentication = "never"


def passes_luhn(digits: str) -> bool:
    """Whether the last digit of a card number is the one that the others ask for (ISO/IEC 7812)."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


_BRANDS = ("visa", "mastercard", "amex", "discover")
_TYPED = re.compile(
    r"pm_mock_(?P<slug>\w+)_(?P<month>0[1-9]|1[0-2])(?P<year>(?:19[7-9]|2[01][0-9])[0-9])_[A-Za-z0-9]+"
)


def typed_id(card: TestCard, exp_month: int, exp_year: int, token: str) -> str:
    """The id of a payment method that was typed into a form. It says all that is known of the card, and no number."""
    return f"pm_mock_{card.id.removeprefix('pm_').removeprefix('card_')}_{exp_month:02}{exp_year:04}_{token}"


@dataclass(frozen=True)
class Catalogue:
    """Plans from free to the dearest, credit packs, promo codes and test cards."""

    plans: list[Plan]
    credit_packs: list[CreditPack]
    promo_codes: list[PromoCode]
    test_cards: list[TestCard]

    @cached_property
    def free_plan(self) -> Plan:
        return self.plan("free")

    @cached_property
    def _plans(self) -> dict[str, Plan]:
        return {plan.slug: plan for plan in reversed(self.plans)}

    @cached_property
    def _cards(self) -> dict[str, TestCard]:
        return {card.id: card for card in self.test_cards}

    @cached_property
    def _slugs(self) -> dict[str, TestCard]:
        return {
            card.id.removeprefix("pm_").removeprefix("card_"): card
            for card in reversed(self.test_cards)
        }

    @cached_property
    def _cards_by_number(self) -> dict[str, TestCard]:
        return {card.number: card for card in self.test_cards if card.number is not None}

    def plan(self, slug: str) -> Plan:
        """Return the plan of that name. Raise KeyError if the catalogue has none."""
        return self._plans[slug]

    def price(self, price_id: str) -> Plan | CreditPack:
        """What a price id buys. Raises UnknownPrice."""
        items: list[Plan | CreditPack] = [*self.plans, *self.credit_packs]
        for item in items:
            if item.price_id == price_id:
                return item
        raise UnknownPrice(price_id, [item.price_id for item in items if item.price_id])

    def promo_code(self, code: str) -> PromoCode | None:
        """The promo code as customers type it: case and surrounding space do not matter."""
        wanted = code.strip().upper()
        return next((promo for promo in self.promo_codes if promo.code == wanted), None)

    def card(self, stripe_id: str) -> TestCard:
        """The known test card of that id, else one derived from the id that always works."""
        known = self._cards.get(stripe_id) or self._typed(stripe_id)
        if known is not None:
            return known
        digest = blake2b(stripe_id.encode(), digest_size=8).digest()
        last4 = str(int.from_bytes(digest[:4], "big") % 10_000).zfill(4)
        return TestCard(
            stripe_id, _BRANDS[digest[4] % len(_BRANDS)], last4, exp_month=digest[5] % 12 + 1
        )

    def _typed(self, stripe_id: str) -> TestCard | None:
        """The card that a ``typed_id`` is about; None if the id is no such."""
        found = _TYPED.fullmatch(stripe_id)
        known = self._slugs.get(found["slug"]) if found else None
        if found is None or known is None:
            return None
        return replace(
            known, id=stripe_id, exp_month=int(found["month"]), exp_year=int(found["year"])
        )

    def card_of_number(self, number: str) -> TestCard | None:
        """The test card with that number, as people type it: spaces and hyphens do not matter."""
        return self._cards_by_number.get(number.replace(" ", "").replace("-", ""))
