"""The customer portal and setup intents: URLs and secrets for a browser."""

from __future__ import annotations

import re

from tests.api.account import Account


def test_a_portal_session_leads_to_a_page(account: Account) -> None:
    """The page shows the cards and the invoices of the account."""
    session = account.post("portal")
    assert set(session) == {"url"}
    page = account.client.get(session["url"])
    assert page.status_code == 200
    assert "4242" in page.text
    assert account.get("invoices")["invoices"][0]["number"] in page.text
    assert account.audited(1) == ["portal.opened"]


def test_every_portal_session_is_new(account: Account) -> None:
    """No two sessions have the same URL."""
    assert account.post("portal") != account.post("portal")


def test_the_portal_changes_the_account(account: Account) -> None:
    """A card that is removed in the portal is gone from the API."""
    url = account.post("portal")["url"]
    assert account.client.post(f"{url}/remove", data={"card": "pm_card_visa"}).status_code == 303
    assert account.get("payment-methods")["payment_methods"] == []
    entry = account.get("audit-log", limit=1)["entries"][0]
    assert (entry["action"], entry["actor"]) == ("payment_method.removed", "payer")


def test_a_cancelled_plan_ends_with_its_period(account: Account) -> None:
    """Until then it can be resumed; afterwards there is no plan and no charge."""
    account.post("change-plan", {"price_id": "price_starter_monthly"})
    url = account.post("portal")["url"]
    account.client.post(f"{url}/cancel", data={})
    plan = account.get("subscription")
    assert (plan["status"], plan["cancel_at_period_end"]) == ("active", True)
    account.client.post(f"{url}/resume", data={})
    assert account.get("subscription")["cancel_at_period_end"] is False
    account.client.post(f"{url}/cancel", data={})
    invoices = account.get("invoices")["total"]
    account.wait(days=31)
    assert account.get("subscription")["status"] == "none"
    assert account.get("invoices")["total"] == invoices


def test_a_setup_intent_is_for_stripe_js(account: Account) -> None:
    """Its secret begins with its id, as Stripe's do; each is new, and no card is attached."""
    cards = account.get("payment-methods")
    first, second = account.post("setup-intent"), account.post("setup-intent")
    assert set(first) == {"client_secret", "id"}
    assert re.fullmatch(r"seti_[A-Za-z0-9]+", first["id"])
    assert first["client_secret"].startswith(f"{first['id']}_secret_")
    assert first["id"] != second["id"]
    assert account.get("payment-methods") == cards
    assert account.audited(2) == ["setup_intent.created", "setup_intent.created"]


def test_a_client_secret_is_not_logged(account: Account) -> None:
    """It is in neither the audit log nor the recorded requests."""
    secret = account.post("setup-intent")["client_secret"]
    assert secret not in account.call("GET", "audit-log").text
    assert secret not in account.client.get("/_mock/requests").text


def test_every_url_of_an_invoice_leads_to_a_page(account: Account) -> None:
    """The page shows the number and the amount."""
    for invoice in account.get("invoices")["invoices"]:
        page = account.client.get(invoice["hosted_invoice_url"])
        assert page.status_code == 200
        assert invoice["number"] in page.text
        assert invoice["amount_display"] in page.text
