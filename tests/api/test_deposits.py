"""Deposits, and the checkout of plans and credit packs, from the open session to the paid one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.account import DOLLAR, PAGES, Account, Accounts

PACK = {"price_id": "price_credits_25", "mode": "payment", **PAGES}
PLAN = {"price_id": "price_growth_monthly", "mode": "subscription", **PAGES}


def test_an_open_deposit_costs_nothing(account: Account) -> None:
    """It is a session with a page to pay on; the balance is unchanged."""
    before = account.balance
    session = account.post("deposit", {"amount_cents": 123_456})
    assert session["session_id"].startswith("cs_test_")
    assert session["url"] == f"{account.client.base_url}/checkout/{session['session_id']}".replace(
        "//c", "/c"
    )
    assert (session["amount_cents"], session["amount_display"]) == (123_456, "$1,234.56")
    assert account.balance == before
    assert account.audited(1) == ["deposit.created"]


def test_a_paid_deposit_is_seen_everywhere(newcomer: Account) -> None:
    """The payment is in the ledger, the invoices, the audit log and the recent activity."""
    session = newcomer.post("deposit", {"amount_cents": 5_000})
    paid = newcomer.pay(session["session_id"]).json()
    assert (paid["status"], paid["balance_microcents"]) == ("complete", 51 * DOLLAR)

    balance = newcomer.get("balance")
    assert (balance["balance_display"], balance["total_deposited_cents"]) == ("$51.00", 5_000)
    entry = newcomer.get("credit-transactions")["transactions"][0]
    assert (entry["type"], entry["reference_type"]) == ("deposit", "deposit")
    assert (entry["amount_microcents"], entry["reference_id"]) == (
        50 * DOLLAR,
        session["session_id"],
    )
    [invoice] = newcomer.get("invoices")["invoices"]
    assert (invoice["amount_cents"], invoice["status"], invoice["number"]) == (
        5_000,
        "paid",
        "INV-000001",
    )
    assert invoice["paid_at"] == entry["created_at"] == "2026-03-18T12:00:00.000Z"
    assert newcomer.audited(2) == ["deposit.completed", "deposit.created"]
    activity = newcomer.get("recent-activity")["activities"][0]
    assert (activity["type"], activity["amount_display"]) == ("deposit", "$50.00")
    newcomer.check_books()


def test_paying_twice_changes_nothing(account: Account) -> None:
    """The second payment has the response of the first."""
    session = account.post("deposit", {"amount_cents": 5_000, "promo_code": "BONUS5"})
    first = account.pay(session["session_id"])
    after = account.state()
    second = account.pay(session["session_id"])
    assert (second.status_code, second.content) == (200, first.content)
    assert account.state() == after


def test_a_declined_card_leaves_the_session_open(account: Account) -> None:
    """The ledger is unchanged, and another card can pay the session."""
    session = account.post("deposit", {"amount_cents": 5_000})
    before = account.state()
    response = account.pay(session["session_id"], "pm_card_chargeCustomerFail")
    assert response.status_code == 402
    assert account.state() == before
    assert account.pay(session["session_id"], "pm_card_mastercard").json()["status"] == "complete"


def test_a_session_expires_after_a_day(account: Account) -> None:
    """It can be paid until one second before 24 hours have passed."""
    late, in_time = (
        account.post("deposit", {"amount_cents": 1_000})["session_id"] for _ in range(2)
    )
    account.wait(seconds=24 * 3600 - 1)
    assert account.pay(in_time).status_code == 200
    account.wait(seconds=1)
    before = account.state()
    assert account.pay(late).status_code == 409
    assert account.state() == before


def test_a_session_belongs_to_its_account(account: Account, accounts: Accounts) -> None:
    """Another account cannot find the session."""
    session = account.post("deposit", {"amount_cents": 1_000})
    assert accounts("new").pay(session["session_id"]).status_code == 404
    assert account.pay(session["session_id"]).status_code == 200


@pytest.mark.parametrize("amount", [1_000, 200_000])
def test_ten_dollars_and_two_thousand_are_allowed(account: Account, amount: int) -> None:
    """The documented bounds are themselves allowed."""
    before = account.balance
    account.deposit(amount)
    assert account.balance == before + amount * 1_000_000


@pytest.mark.parametrize("amount", [999, 200_001, 0, -5_000, 10**18])
def test_an_amount_out_of_bounds_is_422(account: Account, amount: int) -> None:
    """Less than $10 and more than $2000 are refused."""
    [problem] = account.refused(422, "POST", "deposit", {"amount_cents": amount})
    assert problem["loc"] == ["body", "amount_cents"]
    assert problem["type"] in ("greater_than_equal", "less_than_equal")


def test_everything_that_is_wrong_is_listed_at_once(account: Account) -> None:
    """The error has one entry for each problem, with its place."""
    wrong = {
        "amount_cents": "5000",
        "success_url": "/billing",
        "promo_code": "",
        "auto_recharge_enabled": "yes",
        "auto_recharge_amount_cents": 2_499,
    }
    problems = account.refused(422, "POST", "deposit", wrong)
    assert {(problem["loc"][-1], problem["type"]) for problem in problems} == {
        ("amount_cents", "int_type"),
        ("success_url", "string_pattern_mismatch"),
        ("promo_code", "string_too_short"),
        ("auto_recharge_enabled", "bool_type"),
        ("auto_recharge_amount_cents", "greater_than_equal"),
    }


@pytest.mark.parametrize("field", ["success_url", "cancel_url"])
@pytest.mark.parametrize(
    "url",
    ["/done", "app.example.com/done", "javascript:alert(1)", "ftp://example.com/", "http://", ""],
)
def test_pages_to_return_to_are_absolute_urls(account: Account, field: str, url: str) -> None:
    """Only http and https URLs are accepted, for deposits and for checkouts."""
    for path, body in (("deposit", {"amount_cents": 5_000}), ("checkout", PACK)):
        [problem] = account.refused(422, "POST", path, {**body, field: url})
        assert problem["loc"] == ["body", field]


@pytest.mark.parametrize(
    ("code", "amount", "bonus_cents"),
    [
        ("WELCOME10", 2_000, 200),
        ("WELCOME10", 200_000, 2_000),
        ("welcome10", 2_005, 200),
        ("BONUS5", 2_500, 500),
    ],
)
def test_a_promo_code_brings_its_bonus(
    newcomer: Account, code: str, amount: int, bonus_cents: int
) -> None:
    """Ten percent up to $20, or $5 flat, is credited as an entry of its own."""
    session = newcomer.deposit(amount, promo_code=code)
    bonus, deposit, _ = newcomer.get("credit-transactions")["transactions"]
    assert (bonus["type"], bonus["reference_type"]) == ("bonus", "promo")
    assert bonus["amount_microcents"] == bonus_cents * 1_000_000
    assert bonus["reference_id"] == session["session_id"]
    assert deposit["amount_microcents"] == amount * 1_000_000
    balance = newcomer.get("balance")
    assert balance["balance_microcents"] == (100 + amount + bonus_cents) * 1_000_000
    assert balance["total_deposited_cents"] == amount
    assert newcomer.audited(2) == ["promo_code.redeemed", "deposit.completed"]
    assert [
        activity["type"] for activity in newcomer.get("recent-activity", limit=2)["activities"]
    ] == [
        "bonus",
        "deposit",
    ]
    newcomer.check_books()


@pytest.mark.parametrize(
    ("code", "amount", "reason"),
    [
        ("NO_SUCH_CODE", 5_000, "exist"),
        ("SPRING2025", 5_000, "expired"),
        ("WELCOME10", 1_999, "$20"),
        ("BONUS5", 2_499, "$25"),
    ],
)
def test_a_promo_code_that_cannot_be_used_is_400(
    newcomer: Account, code: str, amount: int, reason: str
) -> None:
    """The deposit is refused with the reason, and no session is opened."""
    detail = newcomer.refused(400, "POST", "deposit", {"amount_cents": amount, "promo_code": code})
    assert reason in detail


def test_a_promo_code_works_once_for_each_account(newcomer: Account, accounts: Accounts) -> None:
    """A second deposit with it is refused; another account may still use it."""
    newcomer.deposit(5_000, promo_code="BONUS5")
    assert "used" in newcomer.refused(
        400, "POST", "deposit", {"amount_cents": 5_000, "promo_code": "BONUS5"}
    )
    accounts("somebody").deposit(5_000, promo_code="BONUS5")


def test_two_open_deposits_with_one_code_get_one_bonus(newcomer: Account) -> None:
    """The first deposit that is paid uses up the code."""
    sessions = [
        newcomer.post("deposit", {"amount_cents": 5_000, "promo_code": "BONUS5"}) for _ in range(2)
    ]
    bonuses = [newcomer.pay(session["session_id"]).json()["bonus_cents"] for session in sessions]
    assert bonuses == [500, 0]
    assert newcomer.balance == (100 + 2 * 5_000 + 500) * 1_000_000
    newcomer.check_books()


def test_a_deposit_switches_auto_recharge_on(newcomer: Account) -> None:
    """Auto-recharge is enabled when the deposit is paid, with the card that paid."""
    session = newcomer.post(
        "deposit",
        {
            "amount_cents": 5_000,
            "auto_recharge_enabled": True,
            "auto_recharge_threshold_microcents": 7 * DOLLAR,
            "auto_recharge_amount_cents": 2_500,
        },
    )
    assert newcomer.get("auto-recharge")["enabled"] is False
    newcomer.pay(session["session_id"], "pm_card_mastercard").raise_for_status()
    settings = newcomer.get("auto-recharge")
    assert settings["enabled"] is True
    assert (settings["threshold_display"], settings["recharge_amount_display"]) == (
        "$7.00",
        "$25.00",
    )
    assert settings["stripe_payment_method_id"] == "pm_card_mastercard"
    assert settings["consent_source"] == "deposit_flow"
    assert newcomer.get("balance")["auto_recharge"]["enabled"] is True
    [card] = newcomer.get("payment-methods")["payment_methods"]
    assert (card["stripe_payment_method_id"], card["is_default"]) == ("pm_card_mastercard", True)


def test_a_deposit_that_leaves_recharge_amounts_out_takes_the_defaults(account: Account) -> None:
    """The defaults are $50 below $5; null means the same as leaving a field out."""
    account.deposit(5_000, auto_recharge_enabled=True, auto_recharge_amount_cents=None)
    settings = account.get("auto-recharge")
    assert (settings["threshold_microcents"], settings["recharge_amount_cents"]) == (
        500_000_000,
        5_000,
    )


def test_a_deposit_that_does_not_ask_leaves_auto_recharge_alone(accounts: Accounts) -> None:
    """The existing settings stay as they are."""
    low = accounts("low_balance")
    before = low.get("auto-recharge")
    low.deposit(5_000)
    assert low.get("auto-recharge") == before


def test_a_credit_pack_is_bought_once(newcomer: Account) -> None:
    """Its price is credited like a deposit."""
    session = newcomer.post("checkout", PACK)
    assert set(session) == {"session_id", "url"}
    assert newcomer.balance == DOLLAR
    newcomer.pay(session["session_id"]).raise_for_status()
    assert newcomer.balance == 26 * DOLLAR
    [invoice] = newcomer.get("invoices")["invoices"]
    assert (invoice["amount_cents"], invoice["period_start"], invoice["period_end"]) == (
        2_500,
        None,
        None,
    )
    assert newcomer.get("subscription")["status"] == "none"
    newcomer.check_books()


def test_a_plan_starts_when_its_checkout_is_paid(newcomer: Account) -> None:
    """The plan, its credits, an invoice with a period and the card for renewals exist at once."""
    session = newcomer.post(
        "checkout", {scenario: PLAN[scenario] for scenario in PLAN if scenario != "mode"}
    )
    assert newcomer.get("subscription")["status"] == "none"
    newcomer.pay(session["session_id"]).raise_for_status()
    plan = newcomer.get("subscription")
    assert (plan["status"], plan["plan"], plan["price_id"]) == (
        "active",
        "growth",
        "price_growth_monthly",
    )
    assert plan["current_period_start"] == "2026-03-18T12:00:00.000Z"
    assert plan["current_period_end"] == "2026-04-18T12:00:00.000Z"
    [invoice] = newcomer.get("invoices")["invoices"]
    assert (invoice["amount_cents"], invoice["status"]) == (9_900, "paid")
    assert (invoice["period_start"], invoice["period_end"]) == (
        plan["current_period_start"],
        plan["current_period_end"],
    )
    assert newcomer.balance == DOLLAR + plan["monthly_credits"] * 20_000
    assert len(newcomer.get("payment-methods")["payment_methods"]) == 1
    newcomer.check_books()


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"price_id": "price_unknown"}, "price_growth_monthly"),
        ({"mode": "payment"}, "subscription"),
        ({"mode": "rent"}, "subscription"),
        ({"mode": ""}, "subscription"),
        ({"price_id": "price_credits_25"}, "payment"),
    ],
)
def test_a_checkout_of_what_is_not_for_sale_is_400(
    account: Account, change: dict[str, Any], hint: str
) -> None:
    """An unknown price or mode is refused, and the text names the valid ones."""
    assert hint in account.refused(400, "POST", "checkout", {**PLAN, **change})


@pytest.mark.parametrize("field", ["price_id", "success_url", "cancel_url"])
def test_a_checkout_needs_its_three_fields(account: Account, field: str) -> None:
    """Missing fields are named."""
    [problem] = account.refused(
        422,
        "POST",
        "checkout",
        {scenario: PLAN[scenario] for scenario in PLAN if scenario != field},
    )
    assert (problem["loc"], problem["type"]) == (["body", field], "missing")


def test_the_page_of_a_session_exists(account: Account) -> None:
    """The URL of a session leads to a page on which it can be paid."""
    session = account.post(
        "deposit",
        {"amount_cents": 5_000, "success_url": "https://a.example/?s={CHECKOUT_SESSION_ID}"},
    )
    before = account.balance
    page = account.client.get(session["url"])
    assert page.status_code == 200
    assert "$50.00" in page.text
    paid = account.client.post(f"{session['url']}/pay", data={})
    assert paid.status_code == 303
    assert paid.headers["location"] == f"https://a.example/?s={session['session_id']}"
    assert account.balance == before + 50 * DOLLAR
    newest = account.get("audit-log", limit=1)["entries"][0]
    assert (newest["action"], newest["actor"]) == ("deposit.completed", "payer")
