"""Audit log, recent activity and invoices: what they record, and how they are paged."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.account import PAGES, Account, Accounts

READS = [
    "balance",
    "credit-transactions",
    "recent-activity",
    "auto-recharge",
    "auto-recharge/history",
    "payment-methods",
    "subscription",
    "usage-breakdown",
    "usage-chart",
    "usage-realtime",
    "cost-projection",
    "usage-alerts",
    "audit-log",
    "invoices",
]
CHANGES: list[tuple[str, str, dict[str, Any] | None, str]] = [
    ("POST", "deposit", {"amount_cents": 5_000}, "deposit.created"),
    (
        "POST",
        "checkout",
        {"price_id": "price_credits_25", "mode": "payment", **PAGES},
        "checkout.created",
    ),
    ("PUT", "auto-recharge", {"enabled": True}, "auto_recharge.updated"),
    ("DELETE", "auto-recharge", None, "auto_recharge.disabled"),
    ("POST", "payment-methods", {"payment_method_id": "pm_card_amex"}, "payment_method.added"),
    ("POST", "payment-methods/pm_card_amex/default", None, "payment_method.default_set"),
    ("DELETE", "payment-methods/pm_card_amex", None, "payment_method.removed"),
    ("POST", "setup-intent", None, "setup_intent.created"),
    ("POST", "portal", None, "portal.opened"),
    ("POST", "change-plan", {"price_id": "price_growth_monthly"}, "subscription.started"),
    ("POST", "change-plan", {"price_id": "price_scale_monthly"}, "subscription.upgraded"),
    ("POST", "change-plan", {"price_id": "price_starter_monthly"}, "subscription.scheduled"),
    ("PUT", "usage-alerts", {"email_enabled": False}, "usage_alerts.updated"),
    ("POST", "verify/initiate", {"action": "close_account"}, "verification.initiated"),
]


def test_every_change_is_in_the_audit_log(account: Account) -> None:
    """Each change has one entry with the key that made it, newest first."""
    before = account.get("audit-log")["total"]
    for method, path, body, _ in CHANGES:
        assert account.call(method, path, json=body).status_code == 200
    log = account.get("audit-log", limit=len(CHANGES))
    assert [entry["action"] for entry in reversed(log["entries"])] == [
        action for *_, action in CHANGES
    ]
    assert {entry["actor"] for entry in log["entries"]} == {"api_key"}
    assert log["total"] == before + len(CHANGES)


@pytest.mark.parametrize("path", READS)
def test_reads_change_nothing(account: Account, path: str) -> None:
    """Reads leave the audit log and the whole state unchanged."""
    before = account.state()
    account.get(path)
    assert account.state() == before


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "auto-recharge/test"), ("POST", "promo/validate"), ("POST", "change-plan")],
)
def test_questions_change_nothing(account: Account, method: str, path: str) -> None:
    """A POST that only validates is not logged."""
    before = account.state()
    body = {"code": "BONUS5"} if path == "promo/validate" else None
    assert account.call(method, path, json=body).status_code == 200
    assert account.state() == before


@pytest.mark.parametrize("persona", ["default", "past_due", "power_user"])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("audit-log", "entries"),
        ("recent-activity", "activities"),
        ("credit-transactions", "transactions"),
    ],
)
def test_the_pages_of_a_list_are_complete(
    accounts: Accounts, persona: str, path: str, name: str
) -> None:
    """Pages have every entry once, newest first, and ``has_more`` is exact."""
    someone = accounts(persona)
    total = someone.get(path)["total"]
    limit = 3 if total < 100 else 100
    seen: list[str] = []
    for offset in range(0, total, limit):
        page = someone.get(path, limit=limit, offset=offset)
        assert page["total"] == total
        assert page["has_more"] == (offset + limit < total)
        moments = [entry["created_at"] for entry in page[name]]
        assert moments == sorted(moments, reverse=True)
        seen += [entry["id"] for entry in page[name]]
    assert len(seen) == len(set(seen)) == total
    assert someone.get(path, offset=total)[name] == []


@pytest.mark.parametrize(
    ("path", "name", "size"), [("audit-log", "entries", 20), ("recent-activity", "activities", 10)]
)
def test_a_page_has_its_documented_size(account: Account, path: str, name: str, size: int) -> None:
    """The documented default applies if no size is given."""
    for _ in range(12):
        account.post("payment-methods", {"payment_method_id": "pm_card_amex"})
        account.delete("payment-methods/pm_card_amex")
    page = account.get(path)
    assert (len(page[name]), page["has_more"]) == (size, True)
    assert page == account.get(path, limit=size, offset=0)


@pytest.mark.parametrize("path", ["audit-log", "recent-activity", "credit-transactions"])
@pytest.mark.parametrize(
    ("params", "wrong"),
    [
        ({"limit": "0"}, ["limit"]),
        ({"limit": "101"}, ["limit"]),
        ({"limit": "ten"}, ["limit"]),
        ({"offset": "-1"}, ["offset"]),
        ({"limit": "-5", "offset": "x"}, ["limit", "offset"]),
    ],
)
def test_a_page_out_of_bounds_is_422(
    account: Account, path: str, params: dict[str, str], wrong: list[str]
) -> None:
    """All problems are listed."""
    problems = account.refused(422, "GET", path, params=params)
    assert sorted(problem["loc"] for problem in problems) == [["query", name] for name in wrong]


@pytest.mark.parametrize(
    "params", [{"page": "0"}, {"per_page": "0"}, {"per_page": "101"}, {"page": "first"}]
)
def test_a_numbered_page_out_of_bounds_is_422(account: Account, params: dict[str, str]) -> None:
    """Pages start at 1 and have up to 100 entries."""
    [problem] = account.refused(422, "GET", "auto-recharge/history", params=params)
    assert problem["loc"] == ["query", *params]


@pytest.mark.parametrize("limit", ["0", "101", "all", ""])
def test_a_number_of_invoices_out_of_bounds_is_422(account: Account, limit: str) -> None:
    """The limit is from 1 to 100."""
    [problem] = account.refused(422, "GET", "invoices", params={"limit": limit})
    assert problem["loc"] == ["query", "limit"]


def test_recent_activity_leaves_single_charges_out(account: Account) -> None:
    """It has alerts, cards and credits; single charges are in the ledger only."""
    before = account.get("recent-activity")
    account.use("light", 100)
    assert account.get("recent-activity") == before


def test_money_that_moved_is_the_same_in_activity_and_ledger(account: Account) -> None:
    """Both have every deposit, bonus and refund with its amount, in the same order."""
    account.deposit(5_000, promo_code="BONUS5")
    kinds = {"deposit", "bonus", "refund", "auto_recharge"}
    activities = [
        activity
        for activity in account.get("recent-activity", limit=100)["activities"]
        if activity["type"] in kinds
    ]
    booked = [
        entry for entry in reversed(account.state()["ledger"]["entries"]) if entry["type"] in kinds
    ]
    assert [(activity["type"], activity["amount_microcents"]) for activity in activities] == [
        (entry["type"], entry["amount_microcents"]) for entry in booked
    ]
    assert len(activities) > 3


def test_the_newest_invoice_comes_first(account: Account) -> None:
    """Numbers have no gaps; the limit cuts off the oldest, and ``has_more`` shows it."""
    for _ in range(10):
        account.deposit(1_000)
    page = account.get("invoices")
    total = page["total"]
    assert (len(page["invoices"]), page["has_more"]) == (10, True)
    whole = account.get("invoices", limit=100)
    assert (len(whole["invoices"]), whole["has_more"]) == (total, False)
    assert [invoice["number"] for invoice in whole["invoices"]] == [
        f"INV-{number:06d}" for number in range(total, 0, -1)
    ]
    assert account.get("invoices", limit=total)["has_more"] is False
    assert account.get("invoices", limit=total - 1)["has_more"] is True


def test_every_charge_of_a_card_has_its_invoice(accounts: Accounts) -> None:
    """A deposit, a recharge, a plan and an upgrade have one invoice each."""
    low = accounts("low_balance")
    before = low.get("invoices")["total"]
    low.use("light", 501)
    low.deposit(3_000)
    low.post("change-plan", {"price_id": "price_starter_monthly"})
    low.post("change-plan", {"price_id": "price_growth_monthly"})
    invoices = low.get("invoices")
    assert invoices["total"] == before + 4
    newest = invoices["invoices"][:4]
    assert [entry["amount_cents"] for entry in newest] == [7_000, 2_900, 3_000, 5_000]
    assert [entry["period_start"] is not None for entry in newest] == [True, True, False, False]
    assert all(entry["paid_at"] == entry["created_at"] for entry in newest)


def test_no_record_holds_a_key(account: Account) -> None:
    """No response contains the key."""
    account.deposit(5_000)
    for path in READS:
        assert "sk_test_default" not in account.call("GET", path).text
