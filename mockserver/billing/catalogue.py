"""The catalogue: plans, credit packs, promo codes and test cards.

It is loaded from ``fixtures/catalogue.yaml`` and is the only data that all accounts share.
"""

import re
from collections.abc import Hashable
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from mockserver.billing.errors import UnknownPrice

PlanSlug = str
"""The slug of a plan: that of a plan of the catalogue."""
Interval = Literal["month", "year"]
CheckoutMode = Literal["subscription", "payment"]
Authentication = Literal["never", "once", "always"]
"""3-D Secure: ``once`` when the card is saved or first pays, ``always`` for every page payment."""


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """A plan that is paid by the month or by the year. The free plan has no price."""

    slug: PlanSlug
    name: str
    price_cents: int
    monthly_credits: int
    price_id: str | None = None
    interval: Interval = "month"
    """The length of a period. A year is paid at once and grants the credits of twelve months."""
    trial_days: int = 0
    """The days that the first plan of an account costs nothing."""

    @property
    def months(self) -> int:
        """The months of a period."""
        return 12 if self.interval == "year" else 1

    @property
    def credits(self) -> int:
        """The credits that a paid period grants."""
        return self.monthly_credits * self.months


class CreditPack(Struct, frozen=True, forbid_unknown_fields=True):
    """A one-time purchase of balance."""

    price_id: str
    name: str
    amount_cents: int


class PromoCode(Struct, frozen=True, forbid_unknown_fields=True):
    """A bonus on a deposit, once per account: a percentage with a cap, or a fixed amount."""

    code: str
    type: Literal["percentage", "fixed"]
    value: int
    """Percent if the type is ``percentage``, cents if it is ``fixed``."""
    min_deposit_cents: int = 0
    max_bonus_cents: int | None = None
    expires_at: datetime | None = None


class TestCard(Struct, frozen=True, forbid_unknown_fields=True):
    """A payment method id with known behaviour, as published by Stripe."""

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
    """The card number published by Stripe, digits only; a number belongs to one card."""
    authentication: Authentication = "never"


def passes_luhn(digits: str) -> bool:
    """Return whether the last digit of a card number is the right check digit (ISO/IEC 7812)."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


_BRANDS = ("visa", "mastercard", "amex", "discover")
_TYPED = re.compile(
    r"pm_mock_(?P<slug>\w+)_(?P<month>0[1-9]|1[0-2])(?P<year>(?:19[7-9]|2[01][0-9])[0-9])"
    r"_[A-Za-z0-9]+"
)


def typed_id(card: TestCard, exp_month: int, exp_year: int, token: str) -> str:
    """Return the payment method id of a typed card.

    It encodes the test card and the expiry date, but not the number.
    """
    return f"pm_mock_{_slug_of(card)}_{exp_month:02}{exp_year:04}_{token}"


def _slug_of(card: TestCard) -> str:
    return card.id.removeprefix("pm_").removeprefix("card_")


class Catalogue(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Plans by ascending price, free first; credit packs; promo codes; test cards."""

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
        return {_slug_of(card): card for card in reversed(self.test_cards)}

    @cached_property
    def _cards_by_number(self) -> dict[str, TestCard]:
        return {card.number: card for card in self.test_cards if card.number is not None}

    @cached_property
    def derived(self) -> dict[Hashable, Any]:
        """What is derived from the catalogue and kept, by names of its users."""
        return {}

    def plan(self, slug: str) -> Plan:
        """Return the plan of that slug. Raise KeyError if the catalogue has no such plan."""
        return self._plans[slug]

    def price(self, price_id: str) -> Plan | CreditPack:
        """Return what a price id buys. Raise UnknownPrice if the catalogue has no such price."""
        items: list[Plan | CreditPack] = [*self.plans, *self.credit_packs]
        for item in items:
            if item.price_id == price_id:
                return item
        raise UnknownPrice(price_id, [item.price_id for item in items if item.price_id])

    def promo_code(self, code: str) -> PromoCode | None:
        """Return a promo code as typed, or None. Case and surrounding spaces are ignored."""
        wanted = code.strip().upper()
        return next((promo for promo in self.promo_codes if promo.code == wanted), None)

    def card(self, stripe_id: str) -> TestCard:
        """Return the test card of that id; an unknown id gives a working card derived from it."""
        known = self._cards.get(stripe_id) or self._typed(stripe_id)
        if known is not None:
            return known
        digest = blake2b(stripe_id.encode(), digest_size=8).digest()
        last4 = str(int.from_bytes(digest[:4], "big") % 10_000).zfill(4)
        return TestCard(
            stripe_id, _BRANDS[digest[4] % len(_BRANDS)], last4, exp_month=digest[5] % 12 + 1
        )

    def _typed(self, stripe_id: str) -> TestCard | None:
        """Return the card that a ``typed_id`` encodes; None for any other id."""
        found = _TYPED.fullmatch(stripe_id)
        known = self._slugs.get(found["slug"]) if found else None
        if found is None or known is None:
            return None
        return replace(
            known, id=stripe_id, exp_month=int(found["month"]), exp_year=int(found["year"])
        )

    def card_of_number(self, number: str) -> TestCard | None:
        """Return the test card of a number, or None. Spaces and hyphens are ignored."""
        return self._cards_by_number.get(number.replace(" ", "").replace("-", ""))
