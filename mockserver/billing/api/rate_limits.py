"""Rate limits per account and minute of the clock: told on every response, enforced on request (observed)."""

from datetime import datetime
from typing import NamedTuple

from mockserver.billing.accounts.store import Tenant
from mockserver.billing.tiers import TIERS, tier_of
from mockserver.engine.errors import Headers, Refusal

_WINDOW_SECONDS = 60
_READ_TOKENS, _WRITE_TOKENS = 1, 2


class Allowance(NamedTuple):
    """How many requests a minute, how many are left of it, and when the next minute begins (unix seconds)."""

    limit: int
    remaining: int
    reset: int

    @property
    def headers(self) -> Headers:
        return [
            (b"x-ratelimit-limit", b"%d" % self.limit),
            (b"x-ratelimit-remaining", b"%d" % self.remaining),
            (b"x-ratelimit-reset", b"%d" % self.reset),
        ]


def spend(tenant: Tenant, now: datetime, *, write: bool) -> tuple[bool, Allowance]:
    """Take a request's tokens: whether there were enough, and what is left."""
    seconds = int(now.timestamp())
    window = seconds // _WINDOW_SECONDS
    if window != tenant.window:
        tenant.window, tenant.spent = window, 0
    limit = tenant.requests_per_minute or tier_of(tenant.account.ledger.balance).requests_per_minute
    tokens = _WRITE_TOKENS if write else _READ_TOKENS
    enough = tenant.spent + tokens <= limit
    if enough:
        tenant.spent += tokens
    return enough, Allowance(limit, max(0, limit - tenant.spent), _reset(window))


def peek(tenant: Tenant, now: datetime) -> Allowance:
    """What is left, without taking anything."""
    window = int(now.timestamp()) // _WINDOW_SECONDS
    limit = tenant.requests_per_minute or tier_of(tenant.account.ledger.balance).requests_per_minute
    return Allowance(
        limit, max(0, limit - (tenant.spent if window == tenant.window else 0)), _reset(window)
    )


def anonymous(now: datetime) -> Allowance:
    """What a caller without an account is told: the free tier, untouched."""
    limit = TIERS[-1].requests_per_minute
    return Allowance(limit, limit, _reset(int(now.timestamp()) // _WINDOW_SECONDS))


def retry_after(allowance: Allowance, now: datetime) -> int:
    """Whole seconds until the next minute, at least one."""
    return max(1, allowance.reset - int(now.timestamp()))


def refusal(seconds: int) -> Refusal:
    """Return the 429 of a caller whose tokens are used up."""
    sentence = f"Rate limit exceeded. Try again in {seconds} seconds."
    return Refusal(429, sentence, [(b"retry-after", b"%d" % seconds)])


def _reset(window: int) -> int:
    return (window + 1) * _WINDOW_SECONDS
