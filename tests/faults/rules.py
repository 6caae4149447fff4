"""Helpers that switch rules on over HTTP."""

from __future__ import annotations

from typing import Any

from tests.api.account import Account, Json, body_of


def fault(account: Account, *, for_all: bool = False, **rule: Any) -> Json:
    """Switch a rule on for an account, or for all."""
    headers = {"X-API-Key": ""} if for_all else {}
    return body_of(account.client.post("/_mock/faults", json=rule, headers=headers))


def listed(account: Account) -> list[Json]:
    """Return the rules of an account, in the order of evaluation."""
    found: list[Json] = body_of(account.client.get("/_mock/faults"))["faults"]
    return found


def last_request(account: Account) -> Json:
    """Return the newest exchange of an account."""
    params = {"account": account.state()["id"], "limit": 1}
    (found,) = body_of(account.client.get("/_mock/requests", params=params))["requests"]
    return dict(found)
