"""The terms of a promo code, as the deployment states them."""

from __future__ import annotations

from dataclasses import dataclass

from contract_tests.billing.catalogue import FIXED, PERCENTAGE
from contract_tests.billing.stories.actor import CENT, Actor
from contract_tests.drivers.stories import Unsuitable

_LEAST, _MOST = 1_000, 200_000
"""The bounds of a deposit in cents."""


@dataclass(frozen=True)
class Promo:
    """A promo code that the account can use."""

    code: str
    is_percentage: bool
    value: int
    """A percentage, or cents."""
    minimum: int
    """The least deposit in cents."""
    cap: int | None
    """The largest bonus in microcents."""

    def bonus(self, cents: int) -> int:
        """Return the bonus of a deposit in microcents, rounded down to cents."""
        return self._exact(cents) // CENT * CENT

    def gives(self, cents: int, bonus: int) -> bool:
        """Return whether a bonus fits: the contract does not say how a fraction is rounded."""
        exact = self._exact(cents)
        return bonus in (exact // CENT * CENT, exact, -(-exact // CENT) * CENT)

    def _exact(self, cents: int) -> int:
        whole = cents * self.value * CENT // 100 if self.is_percentage else self.value * CENT
        return min(whole, self.cap) if self.cap is not None else whole


def promo_of(actor: Actor, role: str) -> Promo:
    """Return the terms of a role's promo code. Raises Unsuitable."""
    shown = actor.offer(role)
    value, least, cap = (
        shown.get(name) for name in ("bonus_value", "min_deposit_cents", "max_credits_microcents")
    )
    actor.require(isinstance(value, int), "a promo code with a value")
    return Promo(
        shown["code"],
        shown.get("bonus_type") == "percentage",
        int(value or 0),
        min(max(least if isinstance(least, int) else 0, _LEAST), _MOST),
        cap if isinstance(cap, int) else None,
    )


def usable_promo(actor: Actor) -> Promo:
    """Return the terms of a promo code that the account has not used. Raises Unsuitable."""
    for role in (PERCENTAGE, FIXED):
        code = actor.catalogue.names.get(role)
        shown = actor.call("validate_promo_code", {"code": code}).object if code else {}
        if shown.get("valid") is True:
            return promo_of(actor, role)
    raise Unsuitable("it needs a promo code that the account has not used (hook `catalogue`)")
