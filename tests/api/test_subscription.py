"""The subscription: plans are started, changed, renewed, left unpaid and ended."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.account import CREDIT, DOLLAR, Account, Accounts

STARTER, GROWTH, SCALE = (f"price_{plan}_monthly" for plan in ("starter", "growth", "scale"))


def change(account: Account, price_id: str) -> dict[str, Any]:
    return account.post("change-plan", {"price_id": price_id})


def newest_invoice(account: Account) -> dict[str, Any]:
    found: dict[str, Any] = account.get("invoices", limit=1)["invoices"][0]
    return found


def test_without_a_plan_everything_of_a_plan_is_null(account: Account) -> None:
    """The status is none, the plan is free, and there is no price and no period."""
    assert account.get("subscription") == {
        "id": None,
        "status": "none",
        "plan": "free",
        "plan_name": "Free",
        "price_id": None,
        "price_cents": 0,
        "price_display": "$0.00",
        "monthly_credits": 0,
        "current_period_start": None,
        "current_period_end": None,
        "cancel_at_period_end": False,
        "pending_plan": None,
        "started_at": None,
    }


def test_changing_to_a_plan_starts_it(account: Account) -> None:
    """The default card pays, the credits are added, and all records show it."""
    before = account.balance
    plan = change(account, GROWTH)
    assert (plan["status"], plan["plan"], plan["price_display"]) == ("active", "growth", "$99.00")
    assert plan["current_period_start"] == plan["started_at"] == "2026-03-18T12:00:00.000Z"
    assert plan["current_period_end"] == "2026-04-18T12:00:00.000Z"
    assert account.get("subscription") == plan
    assert account.balance == before + plan["monthly_credits"] * CREDIT
    invoice = newest_invoice(account)
    assert (invoice["amount_cents"], invoice["status"]) == (9_900, "paid")
    entry = account.get("credit-transactions", limit=1)["transactions"][0]
    assert (entry["type"], entry["reference_type"], entry["reference_id"]) == (
        "subscription",
        "subscription",
        plan["id"],
    )
    assert account.audited(1) == ["subscription.started"]
    assert account.get("recent-activity", limit=1)["activities"][0]["type"] == "subscription"
    account.check_books()


@pytest.mark.parametrize("persona", ["default", "subscriber", "past_due"])
def test_without_a_body_nothing_changes(accounts: Accounts, persona: str) -> None:
    """The response is the current subscription."""
    someone = accounts(persona)
    before = someone.state()
    assert someone.post("change-plan") == someone.get("subscription")
    assert someone.state() == before


def test_an_upgrade_applies_at_once_and_is_prorated_by_the_second(account: Account) -> None:
    """After 15 of 31 days it costs 16/31 of the difference in price and credits."""
    change(account, GROWTH)
    account.wait(days=15)
    before = account.balance
    plan = change(account, SCALE)
    assert (plan["plan"], plan["pending_plan"]) == ("scale", None)
    assert plan["current_period_end"] == "2026-04-18T12:00:00.000Z"
    assert newest_invoice(account)["amount_cents"] == (29_900 - 9_900) * 16 // 31
    assert account.balance == before + (1_800_000 - 550_000) * 16 // 31 * CREDIT
    assert account.audited(1) == ["subscription.upgraded"]
    account.check_books()


def test_a_second_counts(account: Account) -> None:
    """An upgrade one second before the end of the period costs almost nothing."""
    change(account, GROWTH)
    account.wait(seconds=31 * 86_400 - 1)
    before = account.balance
    change(account, SCALE)
    assert newest_invoice(account)["amount_cents"] == 20_000 // (31 * 86_400)
    assert account.balance == before + 1_250_000 // (31 * 86_400) * CREDIT


def test_a_downgrade_waits_for_the_periods_end(account: Account) -> None:
    """Nothing is charged or removed until then; then the smaller plan is renewed."""
    change(account, GROWTH)
    before = account.balance, account.get("invoices")["total"]
    plan = change(account, STARTER)
    assert (plan["plan"], plan["pending_plan"], plan["cancel_at_period_end"]) == (
        "growth",
        "starter",
        False,
    )
    assert (account.balance, account.get("invoices")["total"]) == before
    account.wait(seconds=31 * 86_400 - 1)
    assert account.get("subscription")["plan"] == "growth"
    account.wait(seconds=1)
    plan = account.get("subscription")
    assert (plan["plan"], plan["pending_plan"], plan["status"]) == ("starter", None, "active")
    assert newest_invoice(account)["amount_cents"] == 2_900
    assert account.balance == before[0] + 150_000 * CREDIT
    account.check_books()


def test_choosing_the_running_plan_takes_a_downgrade_back(account: Account) -> None:
    """It costs nothing."""
    change(account, GROWTH)
    change(account, STARTER)
    invoices = account.get("invoices")
    plan = change(account, GROWTH)
    assert (plan["plan"], plan["pending_plan"]) == ("growth", None)
    assert account.get("invoices") == invoices


def test_choosing_the_running_plan_changes_nothing(account: Account) -> None:
    """The audit log is unchanged too."""
    plan = change(account, GROWTH)
    before = account.state()
    assert change(account, GROWTH) == plan
    assert account.state() == before


def test_an_upgrade_takes_a_waiting_downgrade_back(account: Account) -> None:
    """The scheduled downgrade is dropped."""
    change(account, GROWTH)
    change(account, STARTER)
    assert change(account, SCALE)["pending_plan"] is None
    account.wait(days=31)
    assert account.get("subscription")["plan"] == "scale"


@pytest.mark.parametrize("price_id", ["price_unknown", "price_credits_25", "growth", "free"])
@pytest.mark.parametrize("persona", ["default", "subscriber", "new"])
def test_a_price_that_is_no_plans_is_400(accounts: Accounts, persona: str, price_id: str) -> None:
    """The text names the prices of the plans."""
    detail = accounts(persona).refused(400, "POST", "change-plan", {"price_id": price_id})
    assert STARTER in detail


def test_without_a_card_no_plan_can_be_started(newcomer: Account) -> None:
    """The error is 400."""
    newcomer.refused(400, "POST", "change-plan", {"price_id": STARTER})


def test_a_declined_charge_is_402(accounts: Accounts) -> None:
    """The plan stays as it was."""
    declined = accounts("card_declined")
    assert "declined" in declined.refused(402, "POST", "change-plan", {"price_id": STARTER})
    subscriber = accounts("subscriber")
    subscriber.post("payment-methods", {"payment_method_id": "pm_card_chargeCustomerFail"})
    subscriber.post("payment-methods/pm_card_chargeCustomerFail/default")
    subscriber.refused(402, "POST", "change-plan", {"price_id": SCALE})
    assert subscriber.get("subscription")["plan"] == "starter"


def test_an_upgrade_while_a_renewal_is_unpaid_is_402(accounts: Accounts) -> None:
    """The open invoice has to be paid first."""
    past_due = accounts("past_due")
    past_due.refused(402, "POST", "change-plan", {"price_id": SCALE})


@pytest.mark.parametrize(
    ("body", "location"),
    [
        ({}, ["body", "price_id"]),
        ({"price_id": ""}, ["body", "price_id"]),
        ({"price_id": None}, ["body", "price_id"]),
        ({"price_id": "x" * 256}, ["body", "price_id"]),
    ],
)
def test_a_change_to_no_price_is_422(
    account: Account, body: dict[str, Any], location: list[str]
) -> None:
    """A body must name a price."""
    [problem] = account.refused(422, "POST", "change-plan", body)
    assert problem["loc"] == location


def test_a_subscription_renews_when_the_clock_passes_its_end(account: Account) -> None:
    """Each period has one invoice, charge and credit, at the moment it was due."""
    change(account, STARTER)
    before = account.balance
    account.wait(days=70)
    plan = account.get("subscription")
    assert plan["current_period_start"] == "2026-05-18T12:00:00.000Z"
    assert plan["current_period_end"] == "2026-06-18T12:00:00.000Z"
    assert plan["started_at"] == "2026-03-18T12:00:00.000Z"
    invoices = account.get("invoices", limit=3)["invoices"]
    assert [invoice["created_at"] for invoice in invoices] == [
        f"2026-0{month}-18T12:00:00.000Z" for month in (5, 4, 3)
    ]
    assert [invoice["amount_cents"] for invoice in invoices] == [2_900] * 3
    assert account.balance == before + 2 * 150_000 * CREDIT
    renewal = account.get("audit-log", limit=1)["entries"][0]
    assert (renewal["action"], renewal["actor"]) == ("subscription.renewed", "system")
    account.check_books()


def test_many_small_steps_renew_as_one_large_one(account: Account) -> None:
    """The steps of the clock leave no trace in the state."""
    change(account, STARTER)
    account.client.post("/_mock/snapshots", json={"name": "begun"}).raise_for_status()
    account.wait(days=70)
    at_once = account.state()
    account.client.post("/_mock/snapshots/begun/restore").raise_for_status()
    for _ in range(10):
        account.wait(days=7)
        account.get("balance")
    assert account.state() == at_once
    assert len(at_once["invoices"]) == 2 + 3


def test_a_declined_renewal_makes_it_past_due(account: Account) -> None:
    """The invoice is open and no credits are added; a good card pays it three days later."""
    change(account, STARTER)
    before = account.balance
    account.post("payment-methods", {"payment_method_id": "pm_card_chargeCustomerFail"})
    account.post("payment-methods/pm_card_chargeCustomerFail/default")
    account.wait(days=31)
    assert account.get("subscription")["status"] == "past_due"
    invoice = newest_invoice(account)
    assert (invoice["status"], invoice["paid_at"], invoice["amount_cents"]) == ("open", None, 2_900)
    assert account.balance == before
    account.post("payment-methods/pm_card_visa/default")
    account.wait(days=3)
    assert account.get("subscription")["status"] == "active"
    paid = newest_invoice(account)
    assert (paid["id"], paid["status"]) == (invoice["id"], "paid")
    assert paid["paid_at"] == "2026-04-21T12:00:00.000Z"
    assert account.balance == before + 150_000 * CREDIT
    account.check_books()


def test_a_renewal_that_stays_unpaid_ends_the_plan(account: Account) -> None:
    """After the third attempt the invoice is void and the plan is gone."""
    change(account, STARTER)
    account.delete("payment-methods/pm_card_visa")
    account.wait(days=31 + 7)
    assert account.get("subscription")["status"] == "none"
    assert newest_invoice(account)["status"] == "void"
    account.check_books()


def test_the_personas_on_plans_are_what_they_say(accounts: Accounts) -> None:
    """One persona has paid for three months, another owes one."""
    subscriber, past_due = accounts("subscriber"), accounts("past_due")
    assert (subscriber.get("subscription")["status"], subscriber.get("subscription")["plan"]) == (
        "active",
        "starter",
    )
    assert [invoice["status"] for invoice in subscriber.get("invoices")["invoices"]] == ["paid"] * 3
    assert past_due.get("subscription")["status"] == "past_due"
    assert [invoice["status"] for invoice in past_due.get("invoices")["invoices"]] == [
        "open",
        "paid",
    ]


def test_a_month_that_begins_on_the_31st_ends_on_the_last_day(account: Account) -> None:
    """Periods keep their day, and return to it after a shorter month."""
    account.wait(days=13)
    ends = [change(account, STARTER)["current_period_end"]]
    for _ in range(2):
        account.wait(days=31)
        ends.append(account.get("subscription")["current_period_end"])
    assert [end[:10] for end in ends] == ["2026-04-30", "2026-05-31", "2026-06-30"]


def test_a_plan_brings_its_credits_to_the_balance(newcomer: Account) -> None:
    """A plan's credits are added to the ledger at $0.0002 each."""
    newcomer.post("payment-methods", {"payment_method_id": "pm_card_visa"})
    change(newcomer, STARTER)
    assert newcomer.balance == DOLLAR + 30 * DOLLAR
    balance = newcomer.get("balance")
    assert balance["total_deposited_cents"] == 0
