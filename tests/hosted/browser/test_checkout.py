"""The checkout page in a browser."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from mockserver import packaged
from mockserver.billing.accounts import fixtures
from tests.conftest import RunningServer
from tests.hosted.browser.conftest import Open, Opener, Shop, tab_to
from tests.hosted.conftest import balance

pytestmark = pytest.mark.slow

CARDS = fixtures.load(packaged.fixtures()).catalogue.test_cards
DECLINED = [
    card
    for card in CARDS
    if card.declines_charge and card.number and card.authentication == "never"
]
DOLLAR = 100_000_000
"""One dollar in microcents."""
ASKING = "pm_card_authenticationRequired"


def test_paying_by_keyboard_alone(
    open_page: Open, deposit: Opener, account: httpx.Client, shop: Shop
) -> None:
    """Choose a card and press Enter on Pay: the shop gets the session's id."""
    before = balance(account)
    url = deposit(promo_code="BONUS5")
    seen = open_page(url)
    page = seen.page
    tab_to(page, "card")
    page.keyboard.type("Mastercard")
    expect(page.get_by_test_id("card")).to_have_value("pm_card_mastercard")
    tab_to(page, "pay")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{shop.url}/done?session={url.rpartition('/')[2]}")
    assert balance(account) == before + 55 * DOLLAR
    seen.must_be_quiet()


def test_typing_a_card_by_keyboard_alone(
    open_page: Open, deposit: Opener, account: httpx.Client, shop: Shop
) -> None:
    """The link leads to the number; Enter in the last field of the card pays."""
    before = balance(account)
    page = open_page(deposit(), width=390).page
    tab_to(page, "type-a-card")
    page.keyboard.press("Enter")
    page.keyboard.type("5555 5555 5555 4444")
    for field, text in (("expiry", "12/34"), ("cvc", "123")):
        tab_to(page, field)
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"{shop.url}/done.*"))
    assert balance(account) == before + 50 * DOLLAR


@pytest.mark.parametrize("card", DECLINED, ids=lambda card: card.id)
def test_a_declined_card_has_its_reason_and_another_pays(
    open_page: Open, deposit: Opener, account: httpx.Client, shop: Shop, card: Any
) -> None:
    """The page shows each reason."""
    before = balance(account)
    page = open_page(deposit()).page
    page.get_by_test_id("card").select_option(card.id)
    page.get_by_test_id("pay").click()
    expect(page.get_by_role("alert")).to_have_text(
        f"Your card was declined ({card.declines_charge}). Use another card."
    )
    expect(page).to_have_title(re.compile("^Problem: "))
    assert balance(account) == before
    page.get_by_test_id("pay").click()
    page.wait_for_url(re.compile(f"{shop.url}/done.*"))
    assert balance(account) == before + 50 * DOLLAR


@pytest.mark.parametrize("how", ["chosen", "typed"])
def test_authentication_is_passed(
    open_page: Open, deposit: Opener, account: httpx.Client, shop: Shop, how: str
) -> None:
    """The bank's page shows the payment; completing it by keyboard pays."""
    before = balance(account)
    page = open_page(deposit()).page
    if how == "chosen":
        page.get_by_test_id("card").select_option(ASKING)
        page.get_by_test_id("pay").click()
    else:
        page.get_by_test_id("type-a-card").click()
        for field, text in (("number", "4000002760003184"), ("expiry", "12/34"), ("cvc", "123")):
            page.get_by_test_id(field).fill(text)
        page.get_by_test_id("pay-typed").click()
    expect(page.get_by_test_id("amount")).to_have_text("$50.00")
    expect(page.get_by_test_id("card")).to_have_text("Visa •••• 3184")
    assert balance(account) == before
    tab_to(page, "authentication-pass")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"{shop.url}/done.*"))
    assert balance(account) == before + 50 * DOLLAR


def test_authentication_is_failed(open_page: Open, deposit: Opener, account: httpx.Client) -> None:
    """The checkout page shows the reason, and nothing is charged."""
    before = balance(account)
    page = open_page(deposit()).page
    page.get_by_test_id("card").select_option(ASKING)
    page.get_by_test_id("pay").click()
    page.get_by_test_id("authentication-fail").click()
    expect(page.get_by_test_id("problem")).to_contain_text("payment_intent_authentication_failure")
    expect(page.get_by_test_id("pay")).to_be_visible()
    assert balance(account) == before


def test_the_banks_page_can_be_left(open_page: Open, deposit: Opener) -> None:
    """The payer can choose another card, or go back in the browser."""
    url = deposit()
    page = open_page(url).page
    for leave in (lambda: page.get_by_test_id("back").click(), page.go_back):
        page.get_by_test_id("card").select_option(ASKING)
        page.get_by_test_id("pay").click()
        expect(page.get_by_test_id("authentication-pass")).to_be_visible()
        leave()
        expect(page).to_have_url(url)


def test_cancelling_goes_back_to_the_shop(
    open_page: Open, deposit: Opener, account: httpx.Client, shop: Shop
) -> None:
    """It works by keyboard, and nothing is charged."""
    before = balance(account)
    page = open_page(deposit()).page
    tab_to(page, "cancel")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{shop.url}/cancelled")
    assert balance(account) == before


def test_a_session_expires_while_its_page_is_open(
    open_page: Open, deposit: Opener, account: httpx.Client
) -> None:
    """Pay shows that it expired, and so does the page when it is opened again."""
    url = deposit()
    before = balance(account)
    page = open_page(url).page
    account.post(f"/_mock/checkout-sessions/{url.rpartition('/')[2]}/expire").raise_for_status()
    page.get_by_test_id("pay").click()
    expect(page.get_by_test_id("state")).to_have_text(
        "This session has expired. Nothing was charged."
    )
    page.goto(url)
    expect(page.get_by_test_id("state")).to_be_visible()
    expect(page.get_by_test_id("pay")).to_have_count(0)
    assert balance(account) == before


def test_a_paid_session_leads_back(
    open_page: Open, deposit: Opener, account: httpx.Client, shop: Shop
) -> None:
    """Its page shows that it is paid, with a link to the shop."""
    url = deposit()
    account.post(f"/_mock/checkout-sessions/{url.rpartition('/')[2]}/complete").raise_for_status()
    page = open_page(url).page
    expect(page.get_by_test_id("state")).to_have_text("This session has been paid.")
    page.get_by_test_id("back-to-shop").click()
    page.wait_for_url(re.compile(f"{shop.url}/done.*"))


def test_without_scripts_everything_works(
    open_page: Open, deposit: Opener, account: httpx.Client, shop: Shop
) -> None:
    """Cards are declined, typed, authenticated and paid with JavaScript switched off."""
    before = balance(account)
    page = open_page(deposit(), java_script_enabled=False).page
    page.get_by_test_id("card").select_option("pm_card_chargeDeclinedLostCard")
    page.get_by_test_id("pay").click()
    expect(page.get_by_test_id("problem")).to_contain_text("lost_card")
    page.get_by_test_id("type-a-card").click()
    for field, text in (("number", "4111 1111 1111 1111"), ("expiry", "12/34"), ("cvc", "123")):
        page.get_by_test_id(field).fill(text)
    page.get_by_test_id("pay-typed").click()
    expect(page.get_by_test_id("problem")).to_contain_text("test_mode_live_card")
    expect(page.get_by_test_id("number")).to_have_value("")
    page.get_by_test_id("card").select_option(ASKING)
    page.get_by_test_id("pay").click()
    page.get_by_test_id("authentication-pass").click()
    page.wait_for_url(re.compile(f"{shop.url}/done.*"))
    assert balance(account) == before + 50 * DOLLAR


def test_a_double_click_pays_once(
    open_page: Open, deposit: Opener, account: httpx.Client, shop: Shop
) -> None:
    """A second click charges nothing."""
    before = balance(account)
    page = open_page(deposit()).page
    page.get_by_test_id("pay").click(click_count=3, no_wait_after=True)
    page.wait_for_url(re.compile(f"{shop.url}/done.*"))
    assert balance(account) == before + 50 * DOLLAR


def test_a_shop_may_send_the_payer_on(open_page: Open, deposit: Opener, shop: Shop) -> None:
    """The shop's URL may redirect to another origin, as from a backend to its frontend."""
    seen = open_page(deposit(success_url=f"{shop.url}/elsewhere"))
    seen.page.get_by_test_id("pay").click()
    seen.page.wait_for_url(re.compile(r"http://127\.0\.0\.1:\d+/arrived"))
    assert seen.complaints == []


def test_a_link_of_the_shop_leads_to_the_page(open_page: Open, deposit: Opener, shop: Shop) -> None:
    """A navigation from another site is allowed."""
    url = deposit()
    shop.pages["/buy"] = f'<title>Buy</title><a href="{url}">Buy</a>'
    page = open_page(f"{shop.url}/buy").page
    page.get_by_text("Buy").click()
    expect(page.get_by_test_id("pay")).to_be_visible()
    page.get_by_test_id("pay").click()
    page.wait_for_url(re.compile(f"{shop.url}/done.*"))


@pytest.mark.parametrize("trick", ["form", "frame", "fetch"])
def test_another_site_cannot_use_the_page(
    open_page: Open,
    deposit: Opener,
    account: httpx.Client,
    shop: Shop,
    mock: RunningServer,
    trick: str,
) -> None:
    """A form, a frame and a script of another site are refused."""
    url = deposit()
    before = balance(account)
    shop.pages[f"/{trick}"] = {
        "form": (
            '<form method="post" '
            f'action="{url}/pay"></form><script>document.forms[0].submit()</script>'
        ),
        "frame": f'<iframe src="{url}"></iframe>',
        "fetch": '<body><script>for (const [step, method] of [["", "GET"], ["/pay", "POST"]])'
        f'fetch("{url}" + step, {{method}})'
        '.then(each => each.text()).catch(() => "refused").then(text => '
        'document.body.append(text + ";"))</script>',
    }[trick]
    page = open_page(f"{shop.url}/{trick}").page
    if trick == "form":
        expect(page.get_by_test_id("message")).to_have_text("This was sent from another site.")
    elif trick == "frame":
        page.wait_for_load_state("networkidle")
        assert not [
            frame
            for frame in page.frames
            if frame.url.startswith(mock.url) and "Pay" in frame.content()
        ]
    else:
        expect(page.locator("body")).to_have_text("refused;refused;")
    assert balance(account) == before
    assert account.get(url).text.count('data-testid="pay"') == 1
