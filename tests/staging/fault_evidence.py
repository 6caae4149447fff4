"""For each fault a question whose answer is yes if, and only if, the fault is on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from tests.staging import seed
from tests.staging.probe import KEY, OTHER_KEY, Probe

_DEPOSIT = {"amount_cents": 5_000}
_WRONG = "not it"


def _entries(probe: Probe, offset: int = 0) -> list[dict[str, Any]]:
    path = f"/credit-transactions?limit=100&offset={offset}"
    return list(probe.get(path)["transactions"])


def _of_type(probe: Probe, kind: str) -> list[dict[str, Any]]:
    entries = _entries(probe) + _entries(probe, 100)
    return [entry for entry in entries if entry["type"] == kind]


def _cents(probe: Probe, *kinds: str) -> int:
    amounts = [entry["amount_microcents"] for kind in kinds for entry in _of_type(probe, kind)]
    return int(sum(amounts) // 1_000_000)


def _spent(probe: Probe) -> int:
    amounts = [
        entry["amount_microcents"]
        for kind in ("usage", "refund")
        for entry in _of_type(probe, kind)
    ]
    return int(-sum(amounts) // 1_000_000)


def _chain_broken(probe: Probe) -> bool:
    entries = _entries(probe)
    return any(
        newer["balance_after_microcents"] - newer["amount_microcents"]
        != older["balance_after_microcents"]
        for newer, older in pairwise(entries)
    )


def _display_of(cents: int) -> str:
    return f"${cents // 100:,}.{cents % 100:02d}"


def _pages(probe: Probe, path: str, name: str) -> tuple[str, str]:
    """Return the id of the third entry of a whole list, and of a page that begins there."""
    whole = probe.get(f"{path}?limit=10")[name][2]["id"]
    return whole, probe.get(f"{path}?limit=1&offset=2")[name][0]["id"]


def _full_page_more(probe: Probe) -> bool:
    total = probe.get("/credit-transactions?reference_type=promo")["total"]
    path = f"/credit-transactions?reference_type=promo&limit={total}"
    return bool(probe.get(path)["has_more"])


def _local_days(probe: Probe) -> bool:
    with probe.site.writing(probe.get("/auto-recharge")["user_id"]) as books:
        books.run("DELETE FROM usage")
        midnight = books.now - books.now % 86_400_000
        books.insert("usage", type="js", requests=1, credits=5, created_at=midnight)
    return bool(probe.get("/usage-chart?days=1")["data"][0]["credits"] == 0)


def _chart_gap(probe: Probe) -> bool:
    return len(probe.get("/usage-chart?days=365")["data"]) != 365


def _crawl_missing(probe: Probe) -> bool:
    breakdown, realtime = probe.get("/usage-breakdown"), probe.get("/usage-realtime")
    return bool(breakdown["total_credits"] != realtime["credits_used_month"])


def _old_usage_in_month(probe: Probe) -> bool:
    before = probe.get("/usage-realtime")["credits_used_month"]
    with probe.site.writing(probe.get("/auto-recharge")["user_id"]) as books:
        early = books.now - 33 * 86_400_000
        books.insert("usage", type="js", requests=1, credits=5, created_at=early)
    return bool(probe.get("/usage-realtime")["credits_used_month"] != before)


def _foreign_card(probe: Probe) -> str:
    return str(probe.cards(OTHER_KEY)[0]["id"])


def _default_of_others(probe: Probe) -> bool:
    return probe.status("POST", f"/payment-methods/{_foreign_card(probe)}/default") == 200


def _cached_for_all(probe: Probe) -> bool:
    mine = probe.get("/invoices")
    return bool(mine == probe.get("/invoices", OTHER_KEY))


def _organization_open(probe: Probe) -> bool:
    headers = {"X-Organization-Id": seed.ORGANIZATION}
    return probe.status("GET", "/invoices", key=OTHER_KEY, headers=headers) == 200


def _audit_of_others(probe: Probe) -> bool:
    before = probe.get("/audit-log")["total"]
    probe.call("POST", "/portal", key=OTHER_KEY)
    return bool(probe.get("/audit-log")["total"] != before)


def _challenge_of_others(probe: Probe) -> bool:
    challenge, code = probe.challenge()
    return probe.confirm(challenge, code, OTHER_KEY).status_code == 200


def _webhook_of_others(probe: Probe) -> bool:
    probe.call("PUT", "/usage-alerts", {"webhook_url": "https://example.com/a"})
    return probe.get("/usage-alerts", OTHER_KEY)["webhook_url"] is not None


def _put_lost(probe: Probe) -> bool:
    probe.call("PUT", "/auto-recharge", {"recharge_amount_cents": 7_700})
    return bool(probe.get("/auto-recharge")["recharge_amount_cents"] != 7_700)


def _put_merges(probe: Probe) -> bool:
    probe.call("PUT", "/auto-recharge", {"recharge_amount_cents": 7_700})
    probe.call("PUT", "/auto-recharge", {})
    return bool(probe.get("/auto-recharge")["recharge_amount_cents"] == 7_700)


def _url_lost(probe: Probe) -> bool:
    probe.call("PUT", "/usage-alerts", {"webhook_url": "https://example.com/a"})
    return probe.get("/usage-alerts")["webhook_url"] is None


def _disable_forgets(probe: Probe) -> bool:
    probe.call("PUT", "/auto-recharge", {"recharge_amount_cents": 7_700})
    probe.call("DELETE", "/auto-recharge")
    return bool(probe.get("/auto-recharge")["recharge_amount_cents"] != 7_700)


def _puts_mixed(probe: Probe) -> bool:
    wishes = [
        {"threshold_microcents": cents * 10**6, "recharge_amount_cents": cents}
        for cents in (3_000, 9_000)
    ]
    probe.at_once(
        *[lambda wish=wish: probe.status("PUT", "/auto-recharge", wish) for wish in wishes]
    )
    kept = probe.get("/auto-recharge")
    return bool(kept["threshold_microcents"] != kept["recharge_amount_cents"] * 10**6)


def _charged_twice(probe: Probe) -> bool:
    before = probe.get("/invoices")["total"]
    probe.call("POST", "/change-plan", {"price_id": "price_growth_monthly"})
    return bool(probe.get("/invoices")["total"] != before + 1)


def _added_twice(probe: Probe) -> bool:
    before = len(probe.cards())
    probe.call("POST", "/payment-methods", {"payment_method_id": "pm_card_amex"})
    return len(probe.cards()) != before + 1


def _refused_put_stores(probe: Probe) -> bool:
    before = probe.get("/auto-recharge")
    wish = {"enabled": True, "stripe_payment_method_id": "pm_none"}
    assert probe.status("PUT", "/auto-recharge", wish) == 400
    return bool(probe.get("/auto-recharge") != before)


def _refused_put_toggles(probe: Probe) -> bool:
    before = probe.get("/usage-alerts")
    assert probe.status("PUT", "/usage-alerts", {"enabled": "no"}) == 422
    return bool(probe.get("/usage-alerts") != before)


def _default_lost(probe: Probe) -> bool:
    listing = probe.get("/payment-methods")
    probe.call("DELETE", f"/payment-methods/{listing['default_method_id']}")
    return probe.get("/payment-methods")["default_method_id"] is None


def _in_use_removed(probe: Probe) -> bool:
    wish = {"enabled": True, "stripe_payment_method_id": "pm_card_visa"}
    probe.call("PUT", "/auto-recharge", wish)
    return probe.status("DELETE", "/payment-methods/pm_card_visa") == 200


def _removed_twice(probe: Probe) -> bool:
    path = f"/payment-methods/{probe.cards()[0]['id']}"
    statuses = probe.at_once(*[lambda: probe.status("DELETE", path)] * 2)
    return bool(statuses == [200, 200])


def _two_defaults(probe: Probe) -> bool:
    probe.call("POST", "/payment-methods", {"payment_method_id": "pm_card_amex"})
    first, second, _ = (f"/payment-methods/{card['id']}/default" for card in probe.cards())
    probe.at_once(lambda: probe.status("POST", first), lambda: probe.status("POST", second))
    return [card["is_default"] for card in probe.cards()].count(True) != 1


def _promo_twice(probe: Probe) -> bool:
    return probe.status("POST", "/deposit", {**_DEPOSIT, "promo_code": "WELCOME10"}) == 200


def _code_twice(probe: Probe) -> bool:
    challenge, code = probe.challenge()
    probe.confirm(challenge, code)
    return probe.confirm(challenge, code).status_code == 200


def _confirmed_twice(probe: Probe) -> bool:
    challenge, code = probe.challenge()
    statuses = probe.at_once(*[lambda: probe.confirm(challenge, code).status_code] * 2)
    return bool(statuses == [200, 200])


def _unlimited(probe: Probe) -> bool:
    challenge, _ = probe.challenge()
    return [probe.confirm(challenge, _WRONG).status_code for _ in range(6)][-1] == 200


def _paid_twice(probe: Probe) -> bool:
    session = probe.pay(_DEPOSIT)
    before = probe.balance()
    probe.call("POST", f"/internal/pay/{session}")
    return probe.balance() != before


def _credited_unpaid(probe: Probe) -> bool:
    before = probe.balance()
    probe.call("POST", "/deposit", _DEPOSIT)
    return probe.balance() != before


def _checked_default(probe: Probe) -> bool:
    wish = {"enabled": True, "stripe_payment_method_id": "pm_card_mastercard"}
    probe.call("PUT", "/auto-recharge", wish)
    return bool(probe.call("POST", "/auto-recharge/test").json()["card_brand"] != "mastercard")


def _removal_unlogged(probe: Probe) -> bool:
    probe.call("DELETE", f"/payment-methods/{probe.cards()[0]['id']}")
    return bool(probe.get("/audit-log")["entries"][0]["action"] != "payment_method.removed")


def _stale(probe: Probe) -> bool:
    before = probe.balance()
    probe.pay(_DEPOSIT)
    return probe.balance() == before


def _attempt_wrong(probe: Probe) -> bool:
    return any(
        attempt["balance_before_microcents"] == attempt["balance_after_microcents"]
        for attempt in probe.get("/auto-recharge/history")["history"]
        if attempt["status"] == "succeeded"
    )


def _display_differs(probe: Probe) -> bool:
    balance = probe.get("/balance")
    shown = _display_of(balance["balance_microcents"] // 1_000_000)
    return bool(balance["balance_display"] != shown)


def _deposit_display(probe: Probe) -> bool:
    opened = probe.call("POST", "/deposit", _DEPOSIT).json()
    return bool(opened["amount_display"] != "$50.00")


def _invoice_display(probe: Probe) -> bool:
    invoice = probe.get("/invoices?limit=1")["invoices"][0]
    return bool(invoice["amount_display"] != _display_of(invoice["amount_cents"]))


def _cost_off(probe: Probe) -> bool:
    light = probe.get("/usage-breakdown")["light"]
    return bool(light["cost_microcents"] != light["credits"] * 20_000)


def _deposited(probe: Probe) -> bool:
    shown = probe.get("/balance")["total_deposited_cents"]
    return bool(shown != _cents(probe, "deposit", "auto_recharge"))


EVIDENCE: dict[str, Callable[[Probe], bool]] = {
    "balance_drift": lambda probe: probe.balance() != probe.ledger_sum(),
    "balance_without_bonus": lambda probe: probe.balance() != probe.ledger_sum(),
    "spent_off_by_one": lambda probe: probe.get("/balance")["total_spent_cents"] != _spent(probe),
    "refunds_spent": lambda probe: probe.get("/balance")["total_spent_cents"] != _spent(probe),
    "bonus_deposited": _deposited,
    "tier_of_deposits": lambda probe: probe.get("/balance")["tier"] == "scale",
    "chain_broken": _chain_broken,
    "display_differs": _display_differs,
    "amount_display_unsigned": lambda probe: (
        not _of_type(probe, "usage")[0]["amount_display"].startswith("-")
    ),
    "threshold_display_of_amount": lambda probe: (
        probe.get("/auto-recharge")["threshold_display"] == "$25.00"
    ),
    "deposit_display_off": _deposit_display,
    "invoice_display_of_dollars": _invoice_display,
    "has_more_on_full_page": _full_page_more,
    "has_more_never": lambda probe: not probe.get("/audit-log?limit=1")["has_more"],
    "total_of_page": lambda probe: probe.get("/recent-activity?limit=1")["total"] == 1,
    "pages_overlap": lambda probe: (
        len(set(_pages(probe, "/credit-transactions", "transactions"))) == 2
    ),
    "pages_skip": lambda probe: len(set(_pages(probe, "/audit-log", "entries"))) == 2,
    "local_days": _local_days,
    "chart_skips_empty_days": _chart_gap,
    "breakdown_omits_crawl": _crawl_missing,
    "cost_per_credit_off": _cost_off,
    "realtime_month_of_35_days": _old_usage_in_month,
    "attempt_after_wrong": _attempt_wrong,
    "invoices_missing": lambda probe: (
        not any(
            invoice["description"] == "Auto-recharge"
            for invoice in probe.get("/invoices")["invoices"]
        )
    ),
    "card_of_others_removed": lambda probe: (
        probe.status("DELETE", f"/payment-methods/{_foreign_card(probe)}") == 200
    ),
    "default_of_others": _default_of_others,
    "cards_of_others": lambda probe: len(probe.cards()) == 3,
    "invoices_cached_by_path": _cached_for_all,
    "organization_unchecked": _organization_open,
    "audit_of_everybody": _audit_of_others,
    "challenge_of_others": _challenge_of_others,
    "webhook_url_of_others": _webhook_of_others,
    "put_not_stored": _put_lost,
    "put_merges": _put_merges,
    "webhook_url_lost": _url_lost,
    "puts_mixed": _puts_mixed,
    "plan_charged_twice": _charged_twice,
    "disable_forgets": _disable_forgets,
    "card_added_twice": _added_twice,
    "refused_put_stores": _refused_put_stores,
    "refused_put_toggles": _refused_put_toggles,
    "default_lost": _default_lost,
    "card_in_use_removed": _in_use_removed,
    "removed_twice": _removed_twice,
    "two_defaults": _two_defaults,
    "promo_twice": _promo_twice,
    "code_twice": _code_twice,
    "confirmed_twice": _confirmed_twice,
    "attempts_unlimited": _unlimited,
    "paid_twice": _paid_twice,
    "deposit_credited_unpaid": _credited_unpaid,
    "deposit_minimum_off": lambda probe: (
        probe.status("POST", "/deposit", {"amount_cents": 999}) == 200
    ),
    "crash_on_odd_input": lambda probe: (
        probe.status("POST", "/promo/validate", {"code": "é"}) == 500
    ),
    "chart_without_key": lambda probe: probe.status("GET", "/usage-chart", key=None) == 200,
    "key_prefix_accepted": lambda probe: probe.status("GET", "/balance", key=KEY[:-1]) == 200,
    "key_case_ignored": lambda probe: probe.status("GET", "/balance", key=KEY.upper()) == 200,
    "allocation_missing": lambda probe: "credits_allocated" not in probe.get("/cost-projection"),
    "total_credits_text": lambda probe: isinstance(
        probe.get("/usage-breakdown")["total_credits"], str
    ),
    "check_of_default_card": _checked_default,
    "audit_misses_removals": _removal_unlogged,
    "stale_balance": _stale,
}
