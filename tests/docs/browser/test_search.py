"""What readers look for is found first. The page's own code searches."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import yaml

from tests.conftest import RunningServer
from tests.docs.browser.conftest import Open
from tests.docs.html_page import made
from tests.docs.specs import spec

pytestmark = pytest.mark.slow

LISTS = sorted(Path(__file__).with_name("queries").glob("*.yaml"))
"""What readers type, and the places that are right for it, one list for each author.

A place is the anchor of a part of the reference, or the address of a guide below ``guides/``.
``guides/NAME#*`` is any section of that guide.
"""

QUERIES = {
    "balance": "operation-get_balance",
    "deposit": "operation-create_deposit",
    "add money": "operation-create_deposit",
    "top up": "operation-create_deposit",
    "coupon": "operation-validate_promo_code",
    "promo codes": "operation-validate_promo_code",
    "discount code": "operation-validate_promo_code",
    "add a card": "operation-add_payment_method",
    "delete card": "operation-remove_payment_method",
    "default card": "operation-set_default_payment_method",
    "credit cards": "operation-list_payment_methods",
    "cancel subscription": "operation-create_portal_session",
    "upgrade plan": "operation-change_plan",
    "subscribtion": "operation-get_subscription",
    "invoices": "operation-list_invoices",
    "recipt": "operation-list_invoices",
    "transaction history": "operation-list_credit_transactions",
    "balance_after": "operation-list_credit_transactions",
    "forecast": "operation-get_cost_projection",
    "auto top up": "operation-get_auto_recharge",
    "recharge threshold": "operation-get_auto_recharge",
    "turn off auto-recharge": "operation-disable_auto_recharge",
    "low balance alert": "operation-get_usage_alerts",
    "audit": "operation-list_audit_log",
    "setup intent": "operation-create_setup_intent",
    "depsoit": "operation-create_deposit",
    "create_deposit": "operation-create_deposit",
    "/billing/portal": "operation-create_portal_session",
    "rate limit": "guide-rate-limits",
    "Retry-After": "header-retry-after",
    "429": "response-toomanyrequests",
    "webhook signature": "guide-webhooks",
    "idempotency": "guide-repeating-requests",
    "api key": "guide-authentication",
    "microcents": "guide-money-and-units",
    "pagination": "guide-pagination",
    "error codes": "guide-errors",
    "how do I verify a webhook": "guide-webhooks",
    "autorecharge history": "operation-list_auto_recharge_history",
    "team account": "guide-organizations",
    "duplicate requests": "guide-repeating-requests",
    "idempotent retry": "guide-repeating-requests",
    "next page": "guide-pagination",
}
"""Queries and the part of the page that must come first."""


def first_hit(page: Any, query: str) -> str:
    """Return the target of the first result."""
    page.fill("#search", query)
    target: str = page.locator(".hit").first.get_attribute("data-target")
    return target


def test_what_readers_look_for_is_found_first(open_page: Open, on_disk: str) -> None:
    """Titles come before texts, operations before guides, and readers use words of their own."""
    page = open_page(on_disk).page
    found = {query: first_hit(page, query) for query in QUERIES}
    assert found == QUERIES


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
@pytest.mark.parametrize(("start", "missed"), [("reference", 0.08), ("guides/", 0.125)])
def test_lists_of_strangers_are_found_first(
    open_page: Open, mock: RunningServer, start: str, missed: float, path: Path
) -> None:
    """On the mock, a search leads to guides and reference, whatever page it begins on."""
    address = f"{mock.url}/docs/{start}"
    page = open_page(address).page
    queries: dict[str, list[str]] = yaml.safe_load(path.read_text())
    wrong = {
        query: place
        for query, places in queries.items()
        if not is_one_of(place := first_place(page, address, query), places)
    }
    assert len(wrong) <= missed * len(queries), wrong


def first_place(page: Any, address: str, query: str) -> str:
    """Return the place of the first result: an anchor of the reference, or a guide."""
    page.fill("#search", query)
    hit = page.locator(".hit").first
    href = hit.get_attribute("data-href") or f"#{hit.get_attribute('data-target')}"
    place: str = urljoin(address, href).partition("/docs/")[2]
    return place.removeprefix("reference#")


def is_one_of(place: str, places: list[str]) -> bool:
    sections = tuple(known.removesuffix("*") for known in places if known.endswith("#*"))
    return place in places or (bool(sections) and place.startswith(sections))


def test_a_section_of_links_is_not_found(open_page: Open, mock: RunningServer) -> None:
    """On the index of the guides, a search leads to the guide itself."""
    address = f"{mock.url}/docs/guides/"
    page = open_page(address).page
    for query, guide in {"docker": "containers", "playwright": "frontend"}.items():
        place = first_place(page, address, query)
        assert place.partition("#")[0] == f"guides/{guide}"


def test_a_guide_finds_a_response_by_its_status(open_page: Open, mock: RunningServer) -> None:
    """On a page of the guides, a status leads to the response with that status."""
    address = f"{mock.url}/docs/guides/"
    page = open_page(address).page
    expected = {"401": "response-unauthorized", "429": "response-toomanyrequests"}
    assert {query: first_place(page, address, query) for query in expected} == expected


def test_a_synonym_may_have_little_words_between(open_page: Open, on_disk: str) -> None:
    """Words without a meaning of their own do not separate the words of a synonym."""
    page = open_page(on_disk).page
    assert first_hit(page, "how much money do I have left") == "operation-get_balance"


def test_one_name_is_found_however_it_is_written(open_page: Open, on_disk: str) -> None:
    """Compound words may be written as one word or as several, and names of headers with dashes."""
    page = open_page(on_disk).page
    top_up = ["top up", "topup", "top-up", "Top_Up"]
    assert {first_hit(page, query) for query in top_up} == {"operation-create_deposit"}
    recharge = ["auto recharge settings", "autorecharge settings", "auto-topup settings"]
    assert {first_hit(page, query) for query in recharge} == {"operation-get_auto_recharge"}
    notify = ["notify", "notified", "notifications", "notifcation"]
    assert len({first_hit(page, query) for query in notify}) == 1
    spelt = ["organisation", "organization"]
    assert {first_hit(page, query) for query in spelt} == {"guide-organizations"}
    key = ["X-API-Key", "x api key", "how do I pass the api key?", "api_key"]
    assert {first_hit(page, query) for query in key} == {"guide-authentication"}


def test_a_field_is_found_in_its_operation(open_page: Open, on_disk: str) -> None:
    """The result leads to the field, and the page shows it."""
    page = open_page(on_disk).page
    page.fill("#search", "promo_code")
    hit = page.locator(".hit").first
    assert hit.get_attribute("data-target") == "operation-create_deposit"
    hit.click()
    page.wait_for_function("location.hash === '#DepositCreate.promo_code'")


def test_nothing_found_is_followed_by_a_suggestion(open_page: Open, on_disk: str) -> None:
    """Operations with similar titles are suggested."""
    page = open_page(on_disk).page
    page.fill("#search", "zzdepozzitzz")
    assert page.locator("#found .none").inner_text().startswith("Nothing found. Did you mean")
    suggested = page.locator(".hit").first.get_attribute("data-target")
    assert suggested == "operation-create_deposit"


def test_a_key_opens_the_search(open_page: Open, on_disk: str) -> None:
    """Ctrl+K works from everywhere, a slash outside of fields."""
    page = open_page(on_disk).page
    for key in ("Control+k", "/"):
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.id") == "search"


def test_on_a_phone_the_search_has_room(open_page: Open, served: str) -> None:
    """While a reader types, the box takes the place of the title."""
    page = open_page(served, width=390, height=844).page
    assert page.locator(".home").is_visible()
    page.fill("#search", "declined card")
    assert page.locator("#search").bounding_box()["width"] > 180
    assert not page.locator(".home").is_visible()


def test_other_documents_have_synonyms_of_their_own(open_page: Open, tmp_path: Path) -> None:
    """They are in the document, not in the code, and those of a wrong shape are ignored."""
    paths = {
        "/pets": {"get": {"operationId": "list_pets", "summary": "List pets"}},
        "/orders": {"get": {"operationId": "list_orders", "summary": "List orders"}},
    }
    table = {"puppy": ["pets"], "purchase": "orders", "broken": {"a": 1}, "empty": []}
    place = tmp_path / "page.html"
    place.write_text(made({**spec(paths), "x-search-synonyms": table}))
    page = open_page(place.as_uri()).page
    assert first_hit(page, "puppies") == "operation-list_pets"
    assert first_hit(page, "purchse") == "operation-list_orders"
