"""The plans that a deployment sells: stories buy them and know what they cost and grant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from contract_tests.context import Run
from contract_tests.drivers.stories import Unsuitable
from contract_tests.errors import UsageError
from contract_tests.http.client import Client
from contract_tests.openapi.reading import read_document

_MONTH = "month"


@dataclass(frozen=True)
class SoldPlan:
    """A plan that has a price."""

    slug: str
    price_id: str
    price_cents: int
    monthly_credits: int
    interval: str = _MONTH
    trial_days: int = 0


PACKAGED = (
    SoldPlan("starter", "price_starter_monthly", 2_900, 150_000),
    SoldPlan("growth", "price_growth_monthly", 9_900, 550_000),
    SoldPlan("scale", "price_scale_monthly", 29_900, 1_800_000),
)
"""The plans of the packaged contract."""
_TYPES: Mapping[str, type] = {field.name: str for field in fields(SoldPlan)} | {
    "price_cents": int,
    "monthly_credits": int,
    "trial_days": int,
}


class SoldPlans:
    """The plans that stories can use: those paid by the month. Methods raise Unsuitable."""

    def __init__(self, plans: Iterable[SoldPlan]) -> None:
        monthly = [plan for plan in plans if plan.interval == _MONTH and plan.price_cents > 0]
        self._monthly = sorted(monthly, key=lambda plan: plan.price_cents)
        self._charged = [plan for plan in self._monthly if not plan.trial_days]
        """Those that cost their price at once when they are the first plan of an account."""

    @property
    def first(self) -> SoldPlan:
        """The cheapest plan that an account can start with."""
        if not self._charged:
            raise Unsuitable("it needs a monthly plan without a trial (--plans)")
        return self._charged[0]

    @property
    def upgrade(self) -> tuple[SoldPlan, SoldPlan]:
        """The cheapest plan to start with, and the dearest one."""
        if self.first.price_cents == self._monthly[-1].price_cents:
            raise Unsuitable("it needs a dearer monthly plan (--plans)")
        return self.first, self._monthly[-1]

    @property
    def downgrade(self) -> tuple[SoldPlan, SoldPlan]:
        """A plan to start with, and the cheapest one, which costs less."""
        cheapest = self._monthly[0] if self._monthly else self.first
        dearer = [plan for plan in self._charged if plan.price_cents > cheapest.price_cents]
        if not dearer:
            raise Unsuitable("it needs a dearer monthly plan without a trial (--plans)")
        return dearer[0], cheapest


def sold_plans(run: Run, client: Client) -> SoldPlans:
    """Return the plans of ``--plans``, else those that the mock reports, else the packaged ones."""
    if run.settings.plans is not None:
        return SoldPlans(read_plans(run.settings.plans))
    if not run.settings.mock:
        return SoldPlans(PACKAGED)
    response = client.control("GET", "plans")
    listed = response.object.get("plans")
    if response.status != 200 or not isinstance(listed, list):  # a mock of an earlier version
        return SoldPlans(PACKAGED)
    return SoldPlans(_plan(plan) for plan in listed if plan.get("price_id"))


@cache
def read_plans(path: Path) -> tuple[SoldPlan, ...]:
    """Return the plans of a file such as the mock's ``catalogue.yaml``. Raise UsageError."""
    content = read_document(path)
    listed = content.get("plans") if isinstance(content, dict) else None
    if not isinstance(listed, list):
        raise UsageError(f"{path}: has no list 'plans', as the mock's catalogue.yaml has")
    found = []
    for index, entry in enumerate(listed):
        if not isinstance(entry, dict):
            raise UsageError(f"{path}: plans.{index}: must be an object with fields")
        if entry.get("price_id") is None:
            continue  # the free plan
        for field in fields(SoldPlan):
            _check(entry, field.name, f"{path}: plans.{index}.{field.name}")
        found.append(_plan(entry))
    return tuple(found)


def _check(entry: Mapping[str, Any], name: str, place: str) -> None:
    """Raise UsageError if a field of a plan is missing or of another type."""
    kind = _TYPES[name]
    if name not in entry and name in ("interval", "trial_days"):
        return
    value = entry.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise UsageError(f"{place}: must be {'text' if kind is str else 'a whole number'}")


def _plan(entry: Mapping[str, Any]) -> SoldPlan:
    names = {field.name for field in fields(SoldPlan)}
    return SoldPlan(**{name: value for name, value in entry.items() if name in names})
