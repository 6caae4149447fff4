"""Headers that several tests read: those of the rate limit, and those of a browser."""

from __future__ import annotations

import httpx

from tests.conftest import NOON

LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
SHOP = {"Origin": "http://localhost:3000"}
NEXT_MINUTE = int(NOON.timestamp()) + 60


def limits_of(response: httpx.Response) -> tuple[int, int, int]:
    """Return limit, remaining and reset, which every response has."""
    limit, remaining, reset = (int(response.headers[name]) for name in LIMITS)
    return limit, remaining, reset


def allows_shop(response: httpx.Response) -> bool:
    """Return whether pages of the shop may read a response, with credentials."""
    headers = response.headers
    return (
        headers.get("access-control-allow-origin") == SHOP["Origin"]
        and headers.get("access-control-allow-credentials") == "true"
        and headers.get_list("vary") == ["Origin"]
    )
