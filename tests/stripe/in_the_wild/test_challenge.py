"""How public test suites pass or fail Stripe's 3-D Secure challenge, in our own words."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Style, Wild

pytestmark = pytest.mark.slow

ASKING = "4000002760003184"


@pytest.fixture
def asked(wild: Wild) -> Wild:
    """A shop whose payer is asked by the bank."""
    page = wild.open("card")
    frame = page.frame_locator(".StripeElement iframe")
    frame.locator("[name=cardnumber]").press_sequentially(ASKING + "1234" + "123" + "12345")
    page.click("#submit")
    return wild


def by_name_of_the_frame(page: Any) -> None:
    # woocommerce/woocommerce-gateway-stripe, sca-card.spec.js: page.frame(name=...), the role.
    page.locator("iframe[src*=three-ds-2-challenge]").wait_for()
    while page.frame(name="stripe-challenge-frame") is None:
        page.wait_for_timeout(50)
    page.frame(name="stripe-challenge-frame").get_by_role("button", name="Complete").click()


def by_nested_frames(page: Any) -> None:
    # Automattic's WooPayments tests: the frame at the top of the body, then the bank's.
    over = page.frame_locator('body>div>iframe[name^="__privateStripeFrame"]')
    bank = over.frame_locator('iframe[name="stripe-challenge-frame"]')
    bank.get_by_role("button", name="Complete").click()


def by_first_frame(page: Any) -> None:
    # A page object with the string stripe-challenge-frame: the first frame, then the test id.
    over = page.frame_locator('(//iframe[contains(@name,"__privateStripeFrame")])[1]')
    bank = over.frame_locator('iframe[name="stripe-challenge-frame"]')
    bank.locator('button[id="test-source-authorize-3ds"]').click()


def by_page_in_the_frame(page: Any) -> None:
    # RevenueCat's purchases-js and others: the address has three-ds-2-challenge.
    over = page.frame_locator("iframe[src*='three-ds-2-challenge']")
    over.frame_locator("#challengeFrame").locator("#test-source-authorize-3ds").click()


def by_search_of_all_frames(page: Any) -> None:
    # Scripts that look for the button in every frame of the page, again and again.
    for _ in range(100):
        for frame in page.frames:
            button = frame.query_selector("#test-source-authorize-3ds")
            if button is not None:
                button.click()
                return
        page.wait_for_timeout(50)


def by_address_of_the_bank(page: Any) -> None:
    # A page object that waits for a frame of testmode-acs.stripe.com.
    address = "testmode-acs.stripe.com/3d_secure_2_test"
    while not any(address in frame.url for frame in page.frames):
        page.wait_for_timeout(50)
    (bank,) = [frame for frame in page.frames if address in frame.url]
    bank.click("button:has-text('Complete')")


def by_absolute_path(page: Any) -> None:
    # Selenium suites: /html/body/div[1]/iframe, then LightboxModalContent, then "challengeFrame".
    over = page.wait_for_selector("xpath=/html/body/div[1]/iframe").content_frame()
    bank = over.wait_for_selector("//div[@class='LightboxModalContent']/div/iframe")
    assert bank.get_attribute("id") == "challengeFrame"
    bank.content_frame().wait_for_selector("#test-source-authorize-3ds").evaluate(
        "button => button.click()"
    )


STYLES = [
    by_name_of_the_frame,
    by_nested_frames,
    by_first_frame,
    by_page_in_the_frame,
    by_search_of_all_frames,
    by_address_of_the_bank,
    by_absolute_path,
]


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.__name__)
def test_the_challenge_is_passed(asked: Wild, style: Style) -> None:
    """The card is saved, and the frame is gone."""
    style(asked.page)
    asked.must_succeed()
    assert asked.page.locator("iframe[src*=three-ds-2-challenge]").count() == 0


def test_the_challenge_is_failed(asked: Wild) -> None:
    """The message is Stripe's."""
    # stripe.com/docs/testing and suites with the string test-source-fail-3ds.
    bank = asked.page.frame_locator("iframe[name^=__privateStripeFrame]").first
    bank.frame_locator("iframe").locator("#test-source-fail-3ds").click()
    asked.must_show("We are unable to authenticate your payment method.")


def test_the_rest_of_the_page_waits(asked: Wild) -> None:
    """Behind the challenge nothing can be clicked or focused."""
    asked.page.locator("iframe[src*=three-ds-2-challenge]").wait_for()
    assert asked.page.evaluate("document.querySelector('main').inert")
    by_nested_frames(asked.page)
    asked.must_succeed()
    assert not asked.page.evaluate("document.querySelector('main').inert")
