"""What a deployment sells: plans, credit packs and promo codes, with what they cost and grant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from contract_tests.context import Run
from contract_tests.drivers.stories import Unsuitable
from contract_tests.errors import UsageError
from contract_tests.http.client import Client
from contract_tests.openapi.reading import read_document


class Plan(Struct, frozen=True):
    """A plan. The free plan has no price id."""

    slug: str
    price_cents: int
    monthly_credits: int
    price_id: str = ""
    interval: Literal["month", "year"] = "month"
    trial_days: int = 0


class CreditPack(Struct, frozen=True):
    """A one-time purchase of balance."""

    price_id: str
    amount_cents: int


class PromoCode(Struct, frozen=True):
    """The terms of a bonus on a deposit."""

    code: str
    type: str
    value: int
    min_deposit_cents: int = 0
    max_bonus_cents: int | None = None


class Catalogue(Struct, frozen=True):
    """All that a deployment sells."""

    plans: tuple[Plan, ...]
    credit_packs: tuple[CreditPack, ...] = ()
    promo_codes: tuple[PromoCode, ...] = ()


PACKAGED = Catalogue(
    (
        Plan("starter", 2_900, 150_000, "price_starter_monthly"),
        Plan("growth", 9_900, 550_000, "price_growth_monthly"),
        Plan("scale", 29_900, 1_800_000, "price_scale_monthly"),
    ),
    (CreditPack("price_credits_25", 2_500), CreditPack("price_credits_100", 10_000)),
    (
        PromoCode("WELCOME10", "percentage", 10, 2_000, 2_000),
        PromoCode("BONUS5", "fixed", 500, 2_500),
        PromoCode("SPRING2025", "percentage", 20, 0, 5_000),
    ),
)
"""What is sold where nothing else is known."""


class Plans:
    """The plans that stories can use: those paid by the month. Properties raise Unsuitable."""

    def __init__(self, plans: Iterable[Plan]) -> None:
        monthly = [plan for plan in plans if plan.interval == "month" and plan.price_cents > 0]
        self._monthly = sorted(monthly, key=lambda plan: plan.price_cents)
        self._charged = [plan for plan in self._monthly if not plan.trial_days]
        """Those that cost their price at once when they are the first plan of an account."""

    @property
    def first(self) -> Plan:
        """The cheapest plan that an account can start with."""
        if not self._charged:
            raise Unsuitable("it needs a monthly plan without a trial (--catalogue)")
        return self._charged[0]

    @property
    def upgrade(self) -> tuple[Plan, Plan]:
        """The cheapest plan to start with, and the dearest one."""
        if self.first.price_cents == self._monthly[-1].price_cents:
            raise Unsuitable("it needs a dearer monthly plan (--catalogue)")
        return self.first, self._monthly[-1]

    @property
    def downgrade(self) -> tuple[Plan, Plan]:
        """A plan to start with, and the cheapest one, which costs less."""
        cheapest = self._monthly[0] if self._monthly else self.first
        dearer = [plan for plan in self._charged if plan.price_cents > cheapest.price_cents]
        if not dearer:
            raise Unsuitable("it needs a dearer monthly plan without a trial (--catalogue)")
        return dearer[0], cheapest


def catalogue_of(run: Run, client: Client) -> Catalogue:
    """Return the catalogue of ``--catalogue``, else that of the mock, else the packaged one."""
    if run.settings.catalogue is not None:
        return read_catalogue(run.settings.catalogue)
    if not run.settings.mock:
        return PACKAGED
    response = client.control("GET", "catalogue")
    # A mock of an earlier version has no such operation.
    return _catalogue(response.object) if response.status == 200 else PACKAGED


@cache
def read_catalogue(path: Path) -> Catalogue:
    """Return the content of a file such as the mock's ``catalogue.yaml``. Raise UsageError."""
    content = read_document(path)
    if not isinstance(content, dict):
        raise UsageError(f"{path}: must be an object with 'plans', as the mock's catalogue.yaml")
    try:
        return _catalogue(content)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {error}") from None


def _catalogue(content: Mapping[str, Any]) -> Catalogue:
    """Return a catalogue of plain JSON. Raise msgspec.ValidationError."""
    plans = content.get("plans")
    if isinstance(plans, list):  # without the free plan, whose price id is missing or null
        sold = [plan for plan in plans if not isinstance(plan, dict) or plan.get("price_id")]
        content = {**content, "plans": sold}
    return msgspec.convert(content, Catalogue)
