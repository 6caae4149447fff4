r"""Hooks for the staging deployment of this repository, an implementation of its own.

    python -m tests.staging --port 8090 &        prints the key and the admin token
    export BILLING_API_KEY=... STAGING_TOKEN=...
    contract-tests run http://127.0.0.1:8090 --allow-irreversible --hooks examples/hooks/staging.py

The deployment has an interface for operators below ``/internal``. A deployment of your own has
another one: replace the calls.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from typing import Any

from contract_tests.hooks.hook import Account

URL = os.environ.get("STAGING_URL", "http://127.0.0.1:8090")
REFUSED = (400, 402, 409, 410, 422)


def fresh(situation: str) -> str | None:
    """Open an account with a card and $20. There are no accounts in other situations."""
    return str(_call("POST", "accounts")["key"]) if situation == "default" else None


def pay(session: str, card: str | None = None) -> bool:
    """Pay a checkout session, with the account's card or a test card."""
    body = {"payment_method_id": card} if card else {}
    return _call("POST", f"pay/{session}", body=body) is not None


def decline(session: str) -> bool:
    """Try to pay a checkout session with a card that is declined."""
    return pay(session, "pm_card_chargeCustomerFail")


def use(account: Account, type: str, requests: int) -> bool:
    """Use credits for requests of a type."""
    return _call("POST", "usage", account, {"type": type, "requests": requests}) is not None


def read_code(account: Account) -> str:
    """Return the verification code that was sent last."""
    return str(next(message["code"] for message in messages(account) if message.get("code")))


def messages(account: Account) -> list[dict[str, Any]]:
    """Return the messages to the account's owner, newest first."""
    found: list[dict[str, Any]] = _call("GET", "outbox", account)["messages"]
    return found


def catalogue() -> dict[str, str]:
    """Return the prices and promo codes that the deployment knows."""
    return {
        "starter": "price_starter_monthly",
        "growth": "price_growth_monthly",
        "scale": "price_scale_monthly",
        "credit_pack": "price_credits_25",
        "percentage": "WELCOME10",
        "fixed": "BONUS5",
        "expired": "SPRING2025",
    }


def now() -> str:
    """Return the time of the test clock."""
    return str(_call("GET", "clock")["now"])


def advance(seconds: float) -> None:
    """Advance the test clock."""
    _call("POST", "clock", body={"seconds": round(seconds)})


def webhook_secret() -> str:
    """Return the secret that signs all webhooks."""
    return str(_call("GET", "webhooks")["secret"])


def _call(method: str, path: str, account: Account | None = None, body: Any = None) -> Any:
    """Call the operators' interface. Return None for what was refused."""
    request = urllib.request.Request(f"{URL}/internal/{path}", method=method)
    request.add_header("X-Admin-Token", os.environ.get("STAGING_TOKEN", ""))
    if account is not None:
        request.add_header("X-API-Key", account.key)
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        if error.code in REFUSED:
            return None
        raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()}") from None
