"""Optional features of the page in a browser: search, copying, themes, languages, unfolding."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from mockserver.docs import request, samples
from tests.docs.browser.conftest import Open
from tests.docs.contract_reference import OPERATIONS, REFERENCE, find_operation

pytestmark = pytest.mark.slow


def background(page: Any) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


def is_remembered(page: Any, shows: Callable[[], bool]) -> bool:
    """Return whether the page shows it after a reload. Chromium saves its storage with a delay."""
    for _ in range(20):
        page.reload()
        if shows():
            return True
        page.wait_for_timeout(100)
    return False


def shown_languages(page: Any) -> set[str]:
    """Return the languages of the visible samples."""
    figures: list[str] = page.evaluate(
        """[...document.querySelectorAll(".ss figure")]
          .filter((one) => one.checkVisibility()).map((one) => one.className)"""
    )
    return set(figures)


def word_of_one_guide() -> tuple[str, str]:
    """Return the title of a guide, and a long word that occurs in this guide only."""
    texts = {guide.title: f"{guide.title} {guide.text}".lower() for guide in REFERENCE.guides}
    others = " ".join(
        f"{operation.summary} {operation.description}".lower() for operation in OPERATIONS
    )
    for title, text in texts.items():
        elsewhere = [other for name, other in texts.items() if name != title]
        for word in re.findall(r"\b[a-z]{12,}\b", text):
            if not any(word in other for other in [*elsewhere, others]):
                return title, word
    raise AssertionError("no guide has a long word of its own to search for")


def test_the_page_opens_from_disk_without_requests_or_errors(open_page: Open, on_disk: str) -> None:
    """The page only requests itself, and nothing is in the console or violates the policy."""
    seen = open_page(on_disk)
    seen.page.keyboard.press("End")
    seen.page.wait_for_timeout(100)
    assert [url for url in seen.requests if not url.startswith("data:")] == [on_disk]
    seen.must_be_quiet()
    assert seen.page.locator(".try").count() == 0


def test_without_scripts_everything_can_be_read(open_page: Open, on_disk: str) -> None:
    """All languages and the navigation are visible."""
    seen = open_page(on_disk, java_script_enabled=False)
    figures = len(OPERATIONS) * len(samples.LANGUAGES)
    entries = len(OPERATIONS) + len(REFERENCE.guides) + len(REFERENCE.pages)
    assert seen.page.locator(".o .ss figure:visible").count() == figures
    assert seen.page.locator("nav a:visible").count() >= entries
    assert seen.page.locator("#search:visible, #theme:visible, #menu:visible").count() == 0
    phone = open_page(on_disk, width=390, java_script_enabled=False)
    assert phone.page.locator("nav a:visible").count() >= entries


def test_search_finds_words_anywhere(open_page: Open, on_disk: str) -> None:
    """The keyboard is enough. Titles weigh more than text."""
    seen = open_page(on_disk)
    page = seen.page
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    summary = find_operation("validate_promo_code").summary
    assert summary is not None
    page.keyboard.type(summary.lower())
    assert page.locator(".hit").first.inner_text().startswith(summary)
    page.fill("#search", "balance_after_microcents")
    assert page.locator(".hit").count() >= 1
    assert page.locator(".hit mark").first.inner_text() == "balance_after_microcents"
    guide, word = word_of_one_guide()
    page.fill("#search", word)
    assert page.locator(".hit").first.inner_text().startswith(guide)
    page.fill("#search", "card")
    page.keyboard.press("ArrowDown")
    assert page.locator('.hit[aria-selected="true"]').get_attribute("id") == "hit-1"
    assert page.locator("#search").get_attribute("aria-activedescendant") == "hit-1"
    target = page.locator("#hit-1").get_attribute("data-target")
    page.keyboard.press("Enter")
    page.wait_for_function("(id) => location.hash === '#' + id", arg=target)
    assert page.locator("#found").is_hidden()
    page.fill("#search", "qwertyuiop")
    assert page.locator("#found .none").inner_text().startswith("Nothing found")
    page.keyboard.press("Escape")
    assert page.locator("#found").is_hidden()
    assert page.input_value("#search") == ""
    seen.must_be_quiet()


def test_a_search_result_can_be_clicked(open_page: Open, on_disk: str) -> None:
    """The page scrolls to it."""
    page = open_page(on_disk).page
    operation = find_operation("change_plan")
    page.fill("#search", operation.summary)
    page.locator(".hit").first.click()
    page.wait_for_timeout(200)
    top = page.evaluate(
        "(id) => document.getElementById(id).getBoundingClientRect().top", operation.anchor
    )
    assert 0 <= top < 200


def test_copying_copies_the_sample_exactly(open_page: Open, on_disk: str) -> None:
    """Line ends are kept, and the button's text is not copied."""
    seen = open_page(on_disk, permissions=["clipboard-read", "clipboard-write"])
    operation = find_operation("create_deposit")
    figure = seen.page.locator("#operation-create_deposit figure.curl")
    figure.hover()
    button = figure.locator(".copy")
    button.click()
    seen.page.wait_for_function("document.querySelector('.copy.done')")
    assert button.inner_text() == "Copied"
    copied = seen.page.evaluate("navigator.clipboard.readText()")
    assert copied == samples.curl(request.build(REFERENCE, operation))
    seen.must_be_quiet()


def test_the_chosen_language_is_remembered(open_page: Open, on_disk: str) -> None:
    """It applies to every operation and after a reload, and the visible part stays in view."""
    seen = open_page(on_disk)
    page = seen.page
    assert shown_languages(page) == {"curl"}
    button = page.locator("#operation-create_deposit .tabs button", has_text="Python")
    button.scroll_into_view_if_needed()
    before = button.bounding_box()
    button.click()
    assert shown_languages(page) == {"python"}
    assert button.get_attribute("aria-pressed") == "true"
    after = button.bounding_box()
    assert abs(before["y"] - after["y"]) < 5
    assert is_remembered(page, lambda: shown_languages(page) == {"python"})
    seen.must_be_quiet()


def test_the_theme_follows_the_system_until_one_is_chosen(open_page: Open, on_disk: str) -> None:
    """The choice is remembered."""
    light, dark = "rgb(255, 255, 255)", "rgb(18, 22, 29)"
    assert background(open_page(on_disk).page) == light
    seen = open_page(on_disk, scheme="dark")
    page = seen.page
    assert background(page) == dark
    page.click("#theme")
    assert page.locator("#theme").get_attribute("aria-label") == "Theme: light"
    assert background(page) == light
    assert is_remembered(page, lambda: background(page) == light)
    page.click("#theme")
    assert background(page) == dark
    page.click("#theme")
    assert page.locator("#theme").get_attribute("aria-label") == "Theme: auto"
    seen.must_be_quiet()


def test_deep_links_unfold_their_target(open_page: Open, on_disk: str) -> None:
    """A schema that is folded within an operation is unfolded."""
    page = open_page(f"{on_disk}#operation-get_balance").page
    place = page.evaluate(
        """() => {
          const folded = [...document.querySelectorAll("details[id]")][0];
          location.hash = folded.id;
          return folded.id;
        }"""
    )
    page.wait_for_function("(id) => document.getElementById(id).open", arg=place)
    page.wait_for_timeout(100)
    assert (
        page.evaluate("(id) => document.getElementById(id).getBoundingClientRect().top", place)
        < 900
    )
    assert page.locator("nav a[aria-current]").count() <= 1


def test_shared_schemas_unfold_where_they_are_linked(open_page: Open, on_disk: str) -> None:
    """The fields are copied without ids and can be folded again."""
    seen = open_page(on_disk)
    page = seen.page
    button = page.locator("main button.unfold").first
    button.scroll_into_view_if_needed()
    count_of_ids = (
        "(({length}, unique) => [length, unique.size])(%s, new Set([...%s].map((one) => one.id)))"
    )
    in_all = "document.querySelectorAll('[id]')"
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    assert page.locator(".unfolded code.v").count() > 0
    length, unique = page.evaluate(count_of_ids % (in_all, in_all))
    assert length == unique
    button.click()
    assert page.locator(".unfolded").count() == 0
    assert button.get_attribute("aria-expanded") == "false"
    seen.must_be_quiet()


def test_the_skip_link_comes_first(open_page: Open, on_disk: str) -> None:
    """The focused element is visible."""
    page = open_page(on_disk).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    assert re.match(
        r"[1-9]", page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    )


def test_on_a_phone_nothing_is_wider_than_the_screen(open_page: Open, on_disk: str) -> None:
    """The navigation is behind a button, and Escape closes it."""
    seen = open_page(on_disk, width=390, height=844)
    page = seen.page
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator("nav").is_hidden()
    page.click("#menu")
    assert page.locator("nav").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("nav").is_hidden()
    page.click("#menu")
    page.locator("nav a", has_text=find_operation("create_deposit").summary).first.click()
    assert page.locator("nav").is_hidden()
    seen.must_be_quiet()


def test_printing_shows_everything(open_page: Open, on_disk: str) -> None:
    """All languages are shown, nothing is folded, buttons are hidden, and the theme is light."""
    page = open_page(on_disk, scheme="dark").page
    page.click("#theme")
    page.click("#theme")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert background(page) == "rgb(255, 255, 255)"
    assert shown_languages(page) == {"curl", "python", "javascript"}
    assert page.locator(".copy:visible, nav:visible, .tabs:visible, .bar:visible").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() > 20
