"""What customers do: deposits, checkout, cards, recharges, plans, codes, usage, alerts."""

from __future__ import annotations

from tools.recording.caller import Caller
from tools.recording.stories import Story

PAGES = {
    "success_url": "https://shop.example.com/done?session={CHECKOUT_SESSION_ID}",
    "cancel_url": "https://shop.example.com/cancelled",
}
_VIEWS = (
    *(
        "balance",
        "credit-transactions",
        "recent-activity",
        "auto-recharge",
        "auto-recharge/history",
    ),
    *("payment-methods", "subscription", "usage-breakdown", "usage-chart", "usage-realtime"),
    *("cost-projection", "usage-alerts", "audit-log", "invoices"),
)


def look_around(me: Caller) -> None:
    """Record every view of an account, and its books."""
    for view in _VIEWS:
        me.get(view)
    for path in ("/_mock/state", "/_mock/outbox", "/_mock/invariants"):
        me.get(path)


def _advance(me: Caller, **step: object) -> None:
    me.post("/_mock/clock/advance", step)


def _session(me: Caller, path: str, **body: object) -> str:
    return str(me.post(path, body).json["session_id"])


def _deposits(caller: Caller) -> None:
    me = caller.as_("sk_test_deposits")
    for promo in (None, "WELCOME10", "BONUS5", "SPRING2025", "NOTHING", "BONUS5"):
        opened = me.post("deposit", {"amount_cents": 5_000, "promo_code": promo})
        if opened.status == 200:
            session = opened.json["session_id"]
            me.post(f"/_mock/checkout-sessions/{session}/complete")
            me.post(f"/_mock/checkout-sessions/{session}/complete")
            me.get("balance")
    declined = _session(me, "deposit", amount_cents=1_000)
    me.post(f"/_mock/checkout-sessions/{declined}/decline", {"reason": "insufficient_funds"})
    me.post(
        f"/_mock/checkout-sessions/{declined}/complete",
        {"payment_method_id": "pm_card_chargeCustomerFail"},
    )
    me.post(f"/_mock/checkout-sessions/{declined}/complete", {"payment_method_id": "pm_card_amex"})
    expired = _session(me, "deposit", amount_cents=200_000)
    _advance(me, days=1)
    me.post(f"/_mock/checkout-sessions/{expired}/complete")
    me.post(f"/_mock/checkout-sessions/{expired}/expire")
    look_around(me)


def _deposit_with_recharge(caller: Caller) -> None:
    for key, card in (("plain", None), ("amex", "pm_card_amex")):
        me = caller.as_(f"sk_test_recharge_{key}")
        session = _session(
            me,
            "deposit",
            amount_cents=20_000,
            auto_recharge_enabled=True,
            auto_recharge_threshold_microcents=1_000_000_000,
            auto_recharge_amount_cents=7_500,
            **PAGES,
        )
        me.post(
            f"/_mock/checkout-sessions/{session}/complete",
            {"payment_method_id": card} if card else None,
        )
        me.get("auto-recharge")
        me.post("/_mock/usage", {"type": "js", "requests": 290_000})
        look_around(me)


def _recharges(caller: Caller) -> None:
    for persona in ("low_balance", "card_declined", "card_expiring", "new", "subscriber"):
        me = caller.as_(f"sk_test_{persona}")
        me.post("auto-recharge/test")
        me.put("auto-recharge", {"enabled": True, "threshold_microcents": 200_000_000_000})
        me.put("auto-recharge", {"enabled": True, "stripe_payment_method_id": "pm_card_unknown"})
        consent = {"consent_text": "I agree.", "consent_source": "settings", "terms_version": "1"}
        me.put("auto-recharge", {"enabled": True, "recharge_amount_cents": 2_500, **consent})
        me.post("/_mock/usage", {"type": "light", "requests": 501})
        me.get("auto-recharge/history")
        for _ in range(4):
            _advance(me, days=1)
            me.post("/_mock/usage", {"type": "ocr", "requests": 10})
        me.delete("auto-recharge")
        me.delete("auto-recharge")
        look_around(me)


def _cards(caller: Caller) -> None:
    me = caller.as_("sk_test_new")
    added: list[str] = []
    for card in (
        *(
            "pm_card_visa",
            "pm_card_mastercard",
            "pm_card_amex",
            "pm_card_visa",
            "pm_card_chargeDeclined",
        ),
        *(
            "pm_card_chargeDeclinedInsufficientFunds",
            "pm_card_chargeCustomerFail",
            "pm_1Abc",
            "pm_mock_x",
        ),
        *(
            "pm_card_authenticationRequired",
            "pm_card_authenticationRequiredOnSetup",
            "tok_visa",
            "pm_",
        ),
    ):
        response = me.post("payment-methods", {"payment_method_id": card})
        if response.status == 200:
            added.append(response.json["id"])
    me.get("payment-methods")
    for card in (added[1], added[1], "pm_card_amex", "pm_card_nothing"):
        me.post(f"payment-methods/{card}/default", label=f"default {card[:8]}")
    me.put("auto-recharge", {"enabled": True, "stripe_payment_method_id": "pm_card_amex"})
    for card in (added[0], added[0], "pm_card_amex", added[1], "pm_card_nothing"):
        me.send("DELETE", f"payment-methods/{card}", label=f"remove {card[:8]}")
    me.delete("auto-recharge")
    for card in added:
        me.send("DELETE", f"payment-methods/{card}", label="remove all")
    caller.as_("sk_test_default").post(f"payment-methods/{added[0]}/default")
    look_around(me)


def _checkout(caller: Caller) -> None:
    me = caller.as_("sk_test_checkout")
    for price, mode in (
        *(
            ("price_credits_25", "payment"),
            ("price_credits_100", "payment"),
            ("price_unknown", "payment"),
        ),
        *(("price_growth_monthly", "subscription"), ("price_growth_monthly", "payment")),
        *(("price_credits_25", "subscription"), ("price_growth_monthly", "setup")),
        *(("price_scale_monthly", "subscription"), ("price_scale_monthly", "subscription")),
    ):
        opened = me.post("checkout", {"price_id": price, "mode": mode, **PAGES})
        if opened.status == 200:
            me.post(f"/_mock/checkout-sessions/{opened.json['session_id']}/complete")
            me.get("subscription")
    me.post("checkout", {"price_id": "price_starter_monthly", **PAGES})
    look_around(me)


def _plans(caller: Caller) -> None:
    for persona in ("subscriber", "past_due", "new", "card_declined", "default"):
        me = caller.as_(f"sk_test_{persona}")
        for price in (
            *("price_growth_monthly", "price_growth_monthly", "price_starter_monthly"),
            *(
                "price_growth_monthly",
                "price_scale_monthly",
                "price_starter_monthly",
                "price_nothing",
            ),
        ):
            me.post("change-plan", {"price_id": price})
            me.get("subscription")
        for _ in range(3):
            _advance(me, days=16)
            me.get("subscription")
        look_around(me)


def _renewals(caller: Caller) -> None:
    for persona in ("subscriber", "past_due", "card_expiring"):
        me = caller.as_(f"sk_test_{persona}")
        me.post("payment-methods", {"payment_method_id": "pm_card_chargeCustomerFail"})
        me.post("payment-methods/pm_card_chargeCustomerFail/default")
        for days in (14, 1, 3, 5, 7, 31):
            _advance(me, days=days)
            me.get("subscription")
            me.get("balance")
        look_around(me)


def _promo(caller: Caller) -> None:
    me = caller.as_("sk_test_new")
    for code in ("WELCOME10", "welcome10", " WELCOME10 ", "BONUS5", "SPRING2025", "NOTHING", "ü"):
        me.post("promo/validate", {"code": code})
    for cents in (1_999, 2_000, 100_000, 2_499, 2_500):
        for code in ("WELCOME10", "BONUS5"):
            me.post("deposit", {"amount_cents": cents, "promo_code": code})
    session = _session(me, "deposit", amount_cents=100_000, promo_code="WELCOME10")
    other = _session(me, "deposit", amount_cents=100_000, promo_code="WELCOME10")
    for id in (session, other):
        me.post(f"/_mock/checkout-sessions/{id}/complete")
    me.post("promo/validate", {"code": "WELCOME10"})
    look_around(me)


def _verification(caller: Caller) -> None:
    me = caller.as_("sk_test_verification")
    for method in ("email", "sms", "pigeon", "EMAIL"):
        me.post("verify/initiate", {"action": "change_email", "method": method})
    challenge = me.post("verify/initiate", {"action": "close_account"}).json["challenge_id"]
    code = me.get("/_mock/outbox", limit=1).json["messages"][0]["code"]
    confirm = {"challenge_id": challenge, "code": code}
    for wrong in ("000000", "abc", "1"):
        me.post("verify/confirm", {**confirm, "code": wrong})
    caller.as_("sk_test_other").post("verify/confirm", confirm)
    me.post("verify/confirm", confirm)
    me.post("verify/confirm", confirm)
    locked = me.post("verify/initiate", {"action": "close_account", "method": "sms"}).json
    for _ in range(6):
        me.post("verify/confirm", {"challenge_id": locked["challenge_id"], "code": "000000"})
    expired = me.post("verify/initiate", {"action": "close_account"}).json["challenge_id"]
    _advance(me, seconds=600)
    me.post("verify/confirm", {"challenge_id": expired, "code": "000000"})
    me.post("verify/confirm", {"challenge_id": "unknown", "code": "000000"})
    look_around(me)


def _usage(caller: Caller) -> None:
    for persona in ("default", "subscriber", "exhausted", "new", "org_owner"):
        me = caller.as_(f"sk_test_{persona}")
        for kind in ("light", "js", "pdf", "ocr", "crawl"):
            me.post("/_mock/usage", {"type": kind, "requests": 7})
        me.post("/_mock/usage", {"type": "light", "requests": 1_000_000_000})
        _advance(me, days=1)
        me.post("/_mock/usage", {"type": "crawl", "requests": 1_000})
        _advance(me, to="2026-04-02T00:00:00Z")
        look_around(me)


def _alerts(caller: Caller) -> None:
    me = caller.as_("sk_test_alerts")
    every = {f"threshold_{share}_enabled": True for share in (50, 75, 90, 100)}
    me.put("usage-alerts", {"enabled": True, **every})
    for _ in range(6):
        me.post("/_mock/usage", {"type": "js", "requests": 18_000})
        me.get("/_mock/outbox")
    me.put("usage-alerts", {"enabled": False})
    me.put("usage-alerts", {"email_enabled": False, "webhook_url": "http://127.0.0.1:1/hook"})
    me.put("usage-alerts", {})
    look_around(me)


def _organizations(caller: Caller) -> None:
    organization = {"X-Organization-Id": "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"}
    owner, member = caller.as_("sk_test_org_owner"), caller.as_("sk_test_org_member")
    for me in (owner, member):
        me.post("/_mock/usage", {"type": "js", "requests": 5})
        for view in _VIEWS:
            me.get(view)
            me.get(view, organization)
        me.post("deposit", {"amount_cents": 5_000}, headers=organization)
    look_around(owner)


def _sessions(caller: Caller) -> None:
    me = caller.as_("sk_test_default")
    for path in ("setup-intent", "portal"):
        for _ in range(2):
            me.post(path)
    for host in ("localhost:8080", "billing.test", "[::1]:9", "bad host", ""):
        me.post("portal", headers={"Host": host})
    me.post("portal", headers={"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "https"})
    for _ in range(2):
        me.post("deposit", {"amount_cents": 5_000}, headers={"Idempotency-Key": "one"})


def _pages(caller: Caller) -> None:
    me = caller.as_("sk_test_power_user")
    for view in ("credit-transactions", "recent-activity", "audit-log"):
        for offset in (0, 50, 100, 1_000, 9_990, 20_000):
            me.get(view, limit=50, offset=offset)
    for page in (1, 2, 3, 1_000):
        me.get("auto-recharge/history", page=page, per_page=7)
    for limit in (1, 10, 100):
        me.get("invoices", limit=limit)
    for kind in ("scrape", "crawl", "deposit", "auto_recharge"):
        me.get("credit-transactions", limit=100, offset=100, reference_type=kind)
    for _ in range(10):
        me.get("usage-chart", days=365)


STORIES = [
    Story("deposits", _deposits),
    Story("deposits with auto-recharge", _deposit_with_recharge),
    Story("recharges", _recharges),
    Story("cards", _cards),
    Story("checkout sessions", _checkout),
    Story("plans", _plans),
    Story("renewals", _renewals),
    Story("promo codes", _promo),
    Story("verification", _verification),
    Story("usage", _usage),
    Story("usage alerts", _alerts),
    Story("organizations", _organizations),
    Story("sessions and hosts", _sessions),
    Story("long pages", _pages),
]
