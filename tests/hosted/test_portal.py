"""The page where customers look after plan, cards and invoices."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.conftest import API
from tests.hosted.conftest import told


@pytest.fixture
def portal(client: httpx.Client) -> str:
    """The path of a portal page of an account with two cards and the Starter plan."""
    for card in ("pm_card_mastercard", "pm_card_amex"):
        client.post(f"{API}/payment-methods", json={"payment_method_id": card}).raise_for_status()
    client.post(f"{API}/change-plan", json={"price_id": "price_starter_monthly"}).raise_for_status()
    return httpx.URL(client.post(f"{API}/portal").json()["url"]).path


def cards(client: httpx.Client) -> dict[str, str]:
    """The account's cards, oldest first: brand and id."""
    listed = client.get(f"{API}/payment-methods").json()["payment_methods"]
    return {each["card_brand"]: each["id"] for each in reversed(listed)}


def test_the_portal_shows_plan_cards_and_invoices(client: httpx.Client, portal: str) -> None:
    """Everything that the API says of them."""
    page = client.get(portal)
    assert page.status_code == 200
    assert told(page, "plan") == "Starter, $29.00 a month"
    assert re.fullmatch(r"Renews on \d{1,2} [A-Z][a-z]+ \d{4}\.", told(page, "renewal") or "")
    assert told(page, "balance") == client.get(f"{API}/balance").json()["balance_display"]
    assert page.text.count('data-testid="card"') == len(cards(client)) == 3
    invoices = client.get(f"{API}/invoices", params={"limit": 100}).json()["invoices"]
    assert page.text.count('data-testid="invoice"') == len(invoices) > 0
    assert all(each["number"] in page.text for each in invoices)


def test_its_invoices_can_be_opened(client: httpx.Client, portal: str) -> None:
    """Each link of the list leads to a page."""
    links = re.findall(r'href="(/invoices/[^"]+)"', client.get(portal).text)
    assert links
    for link in links:
        assert client.get(link).status_code == 200


def test_another_card_becomes_the_default(client: httpx.Client, portal: str) -> None:
    """Back on the page, the API says the same."""
    amex = cards(client)["amex"]
    reply = client.post(f"{portal}/default", data={"card": amex})
    assert (reply.status_code, reply.headers["location"]) == (303, f"{portal}?done=default")
    assert told(client.get(reply.headers["location"]), "done") == "The default card was changed."
    assert client.get(f"{API}/payment-methods").json()["default_method_id"] == amex


def test_a_card_is_removed(client: httpx.Client, portal: str) -> None:
    """And is gone from the page."""
    removed = cards(client)["mastercard"]
    assert client.post(f"{portal}/remove", data={"card": removed}).status_code == 303
    assert "mastercard" not in cards(client)
    assert removed not in client.get(portal).text


def test_a_card_in_use_is_kept_and_the_page_says_why(client: httpx.Client, portal: str) -> None:
    """Auto-recharge needs it."""
    settings = {"enabled": True, "stripe_payment_method_id": "pm_card_amex"}
    client.put(f"{API}/auto-recharge", json=settings).raise_for_status()
    page = client.post(f"{portal}/remove", data={"card": cards(client)["amex"]})
    assert page.status_code == 409
    assert "Auto-recharge pays with" in (told(page, "problem") or "")
    assert "Auto-recharge pays with this card" in (told(page, "card-in-use") or "")
    assert page.text.count('data-testid="remove-card"') == 2
    assert "amex" in cards(client)


@pytest.mark.parametrize("step", ["default", "remove"])
@pytest.mark.parametrize("card", ["", "pm_unknown", "<script>alert(1)</script>"])
def test_a_card_that_is_not_there_is_named(client: httpx.Client, portal: str, step: str, card: str) -> None:
    """Nothing changes, and what was sent is shown as text."""
    before = cards(client)
    page = client.post(f"{portal}/{step}", data={"card": card})
    assert 400 <= page.status_code < 500
    assert "No such payment method" in (told(page, "problem") or "")
    assert "<script" not in page.text
    assert cards(client) == before


def test_the_plan_is_cancelled_and_kept_again(client: httpx.Client, portal: str) -> None:
    """It ends with the period, unless the customer thinks better of it."""
    assert client.post(f"{portal}/cancel").status_code == 303
    assert client.get(f"{API}/subscription").json()["cancel_at_period_end"] is True
    assert told(client.get(portal), "resume") == "Keep the Starter plan"
    assert client.post(f"{portal}/resume").status_code == 303
    assert client.get(f"{API}/subscription").json()["cancel_at_period_end"] is False
    assert told(client.get(portal), "cancel") == "Cancel at the period's end"


def test_without_a_plan_there_is_nothing_to_cancel(client: httpx.Client) -> None:
    """The page says how one pays instead."""
    portal = httpx.URL(client.post(f"{API}/portal").json()["url"]).path
    page = client.get(portal)
    assert told(page, "plan") == "No plan: you pay as you go."
    assert told(page, "cancel") is None


def test_an_unknown_step_is_not_found(client: httpx.Client, portal: str) -> None:
    """As on the checkout page."""
    assert client.post(f"{portal}/upgrade").status_code == 404


def test_an_unknown_portal_is_a_page_that_says_so(client: httpx.Client) -> None:
    """404 for the page and for each step."""
    for reply in (client.get("/portal/bps_nothing"), client.post("/portal/bps_nothing/cancel")):
        assert (reply.status_code, told(reply, "message")) == (404, "This portal session does not exist.")


@pytest.mark.usefixtures("portal")
def test_an_invoice_shows_what_was_paid(client: httpx.Client) -> None:
    """Number, status, total, and the period where there is one."""
    newest = client.get(f"{API}/invoices", params={"limit": 1}).json()["invoices"][0]
    page = client.get(newest["hosted_invoice_url"])
    assert (told(page, "status"), told(page, "amount")) == ("paid", newest["amount_display"])
    assert f"Invoice {newest['number']}" in page.text
    assert told(page, "number") == f"Invoice {newest['number']}"
    assert newest["period_start"][:4] in (told(page, "period") or "")
    assert "@media print" in page.text


def test_an_unknown_invoice_is_a_page_that_says_so(client: httpx.Client) -> None:
    """404, in words."""
    reply = client.get("/invoices/00000000-0000-4000-8000-000000000000")
    assert (reply.status_code, told(reply, "message")) == (404, "This invoice does not exist.")
