"""Rate limits per account and minute: on every response, enforced on request (observed)."""

from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from mockserver.billing.accounts.store import Tenant
from mockserver.billing.tiers import TIERS, tier_of
from mockserver.engine.errors import Headers, Refusal

_WINDOW_SECONDS = 60
_READ_TOKENS, _WRITE_TOKENS = 1, 2


class Allowance(Struct, frozen=True):
    """The rate limit of a caller in the current minute."""

    limit: int
    """Tokens per minute."""
    remaining: int
    """Tokens left in this minute."""
    reset: int
    """The start of the next minute, in seconds since 1970."""

    @property
    def headers(self) -> Headers:
        """The headers that carry it."""
        return [*_headers(self.limit, self.remaining, self.reset)]


def spend(tenant: Tenant, now: datetime, *, write: bool) -> tuple[bool, Allowance]:
    """Take the tokens of a request; return whether there were enough, and what is left."""
    window = _window(now)
    if window != tenant.window:
        tenant.window, tenant.spent = window, 0
    limit = _limit(tenant)
    tokens = _WRITE_TOKENS if write else _READ_TOKENS
    is_enough = tenant.spent + tokens <= limit
    if is_enough:
        tenant.spent += tokens
    return is_enough, _allowance(limit, tenant.spent, window)


def peek(tenant: Tenant, now: datetime) -> Allowance:
    """Return what is left, without taking tokens."""
    window = _window(now)
    return _allowance(_limit(tenant), tenant.spent if window == tenant.window else 0, window)


def anonymous(now: datetime) -> Allowance:
    """Return the allowance of a caller without an account: the unused limit of the free tier."""
    return _allowance(TIERS[-1].requests_per_minute, 0, _window(now))


def retry_after(allowance: Allowance, now: datetime) -> int:
    """Return the whole seconds until the next minute, at least one."""
    return max(1, allowance.reset - int(now.timestamp()))


def refusal(seconds: int) -> Refusal:
    """Return the 429 of a caller without enough tokens."""
    sentence = f"Rate limit exceeded. Try again in {seconds} seconds."
    return Refusal(429, sentence, [(b"retry-after", b"%d" % seconds)])


def _limit(tenant: Tenant) -> int:
    return tenant.requests_per_minute or tier_of(tenant.account.ledger.balance).requests_per_minute


@lru_cache(maxsize=1_024)
def _headers(limit: int, remaining: int, reset: int) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"x-ratelimit-limit", b"%d" % limit),
        (b"x-ratelimit-remaining", b"%d" % remaining),
        (b"x-ratelimit-reset", b"%d" % reset),
    )


@lru_cache(maxsize=64)  # the clock returns the same object within a millisecond
def _window(now: datetime) -> int:
    return int(now.timestamp()) // _WINDOW_SECONDS


def _allowance(limit: int, spent: int, window: int) -> Allowance:
    return Allowance(limit, max(0, limit - spent), (window + 1) * _WINDOW_SECONDS)
