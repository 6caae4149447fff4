"""Whole flows of a billing screen, as a frontend goes through them."""

from __future__ import annotations

from tests.api.account import DOLLAR, Account, Accounts


def test_from_sign_up_to_an_automatic_recharge(newcomer: Account) -> None:
    """Sign up, save a card, deposit with a promo code, use it up, and get a recharge."""
    balance = newcomer.get("balance")
    assert (balance["balance_display"], balance["tier"]) == ("$1.00", "free")
    assert newcomer.call("PUT", "auto-recharge", json={"enabled": True}).status_code == 400

    intent = newcomer.post("setup-intent")
    assert intent["client_secret"]
    card = newcomer.post("payment-methods", {"payment_method_id": "pm_1FromStripeJs"})
    assert card["is_default"] is True

    promo = newcomer.post("promo/validate", {"code": "WELCOME10"})
    assert (promo["valid"], promo["bonus_value"]) == (True, 10)
    deposit = newcomer.post(
        "deposit",
        {
            "amount_cents": 5_000,
            "promo_code": "WELCOME10",
            "success_url": "https://app.example.com/done?s={CHECKOUT_SESSION_ID}",
            "auto_recharge_enabled": True,
        },
    )
    page = newcomer.client.get(deposit["url"])
    assert "$50.00" in page.text
    declined = newcomer.client.post(
        f"{deposit['url']}/pay", data={"card": "pm_card_chargeCustomerFail"}
    )
    assert declined.status_code == 402
    assert newcomer.get("balance")["balance_display"] == "$1.00"
    paid = newcomer.client.post(f"{deposit['url']}/pay", data={})
    assert paid.headers["location"] == f"https://app.example.com/done?s={deposit['session_id']}"

    balance = newcomer.get("balance")
    assert (balance["balance_display"], balance["tier"]) == ("$56.00", "growth")
    assert balance["auto_recharge"]["enabled"] is True
    kinds = [activity["type"] for activity in newcomer.get("recent-activity")["activities"]]
    assert kinds == ["bonus", "deposit", "payment_method_added", "bonus"]
    assert newcomer.call("DELETE", f"payment-methods/{card['id']}").status_code == 409

    newcomer.use("js", 51_000)
    assert newcomer.balance == 5 * DOLLAR
    newcomer.use("light", 1)
    assert newcomer.get("balance")["balance_display"] == "$54.99"
    assert newcomer.get("auto-recharge/history")["history"][0]["status"] == "succeeded"
    assert [invoice["amount_display"] for invoice in newcomer.get("invoices")["invoices"]] == [
        "$50.00",
        "$50.00",
    ]
    assert len([message for message in newcomer.messages() if "90 %" in message["subject"]]) == 1

    newcomer.delete("auto-recharge")
    newcomer.delete(f"payment-methods/{card['id']}")
    assert newcomer.get("payment-methods")["payment_methods"] == []
    assert newcomer.post("auto-recharge/test")["success"] is False
    newcomer.check_books()


def test_a_year_on_a_plan(account: Account) -> None:
    """Subscribe, upgrade, lose a card, pay late, downgrade, leave: every view has each step."""
    plan = account.post("change-plan", {"price_id": "price_starter_monthly"})
    assert (plan["status"], plan["plan_name"]) == ("active", "Starter")
    account.wait(days=10)
    plan = account.post("change-plan", {"price_id": "price_growth_monthly"})
    assert plan["plan"] == "growth"
    assert account.get("invoices")["invoices"][0]["amount_cents"] == (9_900 - 2_900) * 21 // 31

    account.post("payment-methods", {"payment_method_id": "pm_card_chargeCustomerFail"})
    account.post("payment-methods/pm_card_chargeCustomerFail/default")
    account.wait(days=21)
    assert account.get("subscription")["status"] == "past_due"
    owed = account.get("invoices")["invoices"][0]
    assert (owed["status"], owed["amount_cents"]) == ("open", 9_900)
    assert (
        account.call("POST", "change-plan", json={"price_id": "price_scale_monthly"}).status_code
        == 402
    )

    account.post("payment-methods/pm_card_visa/default")
    account.delete("payment-methods/pm_card_chargeCustomerFail")
    account.wait(days=3)
    assert account.get("subscription")["status"] == "active"
    assert account.get("invoices")["invoices"][0]["id"] == owed["id"]
    assert account.get("invoices")["invoices"][0]["status"] == "paid"

    account.post("change-plan", {"price_id": "price_starter_monthly"})
    assert account.get("subscription")["pending_plan"] == "starter"
    account.wait(days=30)
    assert account.get("subscription")["plan"] == "starter"

    portal = account.post("portal")["url"]
    account.client.post(f"{portal}/cancel", data={})
    assert account.get("subscription")["cancel_at_period_end"] is True
    account.wait(days=31)
    assert account.get("subscription")["status"] == "none"
    invoices = account.get("invoices")["total"]
    account.wait(days=270)
    assert account.get("invoices")["total"] == invoices
    subjects = [
        entry["action"]
        for entry in reversed(account.state()["audit_log"])
        if entry["action"].startswith("subscr")
    ]
    assert subjects == [
        "subscription.ended",
        "subscription.scheduled",
        "subscription.renewed",
        "subscription.scheduled",
        "subscription.renewed",
        "subscription.past_due",
        "subscription.upgraded",
        "subscription.started",
    ]
    account.check_books()


def test_a_card_is_removed_after_a_verification(account: Account, accounts: Accounts) -> None:
    """A wrong code, the right one, the removal, and the audit log of it."""
    challenge = account.post(
        "verify/initiate", {"action": "remove_payment_method", "method": "sms"}
    )
    assert challenge["masked_destination"].startswith("***-**")
    code = account.messages()[0]["code"]
    mistyped = code[::-1] if code != code[::-1] else "000001"
    response = account.post(
        "verify/confirm", {"challenge_id": challenge["challenge_id"], "code": mistyped}
    )
    assert (response["success"], response["remaining_attempts"]) == (False, 4)
    response = account.post(
        "verify/confirm", {"challenge_id": challenge["challenge_id"], "code": code}
    )
    assert response["success"] is True

    [card] = account.get("payment-methods")["payment_methods"]
    assert accounts("new").call("DELETE", f"payment-methods/{card['id']}").status_code == 404
    account.delete(f"payment-methods/{card['id']}")
    assert account.audited(4) == [
        "payment_method.removed",
        "verification.confirmed",
        "verification.failed",
        "verification.initiated",
    ]
    log = account.get("audit-log", limit=4)["entries"]
    assert log[0]["details"] == {
        "payment_method_id": card["id"],
        "brand": card["card_brand"],
        "last4": card["card_last4"],
    }
    assert code not in str(log)
