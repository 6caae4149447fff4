"""The customer portal in a browser."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from tests.conftest import API, RunningServer
from tests.hosted.browser.conftest import Open, tab_to

pytestmark = pytest.mark.slow


@pytest.fixture
def subscriber(mock: RunningServer, key: str) -> Iterator[httpx.Client]:
    """An account on the Starter plan with two cards."""
    with mock.client("sk_test_subscriber") as original, mock.client(key) as client:
        client.put("/_mock/state", json=original.get("/_mock/state").json()).raise_for_status()
        yield client


@pytest.fixture
def portal(subscriber: httpx.Client) -> str:
    """The URL of its portal."""
    return str(subscriber.post(f"{API}/portal").json()["url"])


def methods(client: httpx.Client) -> dict[str, bool]:
    """Return the account's cards, and whether each is the default."""
    response = client.get(f"{API}/payment-methods").json()
    default = response["default_method_id"]
    return {
        card["stripe_payment_method_id"]: card["id"] == default
        for card in response["payment_methods"]
    }


@pytest.mark.parametrize("scripts", [True, False])
def test_cards_are_added_changed_and_removed(
    open_page: Open, subscriber: httpx.Client, portal: str, scripts: bool
) -> None:
    """It works with and without JavaScript."""
    page = open_page(portal, java_script_enabled=scripts).page
    page.get_by_test_id("new-card").select_option("pm_card_jcb")
    page.get_by_test_id("add-card").click()
    expect(page.get_by_test_id("done")).to_have_text("The card was added.")
    page.get_by_role("button", name="Make default: JCB •••• 0505").click()
    expect(page.get_by_test_id("done")).to_have_text("The default card was changed.")
    page.get_by_role("button", name="Remove Visa •••• 4242").click()
    expect(page.get_by_test_id("card")).to_have_count(2)
    assert methods(subscriber) == {"pm_card_amex": False, "pm_card_jcb": True}


@pytest.mark.parametrize("outcome", ["pass", "fail"])
def test_a_card_with_authentication_is_added_by_keyboard(
    open_page: Open, subscriber: httpx.Client, portal: str, outcome: str
) -> None:
    """The card is typed, and authenticated if necessary."""
    page = open_page(portal).page
    tab_to(page, "type-a-card")
    page.keyboard.press("Space")
    for field, text in (("number", "4000 0025 0000 3155"), ("expiry", "12/34"), ("cvc", "123")):
        tab_to(page, field)
        page.keyboard.type(text)
    tab_to(page, "hosted-payment-submit-button")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("card")).to_have_text("Visa •••• 3155")
    tab_to(page, f"authentication-{outcome}")
    page.keyboard.press("Enter")
    if outcome == "pass":
        expect(page.get_by_test_id("done")).to_have_text("The card was added.")
    else:
        expect(page.get_by_test_id("problem")).to_contain_text(
            "setup_intent_authentication_failure"
        )
    assert ("pm_card_authenticationRequiredOnSetup" in methods(subscriber)) is (outcome == "pass")


def test_a_card_in_use_cannot_be_removed(
    open_page: Open, subscriber: httpx.Client, portal: str
) -> None:
    """The page has the reason instead of a button."""
    settings = {"enabled": True, "stripe_payment_method_id": "pm_card_amex"}
    subscriber.put(f"{API}/auto-recharge", json=settings).raise_for_status()
    page = open_page(portal).page
    row = page.get_by_test_id("card").filter(has_text="American Express")
    expect(row.get_by_test_id("card-in-use")).to_contain_text("Auto-recharge pays with this card.")
    expect(row.get_by_test_id("remove-card")).to_have_count(0)


def test_a_plan_is_changed_cancelled_and_kept(
    open_page: Open, subscriber: httpx.Client, portal: str
) -> None:
    """It is upgraded at the shown price, downgraded, cancelled, and kept after all."""
    page = open_page(portal).page
    growth = page.get_by_test_id("offer").filter(has_text="Growth")
    price = growth.get_by_test_id("effect").inner_text().split(" ")[0]
    growth.get_by_test_id("change-plan").click()
    expect(page.get_by_test_id("plan")).to_have_text("Growth, $99.00 a month")
    expect(page.get_by_test_id("invoice").first).to_contain_text(price)
    page.get_by_role("button", name="Change to Starter").click()
    expect(page.get_by_test_id("pending")).to_contain_text("Starter from 2 April 2026,")
    page.get_by_test_id("resume").click()
    expect(page.get_by_test_id("renewal")).to_have_text("Renews on 2 April 2026.")
    page.get_by_test_id("cancel").click()
    expect(page.get_by_test_id("pending")).to_have_text("Ends on 2 April 2026.")
    assert subscriber.get(f"{API}/subscription").json()["cancel_at_period_end"] is True
    page.get_by_test_id("resume").click()
    assert subscriber.get(f"{API}/subscription").json()["plan"] == "growth"


def test_an_invoice_is_opened_and_printed(open_page: Open, portal: str) -> None:
    """Paper shows only the invoice and that it is of a mock."""
    page = open_page(portal, scheme="dark").page
    page.get_by_test_id("invoice-link").first.click()
    expect(page.get_by_test_id("amount")).to_have_text("$29.00")
    expect(page.locator(".screen-only")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".screen-only")).to_be_hidden()
    expect(page.get_by_test_id("test-mode")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert len(page.pdf()) > 1_000
