"""Accessibility, judged by axe-core, and the screenshots of ``docs/screenshots``."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable
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
    assert [each[0] for each in judged(page, axe)] == ["button-name"]


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


@pytest.fixture
def shoot(tmp_path: Path) -> Callable[..., None]:
    """Take a screenshot after checking what it shows: ``shoot(page, name, selector, ...)``.

    The pictures of the guides are only overwritten if ``UPDATE_SCREENSHOTS`` is set.
    """
    folder = SCREENSHOTS if os.environ.get("UPDATE_SCREENSHOTS") else tmp_path

    def shoot(page: Any, name: str, *shown: str) -> None:
        from playwright.sync_api import expect

        for selector in shown:
            expect(page.locator(selector).first).to_be_in_viewport()
        page.wait_for_timeout(150)
        picture = page.screenshot(path=folder / f"{name}.png")
        size = page.viewport_size
        assert struct.unpack(">II", picture[16:24]) == (size["width"], size["height"])

    return shoot


def is_dark(page: Any) -> bool:
    """Return whether the page has a dark background."""
    color = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(number) for number in re.findall(r"\d+", color)[:3]) < 3 * 64


def test_screenshots_of_a_desktop(open_page: Open, served: str, shoot: Callable[..., None]) -> None:
    """A desktop shows the contents beside the text, an operation, its response and the search."""
    shoot(open_page(served).page, "desktop-start", "h1", "nav", "#search")
    name = "#operation-list_credit_transactions"
    shoot(
        open_page(f"{served}{name}").page, "desktop-operation", f"{name} h4", f"{name} pre", "nav"
    )
    name = "#operation-create_deposit"
    page = open_page(f"{served}{name}", scheme="dark").page
    form = page.locator(f"{name} .try")
    form.locator("summary").first.click()
    form.locator("button", has_text="Send").click()
    form.locator(".status").wait_for()
    form.scroll_into_view_if_needed()
    assert form.locator(".status").text_content().startswith("200")
    shoot(page, "desktop-try-it-dark", f"{name} .try button")
    assert is_dark(page)
    page = open_page(served).page
    page.fill("#search", "recharge threshold")
    shoot(page, "desktop-search", "#search", "#found .hit", "#found mark")
    assert not is_dark(page)


def test_screenshots_of_a_phone(open_page: Open, served: str, shoot: Callable[..., None]) -> None:
    """A phone shows the text alone, and the contents when the menu is opened."""
    page = open_page(served, width=390, height=844).page
    shoot(page, "phone-start", "h1", "#menu")
    assert not page.locator("nav").first.is_visible()
    name = "#operation-update_auto_recharge"
    page = open_page(f"{served}{name}", width=390, height=844, scheme="dark").page
    shoot(page, "phone-operation-dark", f"{name} h4")
    assert is_dark(page)
    page = open_page(served, width=390, height=844).page
    name = "#operation-get_balance .right"
    page.evaluate(f"document.querySelector('{name}').scrollIntoView()")
    shoot(page, "phone-samples", f"{name} pre")
    page.click("#menu")
    shoot(page, "phone-contents", "nav a")
