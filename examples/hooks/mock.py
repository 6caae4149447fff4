r"""Hooks for the mock: all stories run by these functions alone, without ``--mock``.

    mockserver serve &
    BILLING_API_KEY=sk_test_hooks contract-tests run http://127.0.0.1:8080 \
        --allow-irreversible --hooks examples/hooks/mock.py \
        --organization-id 0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d

Use it as a pattern for a deployment of your own: replace the calls of ``/_mock`` by what your
deployment offers. A hook takes any of its parameters, by name. It raises an exception when it
fails; the text is reported in one line. It returns False when a payment or a charge was refused.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from datetime import datetime
from typing import Any

from contract_tests.hooks.hook import Account

URL = os.environ.get("MOCK_URL", "http://127.0.0.1:8080")
KEYS = iter(range(1, 10_000))


def fresh(situation: str) -> str:
    """Return the key of a fresh account in a situation: ``default``, ``new``, ``past_due``, ..."""
    is_default = situation == "default"
    key = f"sk_test_hooks_{next(KEYS)}" if is_default else f"sk_test_{situation}"
    _call("POST", "reset", key)
    return key


def forget(account: Account) -> None:
    """Reset the account to the state in which it began."""
    _call("POST", "reset", account.key)


def pay(account: Account, session: str, card: str | None = None) -> bool:
    """Pay a checkout session, with a card of the account or a test card."""
    body = {"payment_method_id": card} if card else {}
    return _call("POST", f"checkout-sessions/{session}/complete", account.key, body) is not None


def decline(account: Account, session: str) -> bool:
    """Try to pay a checkout session with a card that is declined."""
    return pay(account, session, "pm_card_chargeCustomerFail")


def expire(account: Account, session: str) -> bool:
    """Close a checkout session unpaid."""
    return _call("POST", f"checkout-sessions/{session}/expire", account.key) is not None


def use(account: Account, type: str, requests: int) -> bool:
    """Use credits for requests of a type, such as ``light``."""
    body = {"type": type, "requests": requests}
    return _call("POST", "usage", account.key, body) is not None


def read_code(account: Account) -> str:
    """Return the verification code that was sent last."""
    return next(message["code"] for message in messages(account) if message["code"])


def messages(account: Account) -> list[dict[str, Any]]:
    """Return the messages to the account's owner, newest first."""
    return _call("GET", "outbox", account.key)["messages"]


def now() -> str:
    """Return the time of the test clock."""
    return _call("GET", "clock")["now"]


def advance(to: datetime) -> None:
    """Advance the test clock to a time."""
    _call("POST", "clock/advance", body={"to": to.isoformat()})


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


def webhook_secret(account: Account) -> str:
    """Return the secret that signs the usage alerts of the account."""
    return _call("GET", "webhook-endpoints", account.key)["usage_alerts"]["secret"]


def _call(method: str, path: str, key: str | None = None, body: Any = None) -> Any:
    """Call the control API. Return None for a payment or a charge that was refused."""
    request = urllib.request.Request(f"{URL}/_mock/{path}", method=method)
    if key is not None:
        request.add_header("X-API-Key", key)
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        if error.code in (402, 409, 410):
            return None
        raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()}") from None
