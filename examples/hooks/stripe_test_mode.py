r"""Hooks for a deployment that takes payments by Stripe, in Stripe's test mode.

They pay, decline and expire Checkout Sessions, and advance a Stripe test clock:

    pip install playwright && playwright install chromium
    export STRIPE_TEST_KEY=sk_test_...       a secret or restricted key of the test mode
    export STRIPE_TEST_CLOCK=clock_...       if the customers are bound to a test clock
    contract-tests run https://staging.example.com --allow-irreversible \
        --hooks examples/hooks/stripe_test_mode.py

Stripe's API can expire a session and advance a clock. It cannot pay a session: a payer does that on
Stripe's page, and so does a headless browser here. The session must be one of a ``hosted`` page.
"""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from typing import Any

API = os.environ.get("STRIPE_API", "https://api.stripe.com")
CLOCK = os.environ.get("STRIPE_TEST_CLOCK", "")
GOOD_CARD, DECLINED_CARD = "4242424242424242", "4000000000000002"
"""Numbers that Stripe documents for tests. They charge nobody."""
PATIENCE = float(os.environ.get("STRIPE_PATIENCE", "40"))
"""Seconds for a page, a payment, or a clock to be ready."""


def pay(session: str) -> bool:
    """Pay a session on its page with a good card."""
    return _pay(session, GOOD_CARD)


def decline(session: str) -> bool:
    """Try to pay a session on its page with a card that is declined."""
    return _pay(session, DECLINED_CARD)


def expire(session: str) -> bool:
    """Expire an open session; return False for one that is paid or expired."""
    if _session(session)["status"] != "open":
        return False
    return bool(_stripe("POST", f"checkout/sessions/{session}/expire")["status"] == "expired")


def now() -> datetime:
    """Return the time of the test clock, or the time if there is none."""
    if not CLOCK:
        return datetime.now(UTC)
    return datetime.fromtimestamp(_clock()["frozen_time"], UTC)


def advance(to: datetime) -> None:
    """Advance the test clock. Stripe goes at most two intervals of a subscription at a time."""
    if not CLOCK:
        raise RuntimeError("set STRIPE_TEST_CLOCK to the id of a test clock")
    _stripe("POST", f"test_helpers/test_clocks/{CLOCK}/advance", frozen_time=int(to.timestamp()))
    ends_at = time.monotonic() + PATIENCE
    while (status := _clock()["status"]) != "ready":
        if status != "advancing" or time.monotonic() > ends_at:
            raise RuntimeError(f"the test clock is {status}")
        time.sleep(0.5)


def _pay(session: str, card: str) -> bool:
    """Fill in a session's page, and return whether the session is paid."""
    found = _session(session)
    if found["status"] != "open":
        return False  # paid already, or expired
    _fill_in(found["url"], card)
    ends_at = time.monotonic() + (PATIENCE if card == GOOD_CARD else 5)
    while time.monotonic() < ends_at:
        if _session(session)["payment_status"] in ("paid", "no_payment_required"):
            return True
        time.sleep(0.5)
    if card == GOOD_CARD:
        raise RuntimeError(f"the session {session} is not paid after {PATIENCE:g} s")
    return False


def _fill_in(url: str, card: str) -> None:
    """Fill in Stripe's page as a payer does, and submit it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or None,
            args=os.environ.get("CHROMIUM_FLAGS", "").split(),
        )
        try:
            page = browser.new_page()
            page.set_default_timeout(PATIENCE * 1_000)
            page.goto(url)
            values = {
                "#email": "kit@example.com",
                "#cardNumber": card,
                "#cardExpiry": "12 / 40",
                "#cardCvc": "123",
                "#billingName": "Contract Kit",
                "#billingPostalCode": "10115",
            }
            page.wait_for_selector("#cardNumber")
            for field, value in values.items():
                if page.locator(field).is_visible():
                    page.fill(field, value)
            page.click("[data-testid=hosted-payment-submit-button]")
            page.wait_for_timeout(2_000)
        finally:
            browser.close()


def _session(session: str) -> dict[str, Any]:
    found = _stripe("GET", f"checkout/sessions/{session}")
    if found["livemode"]:
        raise RuntimeError(f"the session {session} is of the live mode")
    return found


def _clock() -> dict[str, Any]:
    return _stripe("GET", f"test_helpers/test_clocks/{CLOCK}")


def _stripe(method: str, path: str, **fields: object) -> dict[str, Any]:
    """Call Stripe's API with the key of the test mode."""
    key = os.environ.get("STRIPE_TEST_KEY", "")
    if not key.startswith(("sk_test_", "rk_test_")):
        raise RuntimeError("set STRIPE_TEST_KEY to a key of Stripe's test mode (sk_test_...)")
    data = urllib.parse.urlencode(fields).encode() if method == "POST" else None
    request = urllib.request.Request(f"{API}/v1/{path}", data=data, method=method)
    request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            found: dict[str, Any] = json.load(response)
            return found
    except urllib.error.HTTPError as error:
        text = json.load(error).get("error", {}).get("message", "")
        raise RuntimeError(f"Stripe: {error.code} for {method} {path}: {text}") from None
