"""Every page in every state."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cache
from typing import Any

import httpx

from tests.conftest import API, TLS
from tests.hosted.conftest import SHOP

_URLS = {"success_url": SHOP, "cancel_url": SHOP}
_ASKING = "pm_card_authenticationRequired"


def addresses(url: str) -> dict[str, str]:
    """Return the URL of each page in each state, on a server of its own."""
    with ExitStack() as stack:

        @cache
        def as_(name: str) -> httpx.Client:
            headers = {"X-API-Key": f"sk_test_{name}"}
            made = httpx.Client(
                base_url=url, headers=headers, timeout=30, trust_env=False, verify=TLS
            )
            return stack.enter_context(made)

        return (
            _checkouts(as_("payer"))
            | _portals(as_)
            | {"message": f"{url}/checkout/cs_test_nothing"}
        )


def _opened(client: httpx.Client, path: str, **body: object) -> str:
    return str(client.post(f"{API}/{path}", json=body or None).raise_for_status().json()["url"])


def _checkouts(payer: httpx.Client) -> dict[str, str]:
    def deposit(**more: object) -> str:
        return _opened(payer, "deposit", amount_cents=5000, **_URLS, **more)

    paid, used = deposit(promo_code="BONUS5"), deposit(promo_code="BONUS5")
    payer.post(f"{paid}/pay", data={"card": "pm_card_amex"})
    expired, declined = deposit(), deposit()
    payer.post(f"/_mock/checkout-sessions/{expired.rpartition('/')[2]}/expire").raise_for_status()
    payer.post(f"{declined}/pay", data={"card": "pm_card_chargeDeclined"})
    plan = _opened(payer, "checkout", price_id="price_growth_monthly", **_URLS)
    return {
        "checkout of a deposit": deposit(auto_recharge_enabled=True),
        "checkout that was paid": paid,
        "checkout that expired": expired,
        "checkout whose code was used": used,
        "checkout that was declined": declined,
        "checkout of a plan": plan,
        "authentication of a payment": f"{plan}/authentication?card={_ASKING}",
    }


def _portals(as_: Any) -> dict[str, str]:
    def copy(name: str, **changes: object) -> httpx.Client:
        """Return a copy of the subscriber's account, which a state may change."""
        made: httpx.Client = as_(name)
        state = as_("subscriber").get("/_mock/state").json()
        for card in state["wallet"]["cards"]:
            card.update(changes)
        made.put("/_mock/state", json=state).raise_for_status()
        return made

    portal = {name: _opened(as_(name), "portal") for name in ("subscriber", "past_due", "new")}
    cancelled, changing = _opened(copy("cancelled"), "portal"), _opened(copy("changing"), "portal")
    as_("cancelled").post(f"{cancelled}/cancel")
    for price in ("price_scale_monthly", "price_starter_monthly"):
        as_("changing").post(f"{changing}/plan", data={"price": price})
    recharging = copy("recharging")
    settings = {"enabled": True, "stripe_payment_method_id": "pm_card_amex"}
    recharging.put(f"{API}/auto-recharge", json=settings).raise_for_status()
    powerful = _opened(as_("power_user"), "portal")
    invoice = as_("subscriber").get(f"{API}/invoices").json()["invoices"][0]
    return {
        "authentication of a card": (
            f"{portal['subscriber']}/authentication?step=add&card={_ASKING}"
        ),
        "invoice": invoice["hosted_invoice_url"],
        "portal": portal["subscriber"],
        "portal after a step": f"{cancelled}?done=cancel",
        "portal of a plan to come": changing,
        "portal whose renewal failed": portal["past_due"],
        "portal with a card in use": _opened(recharging, "portal"),
        "portal with expired cards": _opened(copy("expired", exp_year=2025), "portal"),
        "portal of a new account": portal["new"],
        "portal, newest invoices": powerful,
        "portal, older invoices": f"{powerful}?page=2",
    }
