"""How public test suites use Stripe's hosted checkout and portal, in our own words."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .conftest import Style, Wild

pytestmark = pytest.mark.slow


def by_ids(page: Any) -> None:
    # Suites with the string hosted-payment-submit-button: ids of the inputs, then the test id.
    page.fill("#email", "test@example.com")
    page.fill("#cardNumber", "4242424242424242")
    page.fill("#cardExpiry", "12/30")
    page.fill("#cardCvc", "123")
    page.fill("#billingName", "Test User")
    page.select_option("#billingCountry", "NL")
    page.click('[data-testid="hosted-payment-submit-button"]')


def by_names(page: Any) -> None:
    # Suites with the string input[name="cardNumber"]: a table of names.
    page.locator('input[name="cardNumber"]').fill("4242 4242 4242 4242")
    page.locator('input[name="cardExpiry"]').fill("1234")
    page.locator('input[name="cardCvc"]').fill("123")
    page.locator('input[name="billingName"]').fill("Jenny Rosen")
    page.locator('select[name="billingCountry"]').select_option("US")
    page.locator('input[name="billingPostalCode"]').fill("94103")
    page.get_by_test_id("hosted-payment-submit-button").click()


def by_placeholders(page: Any) -> None:
    # A suite of a Svelte project: getByPlaceholder, the start of the number's hint.
    page.get_by_placeholder("email@example.com").fill("jenny@example.com")
    page.get_by_placeholder("1234 1234 1234").fill("4242424242424242")
    page.get_by_placeholder("MM / YY").fill("01 / 30")
    page.get_by_placeholder("CVC").fill("123")
    page.get_by_placeholder("Full name on card").fill("Jenny Rosen")
    page.get_by_placeholder("ZIP").fill("94103")
    page.get_by_test_id("hosted-payment-submit-button").click()


def by_labels(page: Any) -> None:
    # assrt.ai/t/how-to-test-stripe-checkout: labels and roles.
    page.get_by_label("Email").fill("jenny@example.com")
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_label("Expiration").fill("12 / 34")
    page.get_by_label("CVC").fill("123")
    page.get_by_label("Cardholder name").fill("Jenny Rosen")
    page.get_by_label("Country or region").select_option("Germany")
    page.get_by_role("button", name=re.compile("pay", re.IGNORECASE)).click()


def by_keys(page: Any) -> None:
    # Suhani-1412/Selenium-Autopay and others: send_keys, then the class of the button.
    for id, text in (("cardNumber", "4242424242424242"), ("cardExpiry", "1234")):
        page.locator(f"#{id}").press_sequentially(text)
    page.locator("#cardCvc").press_sequentially("123")
    page.locator("#billingName").press_sequentially("Jenny")
    page.locator("button.SubmitButton").click()


def by_enter(page: Any) -> None:
    # Robot Framework suites: Input Text, then Press Keys RETURN in the last field.
    page.locator("id=cardNumber").fill("4242424242424242")
    page.locator("id=cardExpiry").fill("12/2034")
    page.locator("id=cardCvc").fill("123")
    page.locator("id=cardCvc").press("Enter")


def by_autocomplete(page: Any) -> None:
    # Scripts with several candidates for each input, autocomplete among them.
    page.locator('input[autocomplete="email"]').fill("jenny@example.com")
    page.locator('input[autocomplete="cc-number"]').fill("4242424242424242")
    page.locator('input[autocomplete="cc-exp"]').fill("12 / 34")
    page.locator('input[autocomplete="cc-csc"]').fill("123")
    page.locator('button[type="submit"]').click()


STYLES = [by_ids, by_names, by_placeholders, by_labels, by_keys, by_enter, by_autocomplete]


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.__name__)
def test_the_checkout_is_paid(wild: Wild, style: Style) -> None:
    """The page goes back to the shop."""
    style(wild.checkout())
    wild.must_be_paid()


def test_the_address_is_stripes(wild: Wild) -> None:
    """Suites wait for the path of a hosted page, and keep it after an error."""
    # A suite of a pay library: the address matches /c/pay/cs_test_...
    page = wild.checkout()
    assert re.search(r"/c/pay/cs_test_\w+$", page.url)
    page.fill("#cardNumber", "4000000000000002")
    page.fill("#cardExpiry", "1234")
    page.fill("#cardCvc", "123")
    page.fill("#billingName", "Jenny Rosen")
    page.click("[data-testid=hosted-payment-submit-button]")
    assert "declined" in page.get_by_role("alert").text_content()
    assert "/c/pay/cs_test_" in page.url
    # The payer corrects the number alone: all other fields keep what was typed.
    assert page.input_value("#billingName") == "Jenny Rosen"
    page.fill("#cardNumber", "4242424242424242")
    page.click("[data-testid=hosted-payment-submit-button]")
    wild.must_be_paid()


def test_a_plan_is_subscribed_to(wild: Wild) -> None:
    """The button of a subscription has the word that suites look for."""
    # makerkit.dev and others: the button named Subscribe.
    page = wild.subscription()
    page.fill("#cardNumber", "4242 4242 4242 4242")
    page.fill("#cardExpiry", "12 / 34")
    page.fill("#cardCvc", "123")
    page.get_by_role("button", name=re.compile("subscribe", re.IGNORECASE)).click()
    wild.must_be_paid()


def test_the_bank_is_asked_on_a_page(wild: Wild) -> None:
    """The buttons have the ids of Stripe's test page."""
    # Selenium suites: By.ID test-source-authorize-3ds on the page of a redirect.
    page = wild.checkout()
    page.fill("#cardNumber", "4000002760003184")
    page.fill("#cardExpiry", "1234")
    page.fill("#cardCvc", "123")
    page.press("#cardCvc", "Enter")
    page.locator("#test-source-authorize-3ds").click()
    wild.must_be_paid()


def test_the_portal_cancels_a_plan(wild: Wild) -> None:
    """The button has the name that suites of Stripe's portal use."""
    # A page object for the portal: [data-test="cancel-subscription"].
    page = wild.portal()
    page.locator('[data-test="cancel-subscription"]').click()
    assert "ends" in page.get_by_role("status").text_content()
    page.locator('[data-test="renew-subscription"]').click()


def test_the_portal_adds_a_card(wild: Wild) -> None:
    """The form has the ids of Stripe's own form."""
    # Suites of the portal fill in a card as on the checkout page.
    page = wild.portal()
    page.get_by_text("Enter a card number instead").click()
    page.fill("#cardNumber", "5555555555554444")
    page.fill("#cardExpiry", "12/34")
    page.fill("#cardCvc", "123")
    page.get_by_test_id("hosted-payment-submit-button").click()
    assert "added" in page.get_by_role("status").text_content()
