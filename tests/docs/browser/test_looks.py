"""Accessibility, judged by axe-core; screenshots for people, kept under ``docs/screenshots``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser import judged
from tests.docs.browser.conftest import SCREENSHOTS, Open

pytestmark = pytest.mark.slow


def test_axe_would_find_something(open_page: Open, on_disk: str, axe: str) -> None:
    """The judge is awake."""
    page = open_page(on_disk).page
    page.evaluate("document.getElementById('theme').removeAttribute('aria-label')")
    page.evaluate("document.getElementById('theme').replaceChildren()")
    assert [violation[0] for violation in judged(page, axe)] == ["button-name"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_on_the_page(
    open_page: Open, on_disk: str, axe: str, width: int, scheme: str
) -> None:
    """Nor with everything unfolded."""
    page = open_page(on_disk, width=width, scheme=scheme).page
    assert judged(page, axe) == []
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert judged(page, axe) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_while_the_page_is_used(
    open_page: Open, served: str, axe: str, scheme: str
) -> None:
    """Search results, the menu of a phone, a form and its answer."""
    page = open_page(served, scheme=scheme).page
    page.fill("#search", "balance")
    assert judged(page, axe) == []
    page.keyboard.press("Escape")
    form = page.locator("#operation-create_deposit .try")
    form.locator("summary").first.click()
    form.locator("button", has_text="Send").click()
    form.locator(".status").wait_for()
    page.locator("main button.unfold").first.click()
    assert judged(page, axe) == []
    phone = open_page(served, width=390, scheme=scheme).page
    phone.click("#menu")
    assert judged(phone, axe) == []


def _shoot(page: Any, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    place: Path = SCREENSHOTS / f"{name}.png"
    page.wait_for_timeout(150)
    page.screenshot(path=place)
    assert place.stat().st_size > 10_000


def test_screenshots_of_a_desk(open_page: Open, served: str) -> None:
    """The start, an operation, one that is tried in the dark, a search."""
    _shoot(open_page(served).page, "desktop-start")
    _shoot(open_page(f"{served}#operation-list_credit_transactions").page, "desktop-operation")
    page = open_page(f"{served}#operation-create_deposit", scheme="dark").page
    form = page.locator("#operation-create_deposit .try")
    form.locator("summary").first.click()
    form.locator("button", has_text="Send").click()
    form.locator(".status").wait_for()
    form.scroll_into_view_if_needed()
    _shoot(page, "desktop-try-it-dark")
    page = open_page(served).page
    page.fill("#search", "recharge threshold")
    _shoot(page, "desktop-search")


def test_screenshots_of_a_phone(open_page: Open, served: str) -> None:
    """The start, an operation in the dark, its samples, the contents."""
    _shoot(open_page(served, width=390, height=844).page, "phone-start")
    page = open_page(
        f"{served}#operation-update_auto_recharge", width=390, height=844, scheme="dark"
    ).page
    _shoot(page, "phone-operation-dark")
    page = open_page(served, width=390, height=844).page
    page.evaluate("document.querySelector('#operation-get_balance .right').scrollIntoView()")
    _shoot(page, "phone-samples")
    page.click("#menu")
    _shoot(page, "phone-contents")
