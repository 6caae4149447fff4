"""Accessibility, checked by axe-core, and narrow screens: every page in every state."""

from __future__ import annotations

import os
from typing import Any

import httpx
import pytest

from tests.browser import ROOT, judged
from tests.conftest import API, NOON, running_server
from tests.hosted.browser.conftest import Open, Opener
from tests.hosted.states import addresses

pytestmark = pytest.mark.slow

LOOKS = pytest.mark.parametrize(
    ("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")]
)


@LOOKS
def test_axe_finds_nothing_in_any_state(open_page: Open, axe: str, width: int, scheme: str) -> None:
    """All details are open, nothing is wider than the screen, and the console is silent."""
    with running_server(now=NOON) as mock:
        found = addresses(mock.url)
        seen = open_page(found["portal"], width=width, scheme=scheme)
        page = seen.page
        for state, address in found.items():
            page.goto(address)
            page.evaluate(
                "for (const each of document.querySelectorAll('details')) each.open = true"
            )
            assert judged(page, axe) == [], state
            assert page.evaluate("document.documentElement.scrollWidth") <= width, state
        assert seen.violations == []
        assert [complaint for complaint in seen.complaints if "404" not in complaint] == []


@LOOKS
def test_axe_finds_nothing_after_a_mistake(
    open_page: Open, axe: str, deposit: Opener, width: int, scheme: str
) -> None:
    """After an invalid card the form is open, the field marked, and the reason shown."""
    page = open_page(deposit(), width=width, scheme=scheme).page
    page.get_by_test_id("type-a-card").click()
    for field, text in (("number", "4242424242424241"), ("expiry", "12/34"), ("cvc", "123")):
        page.get_by_test_id(field).fill(text)
    page.get_by_test_id("pay-typed").click()
    page.get_by_role("alert").wait_for()
    assert judged(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_axe_finds_a_planted_violation(open_page: Open, axe: str, deposit: Opener) -> None:
    """The check itself works."""
    page = open_page(deposit()).page
    page.evaluate("document.querySelector('label[for=card]').remove()")
    assert [violation[0] for violation in judged(page, axe)] == ["select-name"]


@pytest.mark.parametrize("width", [390, 1280])
def test_long_texts_fit(
    open_page: Open, deposit: Opener, account: httpx.Client, width: int
) -> None:
    """A name without spaces is wrapped, and its markup is shown as text."""
    urls = [deposit(), str(account.post(f"{API}/portal").json()["url"])]
    urls.append(account.get(f"{API}/invoices").json()["invoices"][0]["hosted_invoice_url"])
    state = account.get("/_mock/state").json()
    long = "<img src=x onerror=alert(1)>" + "W" * 120
    state["profile"] |= {"name": long, "email": f"{long}@example.com"}
    for session in state["checkout_sessions"].values():
        session["description"] = long
    for invoice in state["invoices"]:
        invoice["description"] = invoice["number"] = long
    for card in state["wallet"]["cards"]:
        card["brand"] = long
    account.put("/_mock/state", json=state).raise_for_status()
    for url in urls:
        seen = open_page(url, width=width)
        assert "W" * 120 in seen.page.content()
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width, url
        seen.must_be_quiet()


@pytest.mark.parametrize("width", [390, 1280])
def test_hard_names_fit(open_page: Open, width: int) -> None:
    """Accents, two directions and emoji are shown, beside the balance and within the screen."""
    with running_server(now=NOON) as mock, mock.client("sk_test_unicode") as client:
        invoice = client.get(f"{API}/invoices").json()["invoices"][0]["hosted_invoice_url"]
        portal = str(client.post(f"{API}/portal").json()["url"])
        for url in (portal, invoice):
            seen = open_page(url, width=width)
            assert seen.page.locator("bdi", has_text="Ngọc-Ánh").is_visible()
            assert seen.page.get_by_test_id("company").is_visible()
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width, url
            seen.must_be_quiet()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 900)])
def test_a_short_page_is_in_the_middle(open_page: Open, width: int, height: int) -> None:
    """No page has an empty lower half: what is short has as much room above as below, or nearly."""
    with running_server(now=NOON) as mock:
        found = addresses(mock.url)
        for state in ("checkout that expired", "authentication of a payment", "message", "invoice"):
            page = open_page(found[state], width=width, height=height).page
            above, below = page.evaluate(_ROOM)
            assert 0 <= above <= below + 1, state
            assert below <= 0.45 * height, (state, below)


_ROOM = """() => {
  const boxes = [...document.querySelector("main").children].map((e) => e.getBoundingClientRect());
  const header = document.querySelector("header").getBoundingClientRect();
  return [Math.min(...boxes.map((box) => box.top)) - header.bottom,
    innerHeight - Math.max(...boxes.map((box) => box.bottom))];
}"""


SHOTS = {
    "checkout": ("checkout of a deposit", "light", 1280, 940),
    "checkout-dark": ("checkout of a plan", "dark", 1280, 940),
    "checkout-phone": ("checkout of a deposit", "light", 390, 844),
    "checkout-paid-phone-dark": ("checkout that was paid", "dark", 390, 844),
    "portal": ("portal", "light", 1280, 900),
    "portal-phone-dark": ("portal", "dark", 390, 844),
    "invoice": ("invoice", "light", 1280, 600),
}
"""The screenshots of the guides: the state of a page, and how it is seen."""


def test_screenshots_show_what_matters_first(open_page: Open) -> None:
    """Without scrolling, a payer sees the price and the way on, and no half of the page is empty.

    The pictures of the guides are only overwritten if ``UPDATE_SCREENSHOTS`` is set.
    """
    first = {
        "checkout": ["amount", "number", "cvc", "fill", "hosted-payment-submit-button", "card"],
        "checkout-dark": ["amount", "number", "renewal", "hosted-payment-submit-button"],
        "checkout-phone": ["amount", "total", "fill"],
        "checkout-paid-phone-dark": ["amount", "total"],
        "portal": ["balance", "plan", "offer", "change-plan", "cancel"],
        "portal-phone-dark": ["balance", "plan", "change-plan"],
        "invoice": ["number", "billed-to", "amount"],
    }
    with running_server(now=NOON) as mock:
        found = addresses(mock.url)
        for name, (state, scheme, width, height) in SHOTS.items():
            page = open_page(found[state], width=width, height=height, scheme=scheme).page
            for testid in first[name]:
                box = page.get_by_test_id(testid).first.bounding_box()
                assert box["y"] + box["height"] <= height, (name, testid)
            assert name != "portal" or side_by_side(page)
            if os.environ.get("UPDATE_SCREENSHOTS"):
                page.screenshot(path=ROOT / "docs" / "screenshots" / f"{name}.png")


def side_by_side(page: Any) -> bool:
    """Return whether the plans are in one row, the first one marked."""
    offers = page.get_by_test_id("offer").all()
    marked = ["marked" in offer.get_attribute("class") for offer in offers]
    tops = {offer.bounding_box()["y"] for offer in offers}
    return len(tops) == 1 and marked == [True] + [False] * (len(offers) - 1)
