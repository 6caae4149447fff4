"""Auto-recharge: its settings, its triggers, its failures, its history and its dry run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.account import DOLLAR, Account, Accounts

DEFAULTS = {
    "enabled": False,
    "threshold_microcents": 500_000_000,
    "threshold_display": "$5.00",
    "recharge_amount_cents": 5_000,
    "recharge_amount_display": "$50.00",
    "stripe_payment_method_id": None,
    "consent_text": None,
    "consent_source": None,
    "terms_version": None,
}
FULL = {
    "enabled": True,
    "threshold_microcents": 10 * DOLLAR,
    "recharge_amount_cents": 10_000,
    "stripe_payment_method_id": "pm_card_visa",
    "consent_text": "I agree.",
    "consent_source": "settings",
    "terms_version": "2026-01",
}


def history(account: Account, **params: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = account.get("auto-recharge/history", **params)["history"]
    return found


def fail_times(account: Account, times: int) -> None:
    """Record usage once a minute: each time, a recharge is attempted."""
    account.leave(5 * DOLLAR)
    for _ in range(times):
        account.use("light", 1)
        account.wait(seconds=60)


def test_an_unconfigured_account_has_the_defaults(newcomer: Account) -> None:
    """The defaults are disabled, with $50 below $5, and an empty history."""
    settings = newcomer.get("auto-recharge")
    assert {name: settings[name] for name in DEFAULTS} == DEFAULTS
    assert (
        settings["last_recharge_at"],
        settings["last_failure_reason"],
        settings["updated_at"],
    ) == (None, None, None)
    assert settings["consecutive_failures"] == 0
    assert history(newcomer) == []


def test_settings_are_replaced_as_a_whole(account: Account) -> None:
    """Fields that are sent are kept; fields that are left out get their defaults."""
    settings = account.put("auto-recharge", FULL)
    assert {name: settings[name] for name in FULL} == FULL
    assert (settings["threshold_display"], settings["recharge_amount_display"]) == (
        "$10.00",
        "$100.00",
    )
    assert settings["updated_at"] == "2026-03-18T12:00:00.000Z"
    assert account.get("auto-recharge") == settings
    assert account.get("balance")["auto_recharge"]["threshold_display"] == "$10.00"
    back = account.put("auto-recharge", {})
    assert {name: back[name] for name in DEFAULTS} == DEFAULTS
    assert account.audited(2) == ["auto_recharge.updated", "auto_recharge.updated"]


def test_disabling_keeps_the_other_settings(account: Account) -> None:
    """Disabling keeps threshold, amount, card and consent."""
    account.put("auto-recharge", FULL)
    assert account.delete("auto-recharge")["status"] == "ok"
    settings = account.get("auto-recharge")
    assert {name: settings[name] for name in FULL} == {**FULL, "enabled": False}
    assert account.get("balance")["auto_recharge"]["enabled"] is False
    assert account.audited(1) == ["auto_recharge.disabled"]
    assert account.delete("auto-recharge")["status"] == "ok"


def test_enabling_needs_a_card(newcomer: Account) -> None:
    """Enabling without a card is refused with 400."""
    newcomer.refused(400, "PUT", "auto-recharge", {"enabled": True})
    newcomer.post("payment-methods", {"payment_method_id": "pm_card_visa"})
    assert newcomer.put("auto-recharge", {"enabled": True})["enabled"] is True


def test_enabling_needs_a_card_that_has_not_expired(accounts: Accounts) -> None:
    """An expiring card is accepted until its month ends."""
    expiring = accounts("card_expiring")
    assert expiring.put("auto-recharge", {"enabled": True})["enabled"] is True
    expiring.delete("auto-recharge")
    expiring.wait(days=31)
    expiring.refused(400, "PUT", "auto-recharge", {"enabled": True})


@pytest.mark.parametrize("enabled", [True, False])
def test_a_card_that_is_named_must_be_on_the_account(account: Account, enabled: bool) -> None:
    """A card that is not on the account is refused with 400, and the text names it."""
    body = {"enabled": enabled, "stripe_payment_method_id": "pm_card_amex"}
    assert "pm_card_amex" in account.refused(400, "PUT", "auto-recharge", body)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recharge_amount_cents", 2_499),
        ("recharge_amount_cents", 200_001),
        ("threshold_microcents", -1),
        ("threshold_microcents", 200_000_000_001),
        ("consent_source", "telephone"),
        ("consent_text", "x" * 5_001),
        ("terms_version", "x" * 65),
        ("stripe_payment_method_id", "visa"),
    ],
)
def test_a_setting_out_of_bounds_is_422(account: Account, field: str, value: Any) -> None:
    """A refused setting changes nothing."""
    [problem] = account.refused(422, "PUT", "auto-recharge", {**FULL, field: value})
    assert problem["loc"] == ["body", field]


@pytest.mark.parametrize(
    ("field", "value"), [("recharge_amount_cents", 2_500), ("recharge_amount_cents", 200_000)]
)
def test_the_documented_bounds_are_allowed(account: Account, field: str, value: int) -> None:
    """The bounds of $25 and $2000 are themselves allowed."""
    assert account.put("auto-recharge", {"enabled": True, field: value})[field] == value


def test_a_charge_below_the_threshold_recharges_at_once(accounts: Accounts) -> None:
    """The response to the charge shows the new balance.

    Ledger, history, invoice, audit log and recent activity agree.
    """
    low = accounts("low_balance")
    assert low.balance == 510_000_000
    invoices = low.get("invoices")["total"]
    assert low.use("light", 500)["balance_microcents"] == 5 * DOLLAR
    assert history(low) == []
    after = 5 * DOLLAR - 20_000 + 50 * DOLLAR
    assert low.use("light", 1)["balance_microcents"] == after
    [attempt] = history(low)
    assert (attempt["status"], attempt["amount_display"], attempt["failure_reason"]) == (
        "succeeded",
        "$50.00",
        None,
    )
    assert attempt["balance_before_microcents"] == 5 * DOLLAR - 20_000
    assert attempt["balance_after_microcents"] == low.balance == after
    [card] = low.get("payment-methods")["payment_methods"]
    assert attempt["payment_method_id"] == card["id"]
    newest = low.get("invoices")
    assert newest["total"] == invoices + 1
    assert (newest["invoices"][0]["id"], newest["invoices"][0]["amount_cents"]) == (
        attempt["invoice_id"],
        5_000,
    )
    recharge, charge = low.get("credit-transactions", limit=2)["transactions"]
    assert (recharge["type"], recharge["reference_type"], recharge["reference_id"]) == (
        "auto_recharge",
        "auto_recharge",
        attempt["id"],
    )
    assert charge["type"] == "usage"
    entry = low.get("audit-log", limit=1)["entries"][0]
    assert (entry["action"], entry["actor"]) == ("auto_recharge.succeeded", "system")
    assert low.get("recent-activity", limit=1)["activities"][0]["type"] == "auto_recharge"
    assert low.get("auto-recharge")["last_recharge_at"] == attempt["created_at"]
    low.check_books()


def test_nothing_is_recharged_while_it_is_off(account: Account) -> None:
    """Without auto-recharge the balance may reach zero."""
    account.leave(0)
    assert history(account) == []


def test_no_second_recharge_within_a_minute(accounts: Accounts) -> None:
    """The first charge after 60 seconds recharges again, however low the balance fell before."""
    low = accounts("low_balance")
    low.put("auto-recharge", {"enabled": True, "recharge_amount_cents": 2_500})
    low.use("light", 1_000)
    assert len(history(low)) == 1
    low.leave(DOLLAR)
    low.wait(seconds=59)
    low.use("light", 1)
    assert len(history(low)) == 1
    low.wait(seconds=1)
    low.use("light", 1)
    assert len(history(low)) == 2
    assert low.balance == 26 * DOLLAR - 2 * 20_000
    low.check_books()


def test_a_failed_recharge_is_recorded_and_changes_no_money(accounts: Accounts) -> None:
    """The history has the bank's reason and no invoice, and the settings count the failure."""
    declined = accounts("card_declined")
    invoices = declined.get("invoices")
    declined.leave(5 * DOLLAR)
    assert declined.use("light", 1)["balance_microcents"] == 5 * DOLLAR - 20_000
    [attempt] = history(declined)
    assert (attempt["status"], attempt["failure_reason"], attempt["invoice_id"]) == (
        "failed",
        "generic_decline",
        None,
    )
    assert (
        attempt["balance_before_microcents"]
        == attempt["balance_after_microcents"]
        == declined.balance
    )
    settings = declined.get("auto-recharge")
    assert (settings["enabled"], settings["consecutive_failures"]) == (True, 1)
    assert settings["last_failure_reason"] == "generic_decline"
    assert declined.get("invoices") == invoices
    assert declined.audited(1) == ["auto_recharge.failed"]
    assert (
        declined.get("recent-activity", limit=1)["activities"][0]["type"] == "auto_recharge_failed"
    )


def test_three_failures_in_a_row_disable_auto_recharge(accounts: Accounts) -> None:
    """After the third failure it is disabled, and no fourth attempt is made."""
    declined = accounts("card_declined")
    fail_times(declined, 2)
    assert declined.get("auto-recharge")["enabled"] is True
    for _ in range(2):
        declined.use("light", 1)
        declined.wait(seconds=60)
    settings = declined.get("auto-recharge")
    assert (settings["enabled"], settings["consecutive_failures"]) == (False, 3)
    assert len(history(declined)) == 3
    assert declined.audited(2) == ["auto_recharge.disabled", "auto_recharge.failed"]
    declined.check_books()


def test_a_success_resets_the_count_of_failures(accounts: Accounts) -> None:
    """Only consecutive failures count."""
    declined = accounts("card_declined")
    fail_times(declined, 2)
    declined.post("payment-methods", {"payment_method_id": "pm_card_visa"})
    declined.put(
        "auto-recharge", {**declined_settings(declined), "stripe_payment_method_id": "pm_card_visa"}
    )
    declined.use("light", 1)
    settings = declined.get("auto-recharge")
    assert (
        settings["enabled"],
        settings["consecutive_failures"],
        settings["last_failure_reason"],
    ) == (True, 0, None)
    assert [attempt["status"] for attempt in history(declined)] == ["succeeded", "failed", "failed"]


def declined_settings(account: Account) -> dict[str, Any]:
    """Return the current settings in the form of a request."""
    settings = account.get("auto-recharge")
    return {
        name: settings[name]
        for name in ("enabled", "threshold_microcents", "recharge_amount_cents")
    }


def test_enabling_again_clears_the_failures(accounts: Accounts) -> None:
    """Enabling it again resets the count of failures."""
    declined = accounts("card_declined")
    fail_times(declined, 3)
    assert declined.get("auto-recharge")["enabled"] is False
    settings = declined.put("auto-recharge", {"enabled": True})
    assert (settings["enabled"], settings["consecutive_failures"]) == (True, 0)


def test_the_default_card_pays_if_no_card_is_named(account: Account) -> None:
    """A new default card pays the next recharge."""
    account.post("payment-methods", {"payment_method_id": "pm_card_amex"})
    account.put("auto-recharge", {"enabled": True})
    account.post("payment-methods/pm_card_amex/default")
    account.leave(5 * DOLLAR)
    account.use("light", 1)
    amex = account.get("payment-methods")["default_method_id"]
    assert [attempt["payment_method_id"] for attempt in history(account)] == [amex]


def test_without_any_card_left_the_recharge_fails(account: Account) -> None:
    """If the only card was removed, the recharge fails."""
    account.put("auto-recharge", {"enabled": True})
    account.delete("payment-methods/pm_card_visa")
    account.leave(5 * DOLLAR)
    account.use("light", 1)
    [attempt] = history(account)
    assert (attempt["status"], attempt["payment_method_id"]) == ("failed", None)


def test_an_expired_card_fails_the_recharge(accounts: Accounts) -> None:
    """A card expires at the end of its month."""
    expiring = accounts("card_expiring")
    assert expiring.post("auto-recharge/test")["success"] is True
    expiring.wait(days=14)
    expiring.leave(5 * DOLLAR)
    expiring.use("light", 1)
    assert [attempt["failure_reason"] for attempt in history(expiring)] == ["expired_card"]


def test_the_history_comes_in_numbered_pages(accounts: Accounts) -> None:
    """All pages together have every attempt once, newest first; the next page is empty."""
    low = accounts("low_balance")
    low.put("auto-recharge", {"enabled": True, "recharge_amount_cents": 2_500})
    for _ in range(5):
        low.leave(5 * DOLLAR)
        low.use("light", 1)
        low.wait(seconds=60)
    pages = [low.get("auto-recharge/history", page=number, per_page=2) for number in (1, 2, 3, 4)]
    assert [len(page["history"]) for page in pages] == [2, 2, 1, 0]
    assert [page["has_more"] for page in pages] == [True, True, False, False]
    assert [(page["page"], page["per_page"], page["total"]) for page in pages] == [
        (n, 2, 5) for n in (1, 2, 3, 4)
    ]
    united = [attempt for page in pages for attempt in page["history"]]
    assert united == history(low)
    assert len({entry["id"] for entry in united}) == 5
    moments = [entry["created_at"] for entry in united]
    assert moments == sorted(moments, reverse=True)
    assert low.get("auto-recharge/history", per_page=5)["has_more"] is False


def test_the_history_starts_with_page_one_of_twenty(account: Account) -> None:
    """The documented defaults are page 1 and 20 entries."""
    page = account.get("auto-recharge/history")
    assert (page["page"], page["per_page"], page["total"], page["has_more"]) == (1, 20, 0, False)


def test_a_test_charges_nothing(account: Account) -> None:
    """The dry run names the card and the amount, and how long the card is valid."""
    before = account.state()
    check = account.post("auto-recharge/test")
    assert (check["success"], check["payment_method_valid"], check["card_expired"]) == (
        True,
        True,
        False,
    )
    assert (check["card_brand"], check["card_last4"], check["recharge_amount_cents"]) == (
        "visa",
        "4242",
        5_000,
    )
    assert check["card_days_until_expiry"] > 300
    assert account.state() == before


def test_a_test_of_an_expiring_card_counts_the_days(accounts: Accounts) -> None:
    """From noon of March 18th to the end of the month there are thirteen whole days."""
    expiring = accounts("card_expiring")
    assert expiring.post("auto-recharge/test")["card_days_until_expiry"] == 13
    expiring.wait(days=14)
    check = expiring.post("auto-recharge/test")
    assert (check["success"], check["payment_method_valid"], check["card_expired"]) == (
        False,
        False,
        True,
    )


def test_a_test_of_a_bad_card_is_a_success(accounts: Accounts) -> None:
    """The status is 200, ``success`` is false, and the body has the reason."""
    declined = accounts("card_declined").post("auto-recharge/test")
    assert (declined["success"], declined["payment_method_valid"], declined["card_expired"]) == (
        False,
        False,
        False,
    )
    assert "generic_decline" in declined["message"]
    nothing = accounts("new").post("auto-recharge/test")
    assert (nothing["success"], nothing["card_brand"], nothing["card_days_until_expiry"]) == (
        False,
        None,
        None,
    )
