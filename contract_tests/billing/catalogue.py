"""The prices and promo codes that stories use.

The contract promises none. Its examples are those of the mock; another deployment has its own, and
the hook ``catalogue`` names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
class Catalogue:
    """The names of prices and promo codes, by role."""

    names: Mapping[str, str]
    is_assumed: bool = False
    """Whether nobody has named them, so that the deployment may not know them."""

    def like(self, example: str) -> str:
        """Return the name that has the role of an example's name; else the example's name."""
        roles = [role for role, name in EXAMPLES.items() if name == example]
        return self.names.get(roles[0], example) if roles else example


MOCKS = Catalogue(EXAMPLES)
"""The catalogue of the mock."""
ASSUMED = Catalogue(EXAMPLES, is_assumed=True)
"""The catalogue of a deployment that nobody has described."""
