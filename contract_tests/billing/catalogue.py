"""The prices and promo codes that stories use.

The contract promises none. Its examples are those of the packaged fixtures. A mock reports its own;
of another deployment, the hook ``catalogue`` names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

STARTER, GROWTH, SCALE, PACK = "starter", "growth", "scale", "credit_pack"
PERCENTAGE, FIXED, EXPIRED = "percentage", "fixed", "expired"

EXAMPLES: Mapping[str, str] = {
    STARTER: "price_starter_monthly",
    GROWTH: "price_growth_monthly",
    SCALE: "price_scale_monthly",
    PACK: "price_credits_25",
    PERCENTAGE: "WELCOME10",
    FIXED: "BONUS5",
    EXPIRED: "SPRING2025",
}
"""The names in the contract's examples, by role."""


@dataclass(frozen=True)
class Plan:
    """What a plan costs and brings each month."""

    slug: str
    cents: int
    credits: int


@dataclass(frozen=True)
class Terms:
    """The terms of a promo code."""

    value: int
    """A percentage, or cents."""
    minimum_cents: int
    cap_cents: int | None


@dataclass(frozen=True)
class Catalogue:
    """The names of prices and promo codes, by role."""

    names: Mapping[str, str]
    is_assumed: bool = False
    """Whether nobody has named them, so that the deployment may not know them."""
    plans: Mapping[str, Plan] = field(default_factory=dict)
    """What plans cost and bring, by role, if it is known beforehand."""
    terms: Mapping[str, Terms] = field(default_factory=dict)
    """The terms of promo codes by role, if they are known beforehand."""
    expired_since: datetime = datetime(2025, 6, 1, tzinfo=UTC)
    """The time since which the code of the role ``expired`` is not valid any more."""

    def like(self, example: str) -> str:
        """Return the name that has the role of an example's name; else the example's name."""
        roles = [role for role, name in EXAMPLES.items() if name == example]
        return self.names.get(roles[0], example) if roles else example


ASSUMED = Catalogue(EXAMPLES, is_assumed=True)
"""The catalogue of a deployment that nobody has described."""


def of_mock(content: Mapping[str, Any]) -> Catalogue:
    """Return the catalogue that the mock reports.

    Stories use plans that are paid by the month and start without a trial, so that the first
    payment is the price.
    """
    plans = sorted(
        (plan for plan in content["plans"] if plan["price_cents"] and _is_plain(plan)),
        key=lambda plan: int(plan["price_cents"]),
    )
    chosen: dict[str, Any] = dict(zip((STARTER, GROWTH), plans, strict=False))
    if len(plans) > 1:
        chosen[SCALE] = plans[-1]
    names = {role: plan["price_id"] for role, plan in chosen.items()}
    if content["credit_packs"]:
        names[PACK] = content["credit_packs"][0]["price_id"]
    codes: dict[str, Any] = {}
    for code in content["promo_codes"]:
        codes.setdefault(EXPIRED if code["expires_at"] else code["type"], code)
    names |= {role: code["code"] for role, code in codes.items()}
    found = Catalogue(
        names,
        plans={
            role: Plan(plan["slug"], plan["price_cents"], plan["monthly_credits"])
            for role, plan in chosen.items()
        },
        terms={role: _terms(code) for role, code in codes.items()},
    )
    if EXPIRED not in codes:
        return found
    return replace(found, expired_since=datetime.fromisoformat(codes[EXPIRED]["expires_at"]))


def _is_plain(plan: Mapping[str, Any]) -> bool:
    return plan["interval"] == "month" and not plan["trial_days"]


def _terms(code: Mapping[str, Any]) -> Terms:
    cap = code["value"] if code["type"] == FIXED else code["max_bonus_cents"]
    return Terms(code["value"], code["min_deposit_cents"], cap)
